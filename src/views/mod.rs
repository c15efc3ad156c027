//! What faces show: the shapes of things, and the functions that read them. One thing looks the same on the command line, in the API and on
//! the pages, because each shows what it gets here. Reads only; what a verb did is that verb's to tell.
//!
//! A card is one thing with what belongs to it, a row one line of a list. Where a row of the database is the shape already, it is given as
//! it is. Names and order of fields are what programs rely on (`tests/blackbox/snapshots`).

mod assets;
mod clients;
mod connections;
mod events;
mod favorites;
mod flows;
mod inspirations;
mod jobs;
mod keys;
mod overview;
mod products;
mod progress;
mod providers;
mod pushes;
mod runs;
mod sessions;
mod tags;
mod usage;

pub use assets::{AssetCard, AssetLink, SavedAsset, asset, asset_card, assets, assets_by_id};
pub use clients::{ClientCard, ClientShop, client, client_card, client_id, clients, members};
pub use connections::{ConnectLink, ConnectionCard, ConnectionCheck, connection, connection_card, connections};
pub use events::{DeletedEvent, event, event_counts, events};
pub use favorites::{FavoriteCard, FavoriteMark, favorite_card, favorite_images, favorites};
pub use flows::{FlowCard, flow_card, flows};
pub use inspirations::{inspiration, inspirations};
pub use jobs::{JobRow, QueuedJob, jobs, open_jobs};
pub use keys::{KeyRow, keys};
pub use overview::{Overview, ShopRow, overview};
pub use products::{ProductAnalysis, ProductCard, ProductHistory, product_card, product_history, products};
pub use progress::{ProgressCard, ProgressTarget, progress, progress_of_known};
pub use providers::{ConnectField, ProviderCard, ProviderCheck};
pub use pushes::{pushes, pushes_by_id};
pub use runs::{RunCard, run_card, runs};
pub use sessions::{SessionCard, session_card, sessions};
pub use tags::{TagCard, tag_bearers, tag_card, tags, tags_on};
pub use usage::{UsageCard, usage, usage_sums};

/// What lists are narrowed by.
pub use crate::db::{
    asset::AssetFilter, event::EventFilter, flow::FlowFilter, ledger::By as UsageBy, product::ProductFilter,
    push::PushFilter, run::RunFilter, session::SessionFilter,
};

/// The limit of what a card lists of each kind.
const MOST_ON_A_CARD: i64 = 1000;
/// The limit of a list that is shown whole.
const ALL: i64 = i32::MAX as i64;
