//! The nouns every room shares: ids, times, rows and the three remedies. No IO, no decisions about it.

mod asset;
mod client;
mod connection;
mod failure;
mod ids;
mod job;
mod product;
mod push;
mod run;
mod secret;
mod time;
mod words;

pub use asset::{ApprovalStatus, Asset, AssetStatus, AssetType};
pub use client::Client;
pub use connection::{Connection, ConnectionStatus, Facts, PushMode};
pub use failure::{Failure, Remedy};
pub use ids::{AssetId, ClientId, ConnectionId, ImageId, JobId, ProductId, PushId, RunId, VariantId};
pub use job::{ImportScope, Job, JobStatus, Pool, Task};
pub use product::{
    Image, NormalImage, NormalProduct, NormalVariant, Price, Product, ProductSource, ProductStatus, Variant,
};
pub use push::{Push, PushStatus};
pub use run::{Counts, ItemOutcome, Run, RunAction, RunItem, RunStatus, Trigger};
pub use secret::{Grant, Secret};
pub use time::Time;
pub(crate) use words::words;
