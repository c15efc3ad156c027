//! Seals (encrypts) secrets for the database and unseals them, with older keys too. Never writes a secret anywhere
//! else.

mod link;
mod ring;

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::outside::Random;
pub use link::{LinkKind, LinkState, SignedLink};
pub use ring::KeySource;
use ring::{Key, Ring};

/// The current format: the associated data binds the secret to its owner.
pub const FORMAT: i32 = 2;
/// The older application's format: AES-256-GCM without associated data. Only read; every save writes the current
/// format.
const OLD_FORMAT: i32 = 1;

/// Seals and unseals with a key ring that can be reloaded while the process runs.
pub struct Vault {
    ring: RwLock<Ring>,
    source: KeySource,
    random: Random,
}

/// A sealed secret, as stored in its columns (base64).
#[derive(Clone, sqlx::FromRow)]
pub struct Sealed {
    pub ciphertext: String,
    pub iv: String,
    pub tag: String,
    pub key_id: String,
    pub format: i32,
}

impl Sealed {
    /// Whether the older application sealed it.
    pub fn is_older(&self) -> bool {
        self.format == OLD_FORMAT
    }
}

/// What a secret is bound to (associated data): it unseals only with the same binding.
pub struct Binding<'a>(pub &'a [&'a str]);

impl Binding<'_> {
    /// Prefixes each part with its length, so that no two lists give the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"store-sync/2".to_vec();
        for part in self.0 {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// Why the vault cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key ring cannot be read or written.
    #[error("the vault's keys in {place} are unusable: {why}")]
    Keys { place: String, why: String },
    /// The key file is accessible to other users.
    #[error("the key file {0} can be read by other users; run: chmod 600 {0}")]
    Exposed(PathBuf),
    /// The source of the ring is not writable.
    #[error(
        "the key ring comes from {0}: add a new key at the front there (or remove old ones), restart, and run this command again"
    )]
    NotOurs(&'static str),
    /// A row was sealed with a key that is not in the ring.
    #[error("sealed with key '{0}', which is not in the key ring: add it to [vault] keys or the key file")]
    UnknownKey(String),
    /// The sealed bytes cannot be unsealed.
    #[error(
        "a sealed secret cannot be unsealed: it was changed, moved to another row, or sealed with another key of the same id"
    )]
    Broken,
}

impl Vault {
    /// Reads the ring; creates a missing key file and logs a warning.
    pub fn new(source: KeySource, random: Random) -> Result<Self, VaultError> {
        Self::new_avoiding(source, random, &[])
    }

    /// The same; a new key gets none of the ids in `taken`, under which others have sealed.
    pub fn new_avoiding(source: KeySource, random: Random, taken: &[String]) -> Result<Self, VaultError> {
        let ring = source.read(&random, taken)?;
        Ok(Self { ring: RwLock::new(ring), source, random })
    }

    /// Where a key is added to the ring, as text for a person.
    pub fn location(&self) -> String {
        self.source.location()
    }

