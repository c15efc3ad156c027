//! Everything that needs more than one room: both databases, real HTTP, frozen time.

mod bad_input;
mod callbacks;
mod catalogues;
mod command_line;
mod crash;
mod importing;
mod pushing;
mod real;
mod schedules;
mod support;
mod tokens;
