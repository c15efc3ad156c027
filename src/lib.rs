//! store-sync: connects shops by OAuth, keeps their tokens alive, imports their catalogues, and pushes approved
//! pictures back. One binary; an embedded database by default, PostgreSQL for several replicas.
//!
//! # Words
//! | word | is | the field also says | table |
//! |---|---|---|---|
//! | client | a brand or shop owner | tenant, account, organisation | `client` |
//! | provider | a store platform, described by one file in `providers/` | platform, integration, connector | – |
//! | connection | a client's shop, connected | installation, linked account | `store_connection` |
//! | grant | the credential of a connection, sealed | OAuth token, access and refresh token, API key | columns `credentials_*` |
//! | product, variant, image | the catalogue as imported or uploaded | item, SKU, media | `product*` |
//! | import | reading a shop's catalogue into the database | sync, ingest, pull | `sync_cursor` |
//! | pass | one reading of a whole catalogue, over as many runs as it takes | full sync, crawl | `sync_cursor`, `sync_seen` |
//! | cursor | how far a pass has come, kept with each page | checkpoint, bookmark | `sync_cursor` |
//! | watermark | the time up to which changes are known | high-water mark | `sync_cursor` |
//! | tombstone | the mark on a product that its shop no longer has | soft delete, deleted_at | `product.erp_deleted_at` |
//! | run | one import, push, removal, refresh, webhook subscription, look at one product or search for a second copy, from before its first call to its end; or what a delivery leaves to the next pass | sync log, execution | `store_sync_log`, `store_sync_item` |
//! | refresh | a new grant for an old one | renewal, token rotation | `store_sync_log` |
//! | rate limit | how often a shop may be called | throttling, pacing, quota | – |
//! | webhook | a signed message by which a shop tells of a change | delivery, callback, notification | `webhook_event` |
//! | session, flow | a collection of products to make pictures for; one attempt with fixed settings | project, batch | `collection_session`, `generation_flow` |
//! | generation request | pictures that are asked for, before they are queued | order | `generation_flow` |
//! | asset | one generated output, with its approval | generated image, rendition | `generated_asset` |
//! | event | something that happened to a flow or an asset, kept for 90 days | activity | `generation_event` |
//! | reservation, entry | what a picture or an analysis may cost, reserved before it is asked for, then settled | hold, budget, ledger | `usage_entry`, `spending` |
//! | push | the present state of one asset in one shop, with its journal | upload, export, publish | `asset_push` |
//! | job | work to be done later, in a lane; to leave one is to enqueue it | task, message, outbox | `job` |
//! | lease | the right to do a job or a refresh, for a time | lock, visibility time-out | `lease`, columns `locked_*` |
//! | adoption | taking over the database of the older application | migration, upgrade | `schema_adoption` |
//! | dry run | what an adoption would do, without doing it | plan, preview | – |
//! | simulator | any platform, played by its provider's file | fake, mock server, rehearsal | – |
//!
//! # The ladder (imports go down only; `tests/architecture.rs` holds it)
//! ```text
//! 7  main cli
//! 6  app ──────mounts──────▶ sandbox (side house, uses outside only)
//!    simulator               plays any platform by its provider's file, with the sandbox's catalogue
//! 5  web │ work              two entry points, independent of each other; they meet in the job table
//! 4  import │ push │ generate │ manage │ webhooks  verbs, independent of each other; manage is what people do by hand
//! 3  connect │ views         connections and credentials; what faces show, read in one place
//! 2  tools
//! 1  provider │ paint │ db │ vault   independent of each other
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
//!        └▶ apply_page: ONE transaction a page ─▶ … ─▶ proof ─▶ ask for what was missed ─▶ tombstones (guarded)
//!             ─▶ watermark ─▶ close the run ─▶ finish_attempt
//!
//! generation request ─▶ ONE transaction: flows, outputs, reservations, jobs that take turns
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
pub mod generate;
pub mod import;
pub mod manage;
pub mod model;
pub mod outside;
pub mod paint;
pub mod provider;
pub mod push;
pub mod sandbox;
pub mod simulator;
pub mod tools;
pub mod vault;
pub mod views;
pub mod web;
pub mod webhooks;
pub mod work;
