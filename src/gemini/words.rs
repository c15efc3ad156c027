//! Words from outside, made fit for errors: without secrets, short, on one line.

/// Words from outside, for an error: short and on one line. What has to be redacted is, before they are cut.
pub(super) fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Words without these secrets.
pub(super) fn redact(words: &str, secrets: &[&str]) -> String {
    let told = secrets.iter().filter(|secret| !secret.is_empty());
    told.fold(words.to_owned(), |words, secret| words.replace(secret, "[redacted]"))
}
