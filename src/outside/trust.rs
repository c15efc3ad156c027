//! Whom the machine trusts when it speaks TLS.

use std::error::Error;

/// For people.
pub(super) const NO_ROOTS: &str = "no CA certificates are found, so no server can be trusted: install ca-certificates, or let \
                                   SSL_CERT_FILE name a file that holds them";

/// Whether a client could not be set up because the machine has no CA certificates, or because SSL_CERT_FILE names none.
pub(super) fn lacks_roots(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&cause| cause.source()).any(|cause| {
        let general = cause.downcast_ref::<rustls::Error>();
        matches!(general, Some(rustls::Error::General(why)) if why.starts_with("No CA certificates"))
    })
}
