//! The nouns that every module shares: ids, times, rows and the three remedies. No IO, no decisions.

mod asset;
mod client;
mod connection;
mod due;
mod event;
mod failure;
mod failure_kind;
mod flow;
mod ids;
mod inspiration;
mod job;
pub mod json;
mod ledger;
mod member;
mod message;
mod old_names;
mod output;
mod picture_format;
mod product;
mod push;
mod quota;
mod run;
mod secret;
mod session;
mod tag;
pub mod text;
mod time;
mod words;
pub mod xml;

pub use asset::{ApprovalStatus, Asset, AssetInput, AssetLocation, AssetStatus, AssetType, GeneratedAsset};
pub use client::Client;
pub use connection::{Connection, ConnectionStatus, Facts, PushMode};
pub use due::{ScheduleError, next_due};
pub use event::{EVENT_DAYS, Event, EventType};
pub use failure::Failure;
pub use failure_kind::{FailureKind, Noun, Remedy, ShopAnswer, ShopCode};
pub use flow::{FlowInput, FlowStatus, GenerationFlow, PRODUCTS_PER_FLOW, merge_settings};
pub use ids::{
    AssetId, ChatId, ClientId, ConnectionId, EventId, FlowId, ImageId, InspirationId, JobId, MemberId, MessageId,
    ProductId, PushId, RunId, SessionId, TagId, UserId, VariantId,
};
pub use inspiration::{Inspiration, InspirationSource};
pub use job::{ImportScope, Job, JobEnd, JobPolicy, JobStatus, Pool, Task, USUAL_PRIORITY};
pub use ledger::{UsageEntry, UsageKind, UsageStatus, UsageSum, dollars};
pub use member::{Member, ROLES, User};
pub use message::{Message, text_parts};
#[expect(deprecated, reason = "old names for old code")]
pub use old_names::{Flow, GeneratedImage, StudioSession};
pub use output::{Engine, OutputRequest, OutputWork};
pub use picture_format::UnreadableFormat;
pub use product::{
    Image, NormalImage, NormalProduct, NormalVariant, Price, Product, ProductSource, ProductStatus, Variant,
};
pub use push::{Push, PushStatus};
pub use quota::{Plan, Quota, Usage};
pub use run::{Counts, FIELDS_WITHOUT_VALUES, ItemOutcome, Run, RunAction, RunItem, RunStatus, Trigger};
pub use secret::{Grant, Secret};
pub use session::{CollectionSession, SessionInput, SessionStatus};
pub use tag::{Entity, EntityType, Favorite, FavoriteImage, TAGS_PER_CLIENT, TAGS_PER_ENTITY, Tag, color};
pub use time::Time;
pub(crate) use words::words;
