//! Webhooks: verify deliveries and enqueue jobs for them; keep subscriptions. The current state is read from the shop.

mod receive;
mod subscribe;

pub use receive::receive;
pub use subscribe::subscribe;