    /// Reloads the ring from its source, so that a running process gets new keys.
    pub fn reload(&self) -> Result<(), VaultError> {
        let ring = self.source.read_again(&self.random)?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// Reloads the ring only if its source is a file, which is cheap.
    pub fn reload_file(&self) -> Result<(), VaultError> {
        if matches!(self.source, KeySource::File(_)) { self.reload() } else { Ok(()) }
    }

    /// Adds a new key at the front, which seals from now on; older keys still unseal. Returns its id.
    pub fn add_key(&self) -> Result<String, VaultError> {
        let id = self.source.add(&self.ring(), &self.random)?;
        self.reload()?;
        Ok(id)
    }

    /// Removes older keys from the ring permanently. The current key stays.
    pub fn drop_keys(&self, ids: &[String]) -> Result<(), VaultError> {
        self.source.drop_keys(&self.ring(), ids)?;
        self.reload()
    }

    /// The ids of all keys, the current one first.
    pub fn key_ids(&self) -> Vec<String> {
        self.ring().iter().map(|key| key.id.clone()).collect()
    }

    fn ring(&self) -> Ring {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys with this id; two if the older application has one, too. Reloads the ring once if there is none, since
    /// another process may have added it.
    fn keys(&self, id: &str) -> Result<Vec<Arc<Key>>, VaultError> {
        let find = || -> Vec<Arc<Key>> { self.ring().iter().filter(|key| key.id == id).cloned().collect() };
        let keys = find();
        if !keys.is_empty() {
            return Ok(keys);
        }
        if self.source.can_change() {
            self.reload()?;
        }
        Some(find()).filter(|keys| !keys.is_empty()).ok_or_else(|| VaultError::UnknownKey(id.to_owned()))
    }

    /// Seals `plaintext` with the current key, bound to `binding`.
    ///
    /// # Panics
    /// Never: the cipher rejects only texts of many gigabytes.
    pub fn seal(&self, binding: &Binding<'_>, plaintext: &[u8]) -> Sealed {
        let ring = self.ring();
        let key = &ring[0];
        let mut nonce = [0_u8; 12];
        self.random.fill(&mut nonce);
        let mut buffer = plaintext.to_vec();
        let tag = cipher(key)
            .encrypt_inout_detached(&nonce.into(), &binding.bytes(), buffer.as_mut_slice().into())
            .expect("a secret is far below the cipher's limit");
        Sealed {
            ciphertext: BASE64.encode(&buffer),
            iv: BASE64.encode(nonce),
            tag: BASE64.encode(tag),
            key_id: key.id.clone(),
            format: FORMAT,
        }
    }

    /// Unseals the output of [`Vault::seal`] with the same binding.
    pub fn unseal(&self, binding: &Binding<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let keys = self.keys(&sealed.key_id)?;
        let plaintext = keys.iter().find_map(|key| unseal_with(key, binding, sealed).ok());
        plaintext.ok_or(VaultError::Broken)
    }

    /// Seals into one text, for secrets that have a single column.
    pub fn seal_text(&self, binding: &Binding<'_>, plaintext: &str) -> String {
        let sealed = self.seal(binding, plaintext.as_bytes());
        format!("{}.{}.{}.{}", sealed.key_id, sealed.iv, sealed.tag, sealed.ciphertext)
    }

    /// Unseals the output of [`Vault::seal_text`] with the same binding.
    pub fn unseal_text(&self, binding: &Binding<'_>, text: &str) -> Result<SecretString, VaultError> {
        let parts: Vec<&str> = text.rsplitn(4, '.').collect();
        let [ciphertext, tag, iv, key_id] = parts[..] else { return Err(VaultError::Broken) };
        let own = str::to_owned;
        let sealed =
            Sealed { ciphertext: own(ciphertext), iv: own(iv), tag: own(tag), key_id: own(key_id), format: FORMAT };
        let bytes = self.unseal(binding, &sealed)?;
        std::str::from_utf8(&bytes).map(SecretString::from).map_err(|_| VaultError::Broken)
    }

    /// A keyed hash: detects that a secret changed without revealing it.
    pub fn fingerprint(&self, plaintext: &[u8]) -> String {
        hex(&mac(&self.ring()[0], "fingerprint", plaintext)[..16])
    }

    /// Signs a text that passes through untrusted hands (HMAC); `purpose` separates the uses.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        hex(&mac(&self.ring()[0], purpose, text.as_bytes()))
    }

    /// Whether `signature` was made by [`Vault::sign`] with any key of the ring. Compares in constant time.
    pub fn verify(&self, purpose: &str, text: &str, signature: &str) -> bool {
        self.ring().iter().any(|key| {
            let expected = hex(&mac(key, purpose, text.as_bytes()));
            bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
        })
    }

    /// The id of the current key, which seals.
    pub fn current_key_id(&self) -> String {
        self.ring()[0].id.clone()
    }
}

fn mac(key: &Key, purpose: &str, text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes.expose_secret()).expect("HMAC takes keys of any length");
    mac.update(b"store-sync/");
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn cipher(key: &Key) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.bytes.expose_secret().into())
}

fn unseal_with(key: &Key, binding: &Binding<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let decode = |text: &str| BASE64.decode(text).map_err(|_| VaultError::Broken);
    let nonce: [u8; 12] = decode(&sealed.iv)?.try_into().map_err(|_| VaultError::Broken)?;
    let tag: [u8; 16] = decode(&sealed.tag)?.try_into().map_err(|_| VaultError::Broken)?;
    let mut buffer = Zeroizing::new(decode(&sealed.ciphertext)?);
    if sealed.format == OLD_FORMAT {
        return unseal_older(key, nonce, tag, buffer);
    }
    if sealed.format != FORMAT {
        return Err(VaultError::Broken);
    }
    cipher(key)
        .decrypt_inout_detached(&nonce.into(), &binding.bytes(), buffer.as_mut_slice().into(), &tag.into())
        .map_err(|_| VaultError::Broken)?;
    Ok(buffer)
}

