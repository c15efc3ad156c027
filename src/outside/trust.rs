//! Detects missing CA certificates.

use std::error::Error;

/// The error message for missing CA certificates.
pub(super) const NO_ROOTS: &str = "no CA certificates are found, so no server can be trusted: install ca-certificates, or set \
                                   SSL_CERT_FILE to a file with CA certificates";

/// Whether a client could not be built because the machine has no CA certificates, or SSL_CERT_FILE names none.
pub(super) fn lacks_roots(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&cause| cause.source()).any(|cause| {
        let general = cause.downcast_ref::<rustls::Error>();
        matches!(general, Some(rustls::Error::General(why)) if why.starts_with("No CA certificates"))
    })
}
