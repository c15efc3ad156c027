//! What generating costs beside making pixels: `cargo bench --bench generation -- [JOBS]`.
//!
//! - The prompt: built from full settings with three analysed products and an inspiration, a second; beside writing the settings as JSON.
//! - The queue: an order of JOBS pictures of 20 clients, claimed and settled by 1, 4 and 16 workers, on both databases, beside the bare
//!   update of as many rows one by one in transactions of their own.
//!
//! PostgreSQL is measured when STORE_SYNC_TEST_POSTGRES names a server (with DATABASE in the place of the database's name).

#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use serde_json::{Value, json};
use store_sync::{
    db::{
        self, Db,
        adopt::{self, AdoptOptions},
        job::NewJob,
    },
    generate::{PromptProduct, PromptSubject, prompt},
    model::{AssetId, ClientId, Engine, JobId, Pool, Task},
    outside::{Clock, Random},
};

const CLIENTS: usize = 20;

fn main() {
    let jobs = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(5000);
    prompts();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!(
        "\n{:9} {:>8} {:>8} {:>14} {:>14} {:>7}",
        "database", "jobs", "workers", "claims/s", "bare update/s", "ratio"
    );
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a temp folder");
        queue(&format!("sqlite:{}", folder.path().join("bench.db").display()), jobs).await;
        if let Ok(pattern) = std::env::var("STORE_SYNC_TEST_POSTGRES") {
            let name = format!("bench_generation_{}", std::process::id());
            let admin = sqlx::PgPool::connect(&pattern.replace("DATABASE", "postgres")).await.expect("answers");
            sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.expect("is made");
            queue(&pattern.replace("DATABASE", &name), jobs).await;
            sqlx::query(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
                .execute(&admin)
                .await
                .expect("is dropped");
        }
    });
}

fn prompts() {
    let settings = json!({
        "scene": "Kitchen", "style": "Custom", "customStyle": "Quiet morning", "lighting": "Window Light", "cameraAngle": "Front",
        "surroundings": "Linen and dried flowers", "colorScheme": "Sage and cream", "props": ["linen cloth", "eucalyptus"],
        "varietyLevel": 60, "variant": 3, "variants": 4, "includeAccessories": true, "promptText": "steam rises from it",
        "promptTags": { "mood": ["cosy", "calm"], "lighting": ["soft"], "style": ["rustic"], "sceneType": ["kitchen"], "custom": ["autumn"] },
    });
    let settings = settings.as_object().expect("an object");
    let seen = json!({ "productType": "mug", "materials": ["stoneware"], "colors": ["sage green", "cream"] });
    let products: Vec<PromptProduct> = ["Sage Mug", "Oak Board", "Linen Napkin"]
        .map(|name| PromptProduct { name: name.into(), analysis: Some(seen.clone()) })
        .into();
    let scene = json!({ "roomType": "breakfast table", "lighting": "low sun" });
    let about = PromptSubject { products: &products, inspirations: 2, scene: Some(&scene) };
    let rate = |work: &mut dyn FnMut()| {
        const ROUNDS: u32 = 50_000;
        let began = Instant::now();
        for _ in 0..ROUNDS {
            work();
        }
        f64::from(ROUNDS) / began.elapsed().as_secs_f64()
    };
    for round in 1..=3 {
        let built = rate(&mut || drop(black_box(prompt(settings, &about))));
        let written = rate(&mut || drop(black_box(serde_json::to_string(settings))));
        println!(
            "prompt, round {round}: {built:.0} a second; the settings as JSON: {written:.0}; ratio {:.2}",
            built / written
        );
    }
}

async fn queue(url: &str, jobs: usize) {
    let db = Db::open(&SecretString::from(url), 20).await.expect("opens");
    let (clock, random) = (Clock::system(), Random::system());
    adopt::run(&db, &clock, &random.uuid_v7(clock.now()), &AdoptOptions::default())
        .await
        .expect("is brought up to date");
    let mut tx = db.begin().await.expect("begins");
    for n in 0..CLIENTS {
        let id = ClientId(format!("client-{n}"));
        db::client::insert(&mut tx, &id, id.as_str(), None, clock.now()).await.expect("a client");
    }
    tx.commit().await.expect("commits");
    for workers in [1, 4, 16] {
        leave(&db, &clock, &random, jobs).await;
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for worker in 0..workers {
            tasks.spawn(work(db.clone(), clock.clone(), format!("w{worker}")));
        }
        let done: usize = tasks.join_all().await.into_iter().sum();
        assert_eq!(done, jobs, "every job once");
        let claims = rate(jobs, began);
        let bare = bare(&db, &clock, jobs).await;
        println!("{:9} {jobs:>8} {workers:>8} {claims:>14.0} {bare:>14.0} {:>7.2}", db.engine(), claims / bare);
    }
    db.close().await;
}

fn rate(count: usize, began: Instant) -> f64 {
    f64::from(u32::try_from(count).expect("a number")) / began.elapsed().as_secs_f64()
}

/// One order a client, as `generate` leaves them.
async fn leave(db: &Db, clock: &Clock, random: &Random, jobs: usize) {
    let now = clock.now();
    let mut tx = db.begin().await.expect("begins");
    for n in 0..CLIENTS {
        let client = ClientId(format!("client-{n}"));
        let first = db::job::next_turn(&mut tx, Pool::Generate, &client, now).await.expect("a turn");
        for (_, turn) in (n..jobs).step_by(CLIENTS).zip(first..) {
            let id = JobId(random.uuid_v7(now));
            let asset = AssetId(random.uuid_v7(now));
            let task = Task::Generate { asset, client: client.clone(), flow: None, engine: Engine::Studio };
            let (client, policy) = (client.clone(), task.policy());
            let job = NewJob { id, client, task, policy, created_at: now, scheduled_for: now, turn };
            db::job::insert(&mut tx, &job).await.expect("is left");
        }
    }
    tx.commit().await.expect("commits");
}

/// Claims and settles until nothing is left.
async fn work(db: Db, clock: Clock, worker: String) -> usize {
    let mut done = 0;
    loop {
        let now = clock.now();
        let mut tx = db.begin().await.expect("begins");
        let job = db::job::claim(&mut tx, Pool::Generate, &worker, now, now.plus(Duration::from_mins(1))).await;
        let Some(job) = job.expect("claims") else { return done };
        tx.commit().await.expect("commits");
        let mut tx = db.begin().await.expect("begins");
        assert!(db::job::mark_completed(&mut tx, &job, clock.now()).await.expect("settles"));
        tx.commit().await.expect("commits");
        done += 1;
    }
}

/// Two updates of one row in transactions of their own, as a claim and a settling are, and nothing else.
async fn bare(db: &Db, clock: &Clock, rounds: usize) -> f64 {
    let client = ClientId::from("client-0");
    let began = Instant::now();
    for n in 0..rounds {
        for half in 0..2 {
            let mut tx = db.begin().await.expect("begins");
            let found = db::client::find(&mut tx, client.as_str()).await.expect("reads").expect("is there");
            let name = Value::from(format!("{n}.{half}")).to_string();
            let done = db::client::update(&mut tx, &client, found.version, Some(&name), None, clock.now()).await;
            assert!(done.expect("writes"));
            tx.commit().await.expect("commits");
        }
    }
    rate(rounds, began)
}
