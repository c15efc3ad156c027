//! A picture on its way to a shop, as templates see it.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A picture to upload to a product.
#[derive(Debug, Clone)]
pub struct Upload {
    pub bytes: Bytes,
    pub mime_type: String,
    /// Contains the mark, so that the shop's copy can be recognised.
    pub file_name: String,
    pub alt: String,
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub erp_product_id: String,
    /// The mark of this push, the same for every try.
    pub mark: String,
    /// Where the shop can download it, if it can reach this daemon.
    pub url: String,
}

impl Upload {
    /// Adds the values that templates may look up.
    pub(super) fn describe(&self, values: &mut Map<String, Value>) {
        values.insert(
            "asset".into(),
            json!({
                "file_name": self.file_name, "alt": self.alt, "mime_type": self.mime_type, "sha256": self.sha256,
                "bytes": self.bytes.len().to_string(), "url": self.url,
                "name": self.file_name.rsplit_once('.').map_or(self.file_name.as_str(), |(name, _)| name),
                "extension": self.file_name.rsplit_once('.').map_or("", |(_, extension)| extension),
            }),
        );
        values.insert("product".into(), json!({ "erp_id": self.erp_product_id }));
        // An idempotency key: the same for every try, so that a shop that accepts our id creates nothing twice.
        let hash =
            Sha256::digest(self.mark.as_bytes()).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        values.insert("push".into(), json!({ "mark": self.mark, "uuid": hash[..32] }));
    }
}