fn unseal_older(
    key: &Key,
    nonce: [u8; 12],
    tag: [u8; 16],
    mut buffer: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    use ::ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let key = UnboundKey::new(&AES_256_GCM, key.bytes.expose_secret()).map_err(|_| VaultError::Broken)?;
    buffer.extend(tag);
    let length = LessSafeKey::new(key)
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut buffer)
        .map_err(|_| VaultError::Broken)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(text: &str) -> Vault {
        Vault::new(KeySource::Given(text.to_owned().into()), Random::seeded(1)).expect("a ring")
    }

    fn opened(file: &std::path::Path, seed: u64) -> Result<Vault, VaultError> {
        Vault::new(KeySource::File(file.to_owned()), Random::seeded(seed))
    }

    fn key(byte: u8) -> String {
        BASE64.encode([byte; 32])
    }

    #[test]
    fn a_secret_opens_only_where_it_was_bound() {
        let vault = vault(&format!("v1:{}", key(1)));
        let sealed = vault.seal(&Binding(&["c1", "client", "p"]), b"canary");
        assert!(!sealed.ciphertext.contains("canary"));
        assert_eq!(vault.unseal(&Binding(&["c1", "client", "p"]), &sealed).expect("opens").as_slice(), b"canary");
        for other in [&["c2", "client", "p"], &["c1", "other", "p"], &["c1", "client", "q"], &["c1c", "lient", "p"]] {
            assert!(matches!(vault.unseal(&Binding(other), &sealed), Err(VaultError::Broken)));
        }
    }

    #[test]
    fn a_changed_byte_is_seen() {
        let vault = vault(&format!("v1:{}", key(1)));
        let mut sealed = vault.seal(&Binding(&["c1"]), b"canary");
        sealed.tag = BASE64.encode([0; 16]);
        assert!(matches!(vault.unseal(&Binding(&["c1"]), &sealed), Err(VaultError::Broken)));
    }

    #[test]
    fn older_keys_still_open_and_the_first_seals() {
        let old = vault(&format!("v1:{}", key(1)));
        let sealed = old.seal(&Binding(&["x"]), b"s");
        let text = old.seal_text(&Binding(&["x"]), "t");
        let ring = vault(&format!("v2:{}\nv1:{}\n", key(2), key(1)));
        assert_eq!(ring.current_key_id(), "v2");
        assert_eq!(ring.unseal(&Binding(&["x"]), &sealed).expect("opens").as_slice(), b"s");
        assert_eq!(ring.unseal_text(&Binding(&["x"]), &text).expect("opens").expose_secret(), "t");
        assert!(ring.verify("p", "t", &old.sign("p", "t")));
        assert!(!ring.verify("q", "t", &old.sign("p", "t")));
        let without = vault(&format!("v2:{}", key(2)));
        assert!(matches!(without.unseal(&Binding(&["x"]), &sealed), Err(VaultError::UnknownKey(id)) if id == "v1"));
    }

    #[test]
    fn the_older_form_opens_with_its_key() {
        // Sealed with AES-256-GCM by another implementation: key 32 times 0x07, nonce 12 times 0x01, no associated
        // data.
        let sealed = Sealed {
            ciphertext: "DcP5xf/JhWq0pv4bUkdSHYqYZpF88lVnMVAvEUSOTZmj0WvV72DR7zUXJin7XJq7ojmaajLOsT7PJ4Uy9FGn6NQ="
                .into(),
            iv: "AQEBAQEBAQEBAQEB".into(),
            tag: "kU6pySkADFXArSDbEnD/sg==".into(),
            key_id: "v1".into(),
            format: 1,
        };
        let vault = vault(&format!("v2:{},v1:{}", key(1), key(7)));
        let plain = vault.unseal(&Binding(&["anything"]), &sealed).expect("opens");
        assert_eq!(plain.as_slice(), br#"{"provider":"p","credentials":{"accessToken":"t","shopName":"s"}}"#);
        let other = Sealed { format: 2, ..sealed.clone() };
        assert!(
            matches!(vault.unseal(&Binding(&["anything"]), &other), Err(VaultError::Broken)),
            "not in today's form"
        );
        let other = Sealed { tag: BASE64.encode([0; 16]), ..sealed };
        assert!(matches!(vault.unseal(&Binding(&["anything"]), &other), Err(VaultError::Broken)));
    }

    #[test]
    fn the_older_applications_key_may_be_called_as_ours_is() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temp folder");
        let file = folder.path().join("vault.key");
        let taken = ["v1".to_owned(), "v2".to_owned()];
        let ours = Vault::new_avoiding(KeySource::File(file.clone()), Random::seeded(1), &taken).expect("is made");
        assert_eq!((ours.current_key_id().as_str(), ours.location()), ("v3", file.display().to_string()));
        assert_eq!(std::fs::metadata(&file).expect("is there").permissions().mode() & 0o777, 0o600);
        let (first, second) = (vault(&format!("v1:{}", key(1))), vault(&format!("v1:{}", key(2))));
        let both = vault(&format!("v1:{},v1:{}", key(1), key(2)));
        for sealed in [first.seal(&Binding(&["x"]), b"s"), second.seal(&Binding(&["x"]), b"s")] {
            assert_eq!(both.unseal(&Binding(&["x"]), &sealed).expect("one of them opens").as_slice(), b"s");
        }
        let neither = vault(&format!("v1:{}", key(3)));
        let sealed = first.seal(&Binding(&["x"]), b"s");
        assert!(matches!(neither.unseal(&Binding(&["x"]), &sealed), Err(VaultError::Broken)));
    }

    #[test]
    fn a_ring_that_is_none_is_refused_without_showing_it() {
        for text in ["", "v1", "v1:!!", "v1:AAAA", &format!("a:{0},a:{0}", key(1))] {
            assert!(Vault::new(KeySource::Given(text.to_owned().into()), Random::seeded(1)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_closed_to_others_and_refused_when_open() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temp folder");
        let file = folder.path().join("sub/vault.key");
        let first = opened(&file, 1).expect("is made");
        let again = opened(&file, 2).expect("is read");
        assert!(again.verify("p", "t", &first.sign("p", "t")));
        assert_eq!(std::fs::metadata(&file).expect("is there").permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(matches!(opened(&file, 1), Err(VaultError::Exposed(_))));
    }

    #[test]
    fn a_new_key_seals_an_old_one_opens_and_another_process_learns_of_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temp folder");
        let file = folder.path().join("vault.key");
        let (ours, other) = (opened(&file, 1).expect("is made"), opened(&file, 2).expect("is read"));
        let old = ours.seal(&Binding(&["x"]), b"s");
        assert_eq!(ours.add_key().expect("a new key"), "v2");
        assert_eq!((ours.key_ids(), ours.current_key_id().as_str()), (vec!["v2".to_owned(), "v1".to_owned()], "v2"));
        assert_eq!(std::fs::metadata(&file).expect("is there").permissions().mode() & 0o777, 0o600);
        let new = ours.seal(&Binding(&["x"]), b"t");
        assert_eq!(new.key_id, "v2");
        assert_eq!(other.current_key_id(), "v1", "it does not know yet");
        assert_eq!(other.unseal(&Binding(&["x"]), &new).expect("reads the file anew").as_slice(), b"t");
        assert_eq!(other.seal(&Binding(&["x"]), b"u").key_id, "v2");
        assert_eq!(ours.unseal(&Binding(&["x"]), &old).expect("opens").as_slice(), b"s");
        ours.drop_keys(&["v1".to_owned(), "v2".to_owned()]).expect("drops");
        assert_eq!(ours.key_ids(), ["v2"], "the key that seals stays");
        assert!(matches!(ours.unseal(&Binding(&["x"]), &old), Err(VaultError::UnknownKey(_))));
        assert!(matches!(vault(&format!("v1:{}", key(1))).add_key(), Err(VaultError::NotOurs(_))));
        std::fs::remove_file(&file).expect("is removed");
        assert!(ours.reload().is_err() && !file.exists(), "no new key is made under a process that has one");
        assert_eq!(ours.seal(&Binding(&["x"]), b"s").key_id, "v2", "which goes on with what it knows");
    }

    #[test]
    fn a_command_may_hand_out_the_ring() {
        let command = |script: &str| {
            let words = ["sh", "-c", script].map(str::to_owned).to_vec();
            Vault::new(KeySource::Command(words), Random::seeded(1)).map(|vault| vault.key_ids())
        };
        assert_eq!(command(&format!("echo v3:{}; echo v2:{}", key(3), key(2))).expect("a ring"), ["v3", "v2"]);
        let failed = command("echo canary-key >&2; echo canary-key; exit 3").expect_err("fails").to_string();
        assert!(failed.contains("exit status: 3") && !failed.contains("canary"), "{failed}");
        assert!(command("true").is_err());
        let missing = Vault::new(KeySource::Command(vec!["no-such-program".into()]), Random::seeded(1));
        assert!(missing.is_err_and(|e| e.to_string().contains("no-such-program")));
    }
}

#[cfg(test)]
mod properties;
