//! Formats errors for the command line.

use std::process::ExitCode;

use crate::{
    db::DatabaseFault,
    model::{Failure, FailureKind},
};

/// Joins an error and its causes without repetition, and adds advice for known database errors.
pub(super) fn told(error: &anyhow::Error) -> String {
    let mut text = without_line(&error.to_string());
    for cause in error.chain().skip(1).map(|cause| without_line(&cause.to_string())) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    let fault = error.chain().find_map(|cause| DatabaseFault::of(cause.downcast_ref::<sqlx::Error>()?));
    match fault.map(|fault| fault.to_string()).filter(|advice| !text.contains(advice)) {
        Some(advice) => format!("{text}. That is: {advice}"),
        None => text,
    }
}

/// What a command that failed ends with. A database that does not answer is temporary wherever it is met, and what it refuses otherwise
/// is not.
pub(super) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let database = error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>());
    let code = match (database, error.downcast_ref()) {
        (Some(error), _) if !DatabaseFault::of(error).is_some_and(DatabaseFault::is_temporary) => 1,
        (Some(_), _) => FailureKind::Database.exit_code(),
        (None, failure) => failure.map_or(1, |failure: &Failure| failure.kind.exit_code()),
    };
    ExitCode::from(code)
}

/// Removes what the driver adds and does not help: a prefix, and the line in the server's own source that raised the
/// error.
fn without_line(text: &str) -> String {
    let text = text.replace("error returned from database: ", "");
    match text.rsplit_once(" at line ") {
        Some((words, line)) if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) => words.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use anyhow::Context;

    use crate::model::{Failure, FailureKind};

    #[test]
    fn a_cause_is_told_once() {
        let error = sqlx::Error::Io(std::io::Error::other("unable to open"));
        let error = Err::<(), _>(error).context("cannot begin").expect_err("an error");
        let text = super::told(&error);
        assert_eq!(text.matches("unable to open").count(), 1, "{text}");
        assert!(
            text.starts_with("cannot begin: ") && text.ends_with("That is: the database does not answer"),
            "{text}"
        );
        assert_eq!(
            super::without_line("error returned from database: permission denied at line 864"),
            "permission denied"
        );
        assert_eq!(super::without_line("it stops at line 3 of the file"), "it stops at line 3 of the file");
    }

    /// 75 is EX_TEMPFAIL of sysexits.h: a script may run the command again.
    #[test]
    fn only_what_may_pass_is_called_temporary() {
        let away = || sqlx::Error::PoolTimedOut;
        let wrong = || sqlx::Error::ColumnNotFound("name".to_owned());
        let cases = [
            (anyhow::anyhow!("words alone"), 1),
            (Failure::new(FailureKind::Paused, "it is paused").into(), 1),
            (Failure::new(FailureKind::Fetch, "no answer").into(), 75),
            (Failure::from(away()).into(), 75),
            (Failure::from(wrong()).into(), 1),
            (anyhow::Error::new(away()).context("cannot begin"), 75),
            (anyhow::Error::new(wrong()).context("cannot read"), 1),
        ];
        for (error, code) in cases {
            assert_eq!(super::exit_code(&error), ExitCode::from(code), "{error:?}");
        }
    }
}
