//! Pushes approved pictures: decision, plan, journalled steps, verification. Never deletes what is not ours.

mod add;
mod approve;
mod copies;
mod retry;
mod revert;
mod run;
mod upload;

pub use add::{NewPicture, add};
pub use approve::{Decided, decide, enqueue};
pub use copies::{check, leave_check};
pub use retry::{enqueue_now, retry, waiting};
pub use revert::{ask_revert, revert};
pub use run::run;
pub use upload::linked_picture;
