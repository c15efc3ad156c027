//! Installs the TLS crypto provider, once per process.

/// Installs the default crypto provider. Every constructor of a TLS client calls it first, so that their order does not
/// matter.
pub fn prepare_tls() {
    // An error means that a provider is installed already; then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use crate::{
        model::Secret,
        outside::{Bucket, Files, RetryPatience},
    };

    const ALONE: &str = "STORE_SYNC_TEST_ALONE";

    /// The choice is one for the whole process, so that any other test may have made it: this one runs again in a
    /// process of its own.
    #[test]
    fn a_bucket_is_opened_before_anything_else_speaks_tls() {
        if std::env::var_os(ALONE).is_none() {
            let name = "outside::tls::tests::a_bucket_is_opened_before_anything_else_speaks_tls";
            let mut again = std::process::Command::new(std::env::current_exe().expect("this test"));
            let done = again.args(["--exact", name]).env(ALONE, "1").output().expect("runs");
            let output = String::from_utf8_lossy(&done.stdout);
            assert!(done.status.success() && output.contains("1 passed"), "{output}");
            return;
        }
        let bucket = Bucket {
            name: "pictures".into(),
            endpoint: Some("https://s3.example.com".parse().expect("an address")),
            region: "auto".into(),
            access_key_id: "id".into(),
            secret_access_key: Secret::from("secret"),
            upload_checksum: true,
            public_url: None,
            patience: RetryPatience::default(),
            proxy: None,
        };
        Files::in_bucket(&bucket).expect("opens");
    }
}
