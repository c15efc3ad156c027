//! Classifies errors of a bucket's server as transient or final. Never repeats a URL, a signature or a key of the
//! account.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

use super::FileError;

/// Error codes of S3 that are transient, whatever the status.
const LATER: &[&str] =
    &["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "TooManyRequests"];

/// Classifies an error of a request for an object or a listing.
pub(super) fn refused(key: &str, error: &object_store::Error) -> FileError {
    let (key, answer) = (key.to_owned(), ErrorAnswer::of(error));
    if answer.busy { FileError::Busy { key, why: answer.why } } else { FileError::Bucket { key, why: answer.why } }
}

/// The same; an object that does not exist gives `Missing`.
pub(super) fn missing_or_refused(key: &str, error: &object_store::Error) -> FileError {
    let no_bucket = || ErrorAnswer::of(error).code.as_deref() == Some("NoSuchBucket");
    match error {
        object_store::Error::NotFound { .. } if !no_bucket() => FileError::Missing(key.to_owned()),
        _ => refused(key, error),
    }
}

struct ErrorAnswer {
    code: Option<String>,
    why: String,
    busy: bool,
}

impl ErrorAnswer {
    fn of(error: &object_store::Error) -> Self {
        let mut last = String::new();
        let causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |&cause| cause.source());
        for cause in causes {
            if let Some(http) = cause.downcast_ref::<HttpError>() {
                return Self { code: None, why: silence(http.kind()).to_owned(), busy: true };
            }
            // The library has no public type for the status of a response; its error text starts like this.
            last = cause.to_string();
            if let Some(answer) = last.strip_prefix("Server returned non-2xx status code: ") {
                return Self::answer(answer);
            }
        }
        Self { code: None, why: clean(&last), busy: false }
    }

    /// `503 Service Unavailable: <Error><Code>SlowDown</Code><Message>…`
    fn answer(answer: &str) -> Self {
        let (line, body) = answer.split_once(": ").unwrap_or((answer, ""));
        let status: u16 = line.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        let code = element(body, "Code").map(clean).filter(|code| !code.is_empty());
        let message = element(body, "Message").map(clean).unwrap_or_default();
        let why = match &code {
            Some(code) => format!("{status} {code}: {message}"),
            None => line.to_owned(),
        };
        let later = code.as_deref().is_some_and(|code| LATER.contains(&code));
        let busy = later || status == 408 || status == 429 || (status >= 500 && status != 501);
        Self { why: why.trim_end_matches([':', ' ']).to_owned(), code, busy }
    }
}

fn silence(kind: HttpErrorKind) -> &'static str {
    match kind {
        HttpErrorKind::Connect => "its server cannot be reached",
        HttpErrorKind::Timeout => "its server does not answer in time",
        _ => "the connection to its server was cut",
    }
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>")).unwrap_or(text))
}

/// Sanitises a text for messages: without words that may contain a URL or a signature.
fn clean(text: &str) -> String {
    let is_safe = |word: &&str| word.len() <= 40 && !word.contains(['=', '&', '<']) && !word.contains("://");
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(is_safe).collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_people_need_is_passed_on() {
        let body = "<Error><Code>SignatureDoesNotMatch</Code><Message>It is not right: http://a.example/k?X-Amz-Signature=aa \
                    Signature=bb</Message><SignatureProvided>cc</SignatureProvided></Error>";
        let answer = ErrorAnswer::answer(&format!("403 Forbidden: {body}"));
        assert_eq!((answer.why.as_str(), answer.busy), ("403 SignatureDoesNotMatch: It is not right", false));
    }

    #[test]
    fn later_is_told_apart_from_no() {
        let busy = |status: &str, code: &str| {
            ErrorAnswer::answer(&format!("{status} X: <Error><Code>{code}</Code></Error>")).busy
        };
        for (status, code) in [("503", "SlowDown"), ("500", "InternalError"), ("400", "RequestTimeout"), ("429", "")] {
            assert!(busy(status, code), "{status} {code}");
        }
        for (status, code) in
            [("403", "AccessDenied"), ("404", "NoSuchBucket"), ("400", "BadDigest"), ("501", "NotImplemented")]
        {
            assert!(!busy(status, code), "{status} {code}");
        }
    }
}
