//! Imports a shop's products: page by page, one transaction per page, resumable, and never a false tombstone.
//! Never pushes, never schedules.

mod apply;
mod course;
mod emptied;
mod end;
mod finish;
mod missed;
mod one;
mod progress;
mod request;
mod run;
mod tombstone;
mod write;

pub use one::read_product;
pub use request::request;
pub use run::{ImportRequest, run};

#[cfg(test)]
mod properties;
