//! store-sync: connects shops by OAuth, keeps their tokens alive, imports their catalogues, and pushes approved
//! pictures back. One binary; an embedded database by default, PostgreSQL for several replicas.
//!
//! # Words
//! | word | is | table |
//! |---|---|---|
//! | client | a tenant: a brand or shop owner | `client` |
//! | provider | a store platform, described by one file in `providers/` | – |
//! | connection | a client's shop, connected | `store_connection` |
//! | grant | the credential of a connection, sealed | columns `credentials_*` |
//! | product, variant, image | the catalogue as imported or uploaded | `product*` |
//! | run | one import, push, removal or refresh, from before its first call to its end; or what a delivery did at once | `store_sync_log`, `store_sync_item` |
//! | session, flow | a collection of products to make pictures for; one attempt with fixed settings | `collection_session`, `generation_flow` |
//! | asset | one generated output, with its approval | `generated_asset` |
//! | event | something that happened to a flow or an asset, kept for 90 days | `generation_event` |
//! | promise, entry | what a picture or an analysis may cost, promised before it is asked for, then settled | `usage_entry`, `spending` |
//! | push | the present state of one asset in one shop, with its journal | `asset_push` |
//! | job | work to be done later, in a lane | `job` |
//! | adoption | taking over the database of the older application | `schema_adoption` |
//! | pass | one reading of a whole catalogue, over as many runs as it takes | `sync_cursor`, `sync_seen` |
//!
//! # The ladder (imports go down only; `tests/architecture.rs` holds it)
//! ```text
//! 7  main cli
//! 6  app ──────mounts──────▶ sandbox (side house, uses outside only)
//!    rehearse                plays any platform by its provider's file, with the sandbox's goods
//! 5  web │ work              two doors, blind to each other; they meet in the job table
//! 4  import │ push │ generate │ curate │ hooks  verbs, blind to each other; curate is what people do by hand
//! 3  connect                 keeper of the keys
//! 2  tools
//! 1  provider │ gemini │ db │ vault   crafts, blind to each other
//! 0  model │ outside │ config
//! ```
//!
//! # The schema
//! `migrations/` says how the schema should be, one file a table family, the same names for both engines. `db::adopt` compares
//! it with what the database's own catalogue says and does the difference, whatever the database was before.
//!
//! # The journeys
//! ```text
//! tick, sync, finished connect ─▶ job ─▶ work::worker claims (lane, lease)
//!   └▶ import::run: open the run row ─▶ connect::open ─▶ provider::page, the next one fetched while this one is written
//!        └▶ absorb: ONE transaction a page ─▶ … ─▶ proof ─▶ sweep (brake) ─▶ watermark ─▶ close the run ─▶ settle
//!
//! order ─▶ ONE transaction: flows, outputs, promises, jobs that take turns
//!   └▶ generate::run: sources ─▶ what was seen ─▶ prompt ─▶ model or studio ─▶ keep: bytes, then the row ─▶ settle
//!
//! approve ─▶ ONE transaction: decision, event, asset_push row, job
//!   └▶ push::run: snapshot and plan ─▶ steps the journal lacks ─▶ read back ─▶ close
//! ```

pub mod app;
pub mod cli;
pub mod config;
pub mod connect;
pub mod db;
pub mod gemini;
pub mod generate;
pub mod import;
pub mod manage;
pub mod model;
pub mod outside;
pub mod provider;
pub mod push;
pub mod sandbox;
pub mod simulator;
pub mod tools;
pub mod vault;
pub mod web;
pub mod webhooks;
pub mod work;
