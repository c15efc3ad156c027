//! The entry point: hands over to `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    store_sync::cli::main()
}
