//! Brings a shop's products in: page by page, one transaction a page, resumable, and never a false tombstone.
//! Never pushes, never schedules.

mod absorb;
mod course;
mod ending;
mod progress;
mod request;
mod run;
mod sweep;

pub use request::request;
pub use run::{Order, run};
