//! An error as a person reads it.

use crate::db::Fault;

/// What went wrong and why, nothing twice; and what to do, where the database says it.
pub(super) fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    let fault = error.chain().find_map(|cause| Fault::of(cause.downcast_ref::<sqlx::Error>()?));
    match fault.map(|fault| fault.to_string()).filter(|advice| !text.contains(advice)) {
        Some(advice) => format!("{text}. That is: {advice}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

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
    }
}
