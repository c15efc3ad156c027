//! The same models on Vertex AI: address, right and body as Google's own libraries send them, and the life of an access token.

use store_sync::{app, config::Config, paint::gemini::ServiceAccount};

use super::*;

const EMAIL: &str = "painter@demo-project.iam.gserviceaccount.com";
const ACCESS: &str = "ya29.canary-access-token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const EXPRESS: &str = "AQ.canary-express-key";

/// A key made for this test.
async fn key() -> Value {
    node("jwt.mjs", vec!["key".to_owned()]).await
}

/// A service account's key file.
fn file(key: &Value, form: &str) -> Value {
    json!({
        "type": "service_account", "project_id": "demo-project", "private_key_id": "canary-key-id", "private_key": key[form],
        "client_email": EMAIL, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token", "universe_domain": "googleapis.com",
    })
}

fn account(key: &Value) -> ServiceAccount {
    ServiceAccount::parse(&file(key, "private").to_string()).expect("is one")
}

fn vertex(url: &Url, key: &Value, location: &str) -> Gemini {
    client(door(url), At::vertex(account(key), "demo-project", location, None).expect("a service"))
}

fn token(number: usize) -> (u16, Value) {
    (200, json!({ "access_token": format!("{ACCESS}-{number}"), "expires_in": 3599, "token_type": "Bearer" }))
}

