//! The clock's door: workers that claim jobs, the one match from job to verb, what a failure means for a job, and the
//! ticks that leave jobs. Knows no HTTP of its own.

mod run;
mod schedule;
mod settle;
mod worker;

pub use schedule::{start as start_ticks, tick};
pub use settle::RETRY_CAP;
pub use worker::{Pools, Workers, drain, recover};
