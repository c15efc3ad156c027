//! Faults of the program itself: a panic is logged in one line with its place, and ends the work it happened in and nothing else.

use std::{
    any::Any,
    cell::RefCell,
    fmt::Write as _,
    io::Write as _,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
};

use futures_util::FutureExt;

use crate::model::{Failure, FailureKind};

/// Work that a panic ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fault in the program ended the work ({place}); the log has a line about it")]
pub struct TaskPanic {
    /// `file:line`, where the hook of `log_panics` saw it.
    pub place: String,
}

/// A fault counts as an attempt: what works at a second one goes on, what never works is given up.
impl From<TaskPanic> for Failure {
    fn from(fault: TaskPanic) -> Self {
        Self::new(FailureKind::Panicked, fault.to_string()).because(fault)
    }
}

thread_local! {
    /// Where this thread panicked last. The hook runs on the thread that catches.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The longest message that is logged.
const MAX_WORDS: usize = 200;

/// From now on a panic is one line of the log, in the log's own form. For the beginning of a process.
pub fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

/// Does `work`; a panic ends it and nothing else.
pub async fn catch_panic<T>(work: impl Future<Output = T>) -> Result<T, TaskPanic> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| last())
}

/// Does `work` at once; a panic ends it and nothing else.
pub fn catch_panic_now<T>(work: impl FnOnce() -> T) -> Result<T, TaskPanic> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| last())
}

/// Does `work` that takes a core or waits for a disk, beside the threads that serve others.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TaskPanic> {
    let joined = tokio::task::spawn_blocking(|| catch_panic_now(work)).await;
    joined.unwrap_or_else(|_| Err(TaskPanic { place: "the process is ending".to_owned() }))
}

fn last() -> TaskPanic {
    TaskPanic { place: PLACE.take().unwrap_or_else(|| "at an unknown place".to_owned()) }
}

fn log(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "?".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    PLACE.set(Some(place.clone()));
    let mut thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    if let Some(task) = tokio::task::try_id() {
        let _ = write!(thread, ", task {task}");
    }
    let words = words(info.payload());
    // Where somebody asked for it with RUST_BACKTRACE.
    let backtrace = std::backtrace::Backtrace::capture();
    let backtrace = (backtrace.status() == std::backtrace::BacktraceStatus::Captured).then(|| format!("{backtrace:?}"));
    if tracing::dispatcher::has_been_set() {
        tracing::error!(
            panic.place = place,
            panic.thread = thread,
            panic.backtrace = backtrace,
            "a fault in the program: {words}"
        );
    } else {
        // Whoever has closed stderr does not want to know.
        let _ = writeln!(std::io::stderr(), "error: a fault in the program at {place} ({thread}): {words}");
    }
}

/// What may be logged of a panic's message. A formatted one quotes values, and a value may be a secret: it ends before the first.
fn words(payload: &(dyn Any + Send)) -> String {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(fixed), _) => fixed,
        (None, Some(made)) => made.split(['`', '\'', '"', '\n']).next().unwrap_or_default(),
        (None, None) => "without words",
    };
    text.chars().take(MAX_WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A panic whose message holds a value, as that of a failed slicing or unwrapping does.
    fn breaks() -> usize {
        let text = "é-canary".to_owned();
        text[1..].len()
    }

    #[tokio::test]
    async fn a_panic_ends_the_work_it_happened_in() {
        assert_eq!(catch_panic(async { 1 }).await, Ok(1));
        catch_panic(async { breaks() }).await.expect_err("is a fault");
        catch_panic_now(breaks).expect_err("is a fault");
        off_thread(breaks).await.expect_err("is a fault");
        let failure = Failure::from(catch_panic(async { breaks() }).await.expect_err("is a fault"));
        assert!(failure.code() == "panic" && !failure.message.contains("canary"), "{failure}");
    }

    #[test]
    fn what_is_logged_of_a_message_ends_before_its_values() {
        let made = |text: &str| words(&text.to_owned());
        assert_eq!(
            made("index out of bounds: the len is 3 but the index is 5"),
            "index out of bounds: the len is 3 but the index is 5"
        );
        assert_eq!(
            made("byte index 1 is not a char boundary of `é-canary`"),
            "byte index 1 is not a char boundary of "
        );
        assert_eq!(made("no key: Error(\"canary\")"), "no key: Error(");
        assert_eq!(made("left\n  canary"), "left");
        assert_eq!(words(&"it isn't\x1b[2J"), "it isn't [2J", "fixed words are the program's own");
        assert_eq!(made(&"x".repeat(999)).len(), MAX_WORDS);
        assert_eq!(words(&1_i32), "without words");
    }
}
