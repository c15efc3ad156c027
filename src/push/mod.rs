//! Carries approved pictures out: decision, plan, journalled steps, proof. What we did not make, we never delete.

mod add;
mod approve;
mod parcel;
mod run;

pub use add::{NewPicture, add};
pub use approve::{Decided, decide, enqueue};
pub use parcel::linked_picture;
pub use run::run;
