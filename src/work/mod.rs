//! Background work: workers that claim jobs, the one match from job to verb, what a failure means for a job, and the
//! ticks that enqueue jobs. Knows no HTTP of its own.

mod finish_attempt;
mod run;
mod schedule;
mod subscriptions;
mod worker;

pub use finish_attempt::RETRY_CAP;
pub use schedule::{start as start_ticks, tick};
pub use worker::{Pools, Workers, drain, recover};
