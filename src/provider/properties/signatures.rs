//! Signatures: what another program signs is accepted, and nothing is when one character of it differs.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proptest::{
    prelude::{Just, Strategy, any},
    sample::{Index, select},
};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::Sha256;
use url::Url;

use super::{PLATFORM, app, compiled, grant, now, platform};
use crate::{
    model::Time,
    outside::{
        Random,
        cases::{CASES, changed, hold, text},
    },
    provider::{HookKeys, Provider, check_origin, oauth1},
};

const IMPORT: &str = "op = 'shop'\npage = { kind = 'single', size = 1, items = 'items' }\n[op.shop]\npath = '/shop'\n";
/// What RFC 3986 leaves as it is, and what a form leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

fn hmac(key: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length");
    mac.update(&parts.concat());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Keys and the characters that a change puts in.
fn keys() -> impl Strategy<Value = String> + Clone {
    text("abAB01-_ é", 12).prop_map(|text| format!("k{text}"))
}

fn signs() -> impl Strategy<Value = char> {
    select("abcdefABCDEF0123456789+/=.-_ &é\u{0}".chars().collect::<Vec<_>>())
}

type Pairs = Vec<(String, String)>;

fn sorted(query: &Pairs) -> Pairs {
    let mut query = query.clone();
    query.sort();
    query
}

fn sign_query(key: &str, query: &Pairs) -> String {
    let encode = |text: &str| utf8_percent_encode(text, FORM).to_string();
    let pairs: Vec<String> =
        sorted(query).iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    hex(&hmac(key, &[pairs.join("&").as_bytes()]))
}

fn names_and_values() -> impl Strategy<Value = Pairs> {
    let name = text("abc&=%", 3).prop_map(|name| name.replace(['h', 't'], "a"));
    proptest::collection::vec((name, text("ab&=+% é\n", 5)), 0..5)
}

/// The query with its signature, and the code of what is made of it.
fn judged(provider: &Provider, key: &str, query: &Pairs, signature: &str, at: Time) -> Result<(), String> {
    let mut query = query.clone();
    query.push(("hmac".to_owned(), signature.to_owned()));
    check_origin(provider, Some(&app(key)), &query, at).map_err(|failure| failure.code().to_owned())
}

#[test]
fn a_signed_query_is_accepted_in_any_order_for_a_time_and_nothing_else_is() {
    let provider = platform(IMPORT);
    let shuffled = names_and_values().prop_flat_map(|query| {
        let query = [query, vec![("timestamp".to_owned(), (now().unix_ms() / 1000).to_string())]].concat();
        (Just(query.clone()), Just(query).prop_shuffle())
    });
    let change = (any::<Index>(), any::<bool>(), any::<Index>(), signs());
    let every = (keys(), shuffled, -200_000..200_000_i64, change, names_and_values());
    let refused = Err("bad_signature".to_owned());
    hold(CASES, &every, |(key, (query, shuffled), ms, (which, is_name, at, to), other)| {
        let signature = sign_query(&key, &query);
        let judge = |query: &Pairs, at| judged(&provider, &key, query, &signature, at);
        assert_eq!(judge(&shuffled, now()), Ok(()));
        assert_eq!(judged(&provider, &key, &query, &signature.to_uppercase(), now()), Ok(()), "in any case");
        let then = Time::from_unix_ms(now().unix_ms() + ms);
        let late = if ms.abs() > 91_000 { Err("stale_signature".to_owned()) } else { Ok(()) };
        assert_eq!(judge(&query, then), late, "{ms} ms later");

        let (mut wrong, place) = (query.clone(), which.index(query.len()));
        let (name, value) = &mut wrong[place];
        let field = if is_name { name } else { value };
        if let Some(text) = changed(field, at, to) {
            *field = text;
            assert_eq!(judge(&wrong, now()), refused, "{wrong:?}");
        }
        let mut more = query.clone();
        more.push(("more".to_owned(), String::new()));
        assert_eq!(judge(&more, now()), refused);
        let stamp = query.last().expect("is the time").clone();
        let others = [other, vec![stamp]].concat();
        assert_eq!(judge(&others, now()).is_ok(), sorted(&others) == sorted(&query), "{others:?}");
        if let Some(key) = changed(&key, at, to) {
            assert_eq!(judged(&provider, &key, &query, &signature, now()), refused);
        }
        if let Some(wrong) = changed(&signature, at, to).filter(|wrong| !wrong.eq_ignore_ascii_case(&signature)) {
            assert_eq!(judged(&provider, &key, &query, &wrong, now()), refused);
        }
    });
}

#[test]
fn a_signed_content_is_accepted_and_no_other() {
    let from = "kind = \"hmac_sorted_query\", param = \"hmac\", timestamp = \"timestamp\", max_age = \"90s\"";
    assert!(PLATFORM.contains(from));
    let provider = compiled(&PLATFORM.replace(from, "kind = \"hmac_json\", param = \"hmac\""), IMPORT);
    hold(CASES, &(keys(), text("{}\":a", 12), any::<Index>(), signs()), |(key, content, at, to)| {
        let content = URL_SAFE_NO_PAD.encode(content);
        let signed = format!("{}.{content}", URL_SAFE_NO_PAD.encode(hmac(&key, &[content.as_bytes()])));
        let judge = |key: &str, signed: &str| judged(&provider, key, &Pairs::new(), signed, now());
        assert_eq!(judge(&key, &signed), Ok(()));
        let refused = Err("bad_signature".to_owned());
        if let Some(wrong) = changed(&signed, at, to) {
            assert_eq!(judge(&key, &wrong), refused, "{wrong}");
        }
        if let Some(wrong) = changed(&key, at, to) {
            assert_eq!(judge(&wrong, &signed), refused);
        }
        assert_eq!(judge(&key, &format!("{signed}A")), refused);
    });
}

/// A platform whose deliveries are proved in this way.
fn with_webhooks(verify: &str) -> Provider {
    let more = format!(
        "{IMPORT}[webhook]\nverify = {{ header = 'x-proof', {verify} }}\ntopic = {{ body = 'topic' }}\non = {{}}\n"
    );
    std::sync::Arc::into_inner(platform(&more)).expect("is nobody else's")
}

const HOOKS: &str = "https://daemon.example/hooks/any";

fn proved(provider: &Provider, key: &str, proof: &str, (url, body): (&str, &[u8])) -> bool {
    let Ok(value) = HeaderValue::from_str(proof) else { return false };
    let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-proof"), value)]);
    let app = app(key);
    let with = HookKeys { app: Some(&app), ..HookKeys::default() };
    provider.read_webhook(&provider.delivery(&headers, body, url), with, now()).is_ok()
}

#[test]
fn a_delivery_is_accepted_with_the_signature_of_its_bytes_only() {
    let kinds = [("hmac_body", false), ("hmac_url_body", true)];
    let providers = kinds.map(|(kind, _)| with_webhooks(&format!("kind = '{kind}', key = 'app'")));
    let body = proptest::collection::vec(any::<u8>(), 0..40);
    let every = (keys(), body, any::<Index>(), 1..=255_u8, signs());
    hold(CASES, &every, |(key, body, at, by, to)| {
        for (provider, (_, with_url)) in providers.iter().zip(kinds) {
            let url = if with_url { HOOKS } else { "" };
            let proof = STANDARD.encode(hmac(&key, &[url.as_bytes(), &body]));
            let holds = |key: &str, proof: &str, body: &[u8]| proved(provider, key, proof, (HOOKS, body));
            assert!(holds(&key, &proof, &body));
            if !body.is_empty() {
                let mut wrong = body.clone();
                wrong[at.index(body.len())] ^= by;
                assert!(!holds(&key, &proof, &wrong));
            }
            assert!(!holds(&key, &proof, &[&body[..], &[by]].concat()));
            assert!(changed(&key, at, to).is_none_or(|key| !holds(&key, &proof, &body)));
            assert!(changed(&proof, at, to).is_none_or(|proof| !holds(&key, &proof, &body)));
            let other = changed(HOOKS, at, to).filter(|_| with_url);
            assert!(other.is_none_or(|url| !proved(provider, &key, &proof, (&url, &body))));
        }
    });
}

#[test]
fn an_hmac_is_taken_as_the_file_says_that_it_is_written_and_not_otherwise() {
    // From GitHub's documentation ("Testing the webhook payload validation"): `sha256=` and the HMAC in hexadecimal.
    let (key, body) = ("It's a Secret to Everybody", b"Hello, World!");
    let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let base64 = STANDARD.encode(hmac(key, &[body]));
    let forms = [
        ("kind = 'hmac_body', key = 'app', encoding = 'hex', prefix = 'sha256='", format!("sha256={digits}")),
        ("kind = 'hmac_body', key = 'webhook', encoding = 'hex'", digits.to_owned()),
        ("kind = 'hmac_body', key = 'app', encoding = 'base64', prefix = 'v1,'", format!("v1,{base64}")),
        ("kind = 'hmac_body', key = 'app'", base64.clone()),
    ];
    let odd = [String::new(), "sha256=".to_owned(), format!("sha256={}", &digits[..63]), format!("sha256={digits}00")];
    let odd =
        odd.into_iter().chain([digits[..62].to_owned(), format!("{digits}0g"), format!("v1,{digits}"), "é".to_owned()]);
    let odd: Vec<String> = odd.collect();
    for (place, (verify, _)) in forms.iter().enumerate() {
        let provider = with_webhooks(verify);
        let holds = |proof: &str| proved(&provider, key, proof, (HOOKS, body));
        for (other, (_, proof)) in forms.iter().enumerate() {
            assert_eq!(holds(proof), other == place, "{verify}: {proof}");
        }
        assert!(odd.iter().all(|proof| !holds(proof)), "{verify}");
        let upper = forms[place].1.replace(digits, &digits.to_uppercase());
        assert_eq!(holds(&upper), verify.contains("hex") || upper == forms[place].1, "{verify}: {upper}");
    }
}

#[test]
fn a_delivery_is_accepted_with_the_signature_of_its_fields_only() {
    let provider = with_webhooks("kind = 'hmac_text', key = 'app', text = '{body.at}.{body.id}'");
    let field = || text("ab\"\\1 é", 6).prop_map(|text| format!("v{}", text.replace(char::is_control, "")));
    let every = (keys(), field(), field(), any::<Index>(), signs());
    hold(CASES, &every, |(key, when, id, at, to)| {
        let body = |when: &str, id: &str, topic: &str| json!({ "at": when, "id": id, "topic": topic }).to_string();
        let proof = STANDARD.encode(hmac(&key, &[when.as_bytes(), b".", id.as_bytes()]));
        let judge = |key: &str, proof: &str, body: &str| proved(&provider, key, proof, (HOOKS, body.as_bytes()));
        let holds = |body: &str| judge(&key, &proof, body);
        assert!(holds(&body(&when, &id, "x")) && holds(&body(&when, &id, "y")));
        assert!(changed(&key, at, to).is_none_or(|key| !judge(&key, &proof, &body(&when, &id, "x"))));
        assert!(changed(&proof, at, to).is_none_or(|proof| !judge(&key, &proof, &body(&when, &id, "x"))));
        assert!(changed(&when, at, to).is_none_or(|when| !holds(&body(&when, &id, "x"))));
        assert!(changed(&id, at, to).is_none_or(|id| !holds(&body(&when, &id, "x"))));
        assert!(!holds(&json!({ "at": when, "topic": "x" }).to_string()), "a field is missing");
    });
}

#[test]
fn a_delivery_is_accepted_with_the_key_that_we_sent_only() {
    let provider = with_webhooks("kind = 'secret', key = 'webhook'");
    let key = text("abAB01-_", 12).prop_map(|text| format!("k{}", text.replace(|c: char| !c.is_ascii_graphic(), "")));
    hold(CASES, &(key, any::<Index>(), signs()), |(key, at, to)| {
        let holds = |proof: &str| proved(&provider, &key, proof, (HOOKS, b"{}"));
        assert!(holds(&key));
        assert!(changed(&key, at, to).is_none_or(|key| !holds(&key)));
        assert!(!holds(&format!("{key}k")) && !holds(&key[1..]));
    });
}

/// Verifies a header as a server does that has only RFC 5849 and its own secrets.
fn verifies(header: &str, method: &str, url: &Url, (consumer, token): (&str, &str)) -> bool {
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let decode = |text: &str| percent_decode_str(text).decode_utf8().expect("is UTF-8").into_owned();
    let members = header.strip_prefix("OAuth ").expect("the scheme").split(", ").map(|member| {
        let (name, value) = member.split_once('=').expect("a member");
        (decode(name), decode(value.trim_matches('"')))
    });
    let (signature, protocol): (Vec<_>, Vec<_>) = members.partition(|(name, _)| name == "oauth_signature");
    let mut all: Vec<(String, String)> =
        protocol.iter().cloned().chain(url.query_pairs().into_owned()).map(|(n, v)| (encode(&n), encode(&v))).collect();
    all.sort();
    let pairs: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let place = format!("{}{}", url.origin().ascii_serialization(), url.path());
    let base = format!("{method}&{}&{}", encode(&place), encode(&pairs.join("&")));
    let key = format!("{}&{}", encode(consumer), encode(token));
    let given = STANDARD.decode(&signature[0].1).expect("is base64");
    given == hmac(&key, &[base.as_bytes()])
}

#[test]
fn a_call_signed_by_oauth_1_is_what_rfc_5849_verifies_and_nothing_else_is() {
    let shuffled = names_and_values().prop_flat_map(|query| (Just(query.clone()), Just(query).prop_shuffle()));
    let path = text("ab/%~*é ", 4);
    let secrets = (keys(), keys(), keys());
    let change = (any::<Index>(), signs());
    hold(
        CASES,
        &(path, shuffled, secrets, any::<u32>(), change),
        |(path, (query, shuffled), secrets, at, (place, to))| {
            let (consumer, token, name) = secrets;
            let url_of = |query: &Pairs| {
                let mut url = Url::parse("https://Shop.example:443/").expect("a URL");
                url.set_path(&path);
                url.query_pairs_mut().extend_pairs(query);
                url
            };
            let grant = grant([
                ("consumer_key", name.as_str()),
                ("consumer_secret", &consumer),
                ("access", "t"),
                ("access_secret", &token),
            ]);
            let moment = || oauth1::Moment::new(&Random::seeded(7), Time::from_unix_ms(i64::from(at) * 1000));
            let sign =
                |url: &Url| oauth1::authorization(&Method::PUT, url, &grant, &[("oauth_verifier", "v&")], &moment());
            let (url, header) = (url_of(&query), sign(&url_of(&query)));
            assert_eq!(grant.secret("consumer_secret").expect("is there").expose_secret(), consumer);
            assert!(verifies(&header, "PUT", &url, (&consumer, &token)), "{header}");
            assert_eq!(sign(&url_of(&shuffled)), header, "whatever the order");
            assert!(!verifies(&header, "GET", &url, (&consumer, &token)));
            assert!(changed(&consumer, place, to).is_none_or(|key| !verifies(&header, "PUT", &url, (&key, &token))));
            assert!(changed(&token, place, to).is_none_or(|key| !verifies(&header, "PUT", &url, (&consumer, &key))));
            let other = changed(url.as_str(), place, to).and_then(|text| Url::parse(&text).ok());
            let other = other.filter(|other| {
                (other.path(), other.host()) != (url.path(), url.host()) || !other.query_pairs().eq(url.query_pairs())
            });
            assert!(other.is_none_or(|other| !verifies(&header, "PUT", &other, (&consumer, &token))));
            for member in
                ["oauth_nonce=\"", "oauth_timestamp=\"", "oauth_consumer_key=\"", "oauth_verifier=\"", "oauth_token=\""]
            {
                let wrong = header.replacen(member, &format!("{member}1"), 1);
                assert!(!verifies(&wrong, "PUT", &url, (&consumer, &token)), "{member}");
            }
        },
    );
}
