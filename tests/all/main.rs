//! Everything that needs more than one room: both databases, real HTTP, frozen time.

#![expect(clippy::too_many_lines, reason = "a journey is read from its beginning to its end")]

mod adopting;
mod bad_input;
mod buckets;
mod callbacks;
mod canary;
mod catalogues;
mod certified;
mod command_line;
mod connections;
mod crash;
mod documents;
mod doors;
mod earlier;
mod endless;
mod exchanges;
mod forgetting;
mod fuzz;
mod generating;
mod hooks;
mod importing;
mod keys;
mod losses;
mod material;
mod ordering;
mod outbound;
mod painting;
mod platforms;
mod proofs;
mod pushing;
mod real;
mod rehearsal;
mod relay;
mod schedules;
mod spending;
mod stalls;
mod statements;
mod strangers;
mod subpath;
mod subscriptions;
mod support;
mod tokens;
mod untrusted;
mod wild;
mod wordpress;
