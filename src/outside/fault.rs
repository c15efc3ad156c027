//! Panics: each is logged in one line with its location, and ends only the task it happened in.

use std::{
    any::Any,
    cell::RefCell,
    fmt::Write as _,
    io::Write as _,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
};

use futures_util::FutureExt;

use crate::model::{Failure, FailureKind};

/// A task ended by a panic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fault in the program ended the work ({place}); see the log")]
pub struct TaskPanic {
    /// `file:line`, if the hook of `log_panics` is installed.
    pub place: String,
}

/// A panic counts as a failed attempt, so the job is retried and given up after its last attempt.
impl From<TaskPanic> for Failure {
    fn from(fault: TaskPanic) -> Self {
        Self::new(FailureKind::Panicked, fault.to_string()).because(fault)
    }
}

thread_local! {
    /// The location of the last panic of this thread. The hook runs on the thread that catches.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The limit of a logged message in characters.
const MAX_WORDS: usize = 200;

/// Installs a hook that logs each panic as one log line. Called at the start of a process.
pub fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

/// Awaits `work`; returns an error if it panics.
pub async fn catch_panic<T>(work: impl Future<Output = T>) -> Result<T, TaskPanic> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| last())
}

/// Runs `work` synchronously; returns an error if it panics.
pub fn catch_panic_now<T>(work: impl FnOnce() -> T) -> Result<T, TaskPanic> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| last())
}

/// Runs CPU-bound or blocking `work` on the blocking thread pool; returns an error if it panics.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TaskPanic> {
    let joined = tokio::task::spawn_blocking(|| catch_panic_now(work)).await;
    joined.unwrap_or_else(|_| Err(TaskPanic { place: "the process is ending".to_owned() }))
}

fn last() -> TaskPanic {
    TaskPanic { place: PLACE.take().unwrap_or_else(|| "at an unknown place".to_owned()) }
}

fn log(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "?".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    let mut thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    if let Some(task) = tokio::task::try_id() {
        let _ = write!(thread, ", task {task}");
    }
    let words = words(info.payload());
    // Captured only if RUST_BACKTRACE is set.
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
        // An error is ignored: stderr may be closed.
        let _ = writeln!(std::io::stderr(), "error: a fault in the program at {place} ({thread}): {words}");
    }
    PLACE.set(Some(place));
}

/// The part of a panic message that is safe to log. A formatted message may quote a secret value: it is cut before the
/// first quote.
fn words(payload: &(dyn Any + Send)) -> String {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(fixed), _) => fixed,
        (None, Some(made)) => made.split(['`', '\'', '"', '\n']).next().unwrap_or_default(),
        (None, None) => "no message",
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
        assert_eq!(words(&1_i32), "no message");
    }
}
