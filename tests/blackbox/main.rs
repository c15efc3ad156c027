//! The program that is shipped, started as a user starts it: every key of the configuration, every command, both databases. Nothing of
//! the library is linked here, so that nothing this process does can stand in for what the program forgets.

#![expect(clippy::too_many_lines, reason = "a journey is read from its beginning to its end")]

mod commands;
mod contract;
mod journey;
mod program;
mod settings;
mod wire;