/// What stands in a token request.
async fn assertion(asked: &Asked, key: &Value) -> (Value, Value) {
    assert_eq!((asked.host.as_str(), asked.path.as_str()), ("oauth2.googleapis.com", "/token"));
    assert!(asked.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")));
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(asked.text.as_bytes()).into_owned().collect();
    assert_eq!(form.keys().collect::<Vec<_>>(), ["assertion", "grant_type"]);
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let public = key["public"].as_str().expect("a key").to_owned();
    let seen = node("jwt.mjs", vec!["verify".to_owned(), public, form["assertion"].clone()]).await;
    assert_eq!(seen["valid"], true, "{seen}");
    (seen["head"].clone(), seen["claims"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_own_libraries_ask_vertex_as_we_do() {
    let (service, url) = service().await;
    let key = key().await;
    for (location, host) in [
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
    ] {
        let gemini = vertex(&url, &key, location);
        let material = Material::new();
        let access = json!({ "project": "demo-project", "location": location, "credentials": file(&key, "private"), "apiVersion": "v1" });
        service.lock().expect("is whole").next = vec![token(1)];
        gemini.paint(&material.wish()).await.expect("is painted");
        service.lock().expect("is whole").next = vec![token(1)];
        let seen = sdk(&url, "paint", &access, &material).await;
        assert_eq!(seen["bytes"], sandbox::draw_scene(3).len(), "{seen}");
        let asked = std::mem::take(&mut service.lock().expect("is whole").asked);
        let [our_token, ours, their_token, theirs] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(
            (ours.host.as_str(), ours.path.as_str()),
            (host, format!("/v1/projects/demo-project/locations/{location}/publishers/google/models/first-image:generateContent").as_str())
        );
        assert_eq!((&ours.host, &ours.path, &ours.body), (&theirs.host, &theirs.path, &theirs.body));
        let bearer = format!("Bearer {ACCESS}-1");
        assert_eq!((ours.header("authorization"), theirs.header("authorization")), (Some(&*bearer), Some(&*bearer)));
        assert!(ours.header("x-goog-api-key").is_none());
        let ((head, mut claims), (their_head, mut their_claims)) =
            (assertion(our_token, &key).await, assertion(their_token, &key).await);
        assert_eq!(
            (&head["alg"], &head["kid"], &their_head["alg"]),
            (&json!("RS256"), &json!("canary-key-id"), &json!("RS256"))
        );
        assert_eq!(claims["iat"], start_of_time().unix_ms() / 1000);
        for all in [&mut claims, &mut their_claims] {
            let all = all.as_object_mut().expect("claims");
            let (from, to) = (all.remove("iat").expect("iat"), all.remove("exp").expect("exp"));
            assert_eq!(to.as_i64().expect("a number") - from.as_i64().expect("a number"), 3600);
        }
        assert_eq!(claims, json!({ "iss": EMAIL, "scope": SCOPE, "aud": "https://oauth2.googleapis.com/token" }));
        assert_eq!(claims, their_claims, "as Google's library signs it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn express_mode_is_a_key_without_a_project() {
    let (service, url) = service().await;
    let gemini = client(door(&url), At::vertex_express(Secret::from(EXPRESS), None));
    let access = json!({ "apiKey": EXPRESS, "express": true, "apiVersion": "v1" });
    for (ours, theirs) in in_pairs(&service, &url, &gemini, &access).await {
        assert_eq!(ours.host, "aiplatform.googleapis.com");
        assert!(ours.path.starts_with("/v1/publishers/google/models/"), "{}", ours.path);
        assert_eq!((ours.header("x-goog-api-key"), theirs.header("x-goog-api-key")), (Some(EXPRESS), Some(EXPRESS)));
    }
    clear_ends(&service, &gemini, EXPRESS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_kept_until_shortly_before_its_end() {
    let (service, url) = service().await;
    let key = key().await;
    let gemini = vertex(&url, &key, "global");
    let wish = ImageRequest { prompt: "x", ..ImageRequest::default() };
    let asked = || std::mem::take(&mut service.lock().expect("is whole").asked);
    let bearers = || -> Vec<String> {
        asked().iter().filter_map(|one| Some(one.header("authorization")?.rsplit('-').next()?.to_owned())).collect()
    };
    // Ten at once: one exchange.
    service.lock().expect("is whole").next = vec![token(1)];
    let all = futures_util::future::join_all((0..10).map(|_| gemini.paint(&wish))).await;
    assert!(all.iter().all(Result::is_ok));
    let seen = asked();
    assert_eq!((seen.len(), seen.iter().filter(|one| one.path == "/token").count()), (11, 1));
    gemini.clock.advance(Duration::from_mins(54));
    gemini.paint(&wish).await.expect("is painted");
    assert_eq!(bearers(), ["1"], "still the first one");
    gemini.clock.advance(Duration::from_mins(1));
    service.lock().expect("is whole").next = vec![token(2)];
    gemini.paint(&wish).await.expect("is painted");
    let seen = asked();
    assert_eq!(seen.iter().map(|one| one.path == "/token").collect::<Vec<_>>(), [true, false]);
    let (_, claims) = assertion(&seen[0], &key).await;
    assert_eq!(claims["iat"], start_of_time().unix_ms() / 1000 + 55 * 60);
    // Withdrawn before its end: a new one is asked for, once.
    service.lock().expect("is whole").next = vec![error(401, "UNAUTHENTICATED", json!([])), token(3)];
    gemini.paint(&wish).await.expect("is painted");
    assert_eq!(bearers(), ["2", "3"]);
    service.lock().expect("is whole").next =
        vec![error(401, "UNAUTHENTICATED", json!([])), token(4), error(401, "UNAUTHENTICATED", json!([]))];
    let refused = gemini.paint(&wish).await.expect_err("nothing helps");
    assert_eq!(end(&refused), ("model_key", Remedy::GiveUp));
    assert!(refused.message.contains("Vertex AI User"), "{}", refused.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_for_people_and_one_that_is_late_is_not() {
    let (service, url) = service().await;
    let key = key().await;
    let gemini = vertex(&url, &key, "global");
    let wish = ImageRequest { prompt: "x", ..ImageRequest::default() };
    let ask = async |status: u16, told: Value| {
        service.lock().expect("is whole").next = vec![(status, told)];
        let failure = gemini.paint(&wish).await.expect_err("no token");
        let asked = std::mem::take(&mut service.lock().expect("is whole").asked);
        assert_eq!(asked.len(), 1, "the models are not asked");
        // Whatever it repeats of what we sent stays there.
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(asked[0].text.as_bytes()).into_owned().collect();
        assert!(
            !failure.message.contains(&form["assertion"][..20]) && !failure.message.contains("canary"),
            "{}",
            failure.message
        );
        failure
    };
    let disabled =
        ask(400, json!({ "error": "invalid_grant", "error_description": "Invalid JWT Signature: ECHO" })).await;
    assert_eq!(end(&disabled), ("model_key", Remedy::GiveUp));
    assert!(
        disabled.message.contains("invalid_grant") && disabled.message.contains("credentials_file"),
        "{}",
        disabled.message
    );
    assert_eq!(end(&ask(401, json!({ "error": "invalid_client" })).await), ("model_key", Remedy::GiveUp));
    assert_eq!(end(&ask(503, json!({})).await), ("model_away", Remedy::Retry(None)));
    assert_eq!(end(&ask(200, json!({ "token_type": ACCESS })).await), ("model_away", Remedy::Retry(None)));
    let nobody = Url::parse("http://127.0.0.1:9/").expect("an address");
    let away = vertex(&nobody, &key, "global").paint(&wish).await.expect_err("nobody is there");
    assert_eq!(end(&away), ("network", Remedy::Retry(None)));
    // Then the service itself: all its answers, and no secret in any of them.
    service.lock().expect("is whole").next = vec![token(1)];
    gemini.paint(&wish).await.expect("is painted");
    clear_ends(&service, &gemini, &format!("{ACCESS}-1")).await;
    let printed = format!("{gemini:?} {:?}", gemini.service);
    let (budget, elsewhere) = (gemini.budget(), vertex(&url, &key, "eu").budget());
    assert!(
        budget == elsewhere && budget != keyed(&url).budget() && budget.len() == 19,
        "{budget}: one for the account"
    );
    let private = key["private"].as_str().expect("a key");
    assert!(printed.contains(EMAIL) && !printed.contains("canary"), "{printed}");
    assert!(private.lines().filter(|line| !line.starts_with("---")).all(|line| !printed.contains(line)));
}

/// A configuration with this under `[gemini]`, and its tools.
async fn opened(folder: &std::path::Path, more: &str) -> Result<String, String> {
    let file = folder.join("config.toml");
    std::fs::write(&file, format!("[gemini]\n{more}")).expect("is written");
    let config = Config::load(Some(&file), std::iter::empty()).map_err(|error| format!("{error} {error:?}"))?;
    assert!(!format!("{config:?}").contains("canary"), "{config:?}");
    let tools = app::open(&config).await.map_err(|error| format!("{error:#} {error:?}"))?;
    let gemini = tools.engines.model.as_ref().expect("is set up");
    Ok(format!("{:?}", gemini.service))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_key_is_said_when_the_configuration_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = key().await;
    for (name, form) in [("sa.json", "private"), ("older.json", "rsa")] {
        std::fs::write(folder.path().join(name), file(&key, form).to_string()).expect("is written");
        let told =
            opened(folder.path(), &format!("[gemini.vertex]\ncredentials_file = \"{name}\"\nlocation = \"eu\"\n"))
                .await;
        let told = told.expect("is set up");
        assert!(
            told.contains("https://aiplatform.eu.rep.googleapis.com/v1/projects/demo-project/locations/eu"),
            "{told}"
        );
    }
    let own = "api_key = \"canary\"\n[gemini.vertex]\ncredentials_file = \"sa.json\"\nproject = \"other\"\n";
    assert!(
        opened(folder.path(), own)
            .await
            .expect("the account goes first")
            .contains("/v1/projects/other/locations/global/")
    );
    let express = opened(folder.path(), "api_key = \"canary\"\nvertex = { express = true }\n").await;
    assert!(express.expect("is set up").contains("\"https://aiplatform.googleapis.com/v1/publishers/google\""));
    for (config, why) in [
        ("", "needs api_key"),
        ("api_key = \"\"\n", "must not be empty"),
        ("vertex = { express = true }\n", "express needs [gemini] api_key"),
        ("api_key = \"canary\"\nvertex = { project = \"p\" }\n", "needs the credentials_file"),
        ("api_key = \"canary\"\nvertex = { express = true, project = \"p\" }\n", "express excludes"),
        ("api_key = \"canary\"\nmodel = \"a/b\"\n", "is not a model name"),
        ("api_key = \"canary\"\nsizes = { m = [\"3K\"] }\n", "[gemini.sizes]"),
        ("api_key = \"canary\"\nprices = { m = -1.0 }\n", "0 or more"),
        ("vertex = { credentials_file = \"sa.json\", location = \"eu/../us\" }\n", "location is invalid"),
        ("vertex = { credentials_file = \"gone.json\" }\n", "cannot be read"),
    ] {
        let told = opened(folder.path(), config).await.expect_err(config);
        assert!(told.contains(why) && !told.contains("canary"), "{config}: {told}");
    }
    let mut user = file(&key, "private");
    user["type"] = "authorized_user".into();
    let mut broken = file(&key, "private");
    broken["private_key"] = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n".into();
    let (mut nobody, mut uri, mut odd) = (file(&key, "private"), file(&key, "private"), file(&key, "private"));
    nobody["client_email"] = Value::Null;
    uri["token_uri"] = "canary".into();
    odd["client_email"] = json!({ "canary": "canary" });
    for (content, why) in [
        ("canary".to_owned(), "not the JSON"),
        (user.to_string(), "authorized_user"),
        (broken.to_string(), "not an RSA key"),
        (nobody.to_string(), "client_email"),
        (uri.to_string(), "token_uri"),
        (odd.to_string(), "not the JSON"),
    ] {
        std::fs::write(folder.path().join("sa.json"), content).expect("is written");
        let told = opened(folder.path(), "vertex = { credentials_file = \"sa.json\" }\n").await.expect_err(why);
        assert!(told.contains(why) && told.contains("sa.json") && !told.contains("canary"), "{told}");
    }
}

#[test]
fn the_example_can_be_switched_on() {
    let example = std::fs::read_to_string("config.example.toml").expect("the example");
    let from = example.find("# [generate]").expect("its part");
    let part = &example[from..example.find("# Pictures in a bucket").expect("the next part")];
    let key = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase() || "[\"".contains(c));
    // One of the two ways to Vertex AI: express mode stands alone.
    let lines = part.lines().filter_map(|line| line.strip_prefix("# ")).filter(key);
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with("express")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, lines.join("\n")).expect("is written");
    let gemini = Config::load(Some(&file), std::iter::empty()).expect("is fine").gemini.expect("is there");
    assert_eq!(gemini.text_prices.len(), 1);
    let credentials = gemini.vertex.and_then(|vertex| vertex.credentials_file).expect("a file");
    assert_eq!(credentials, folder.path().join("service-account.json"), "beside the configuration");
}
