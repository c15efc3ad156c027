//! Brings a shop's products in: page by page, one transaction a page, resumable, and never a false tombstone.
//! Never pushes, never schedules.

mod apply;
mod course;
mod finish;
mod progress;
mod request;
mod run;
mod tombstone;

pub use request::request;
pub use run::{ImportRequest, run};

#[cfg(test)]
mod properties;
