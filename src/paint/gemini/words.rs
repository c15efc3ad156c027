//! Sanitises text of the service for error messages: without secrets, short, on one line.

/// Removes control characters and truncates to 200 characters. Callers redact first: a truncated secret would no longer
/// match.
pub(super) fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Replaces every occurrence of these secrets.
pub(super) fn redact(words: &str, secrets: &[&str]) -> String {
    let secrets = secrets.iter().filter(|secret| !secret.is_empty());
    secrets.fold(words.to_owned(), |words, secret| words.replace(secret, "[redacted]"))
}
