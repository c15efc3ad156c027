//! Secrets: types that cannot be printed by accident.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Time;

/// A text that prints as `[REDACTED]` and is wiped from memory when dropped.
pub type Secret = SecretString;

/// The decrypted credentials of a connection. `Debug` omits the secrets; they are wiped when dropped.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// Named secrets: `access` and `refresh` after OAuth, the pasted keys otherwise.
    pub secrets: BTreeMap<String, Secret>,
    /// When `access` expires; `None` if the shop states no expiry.
    pub expires_at: Option<Time>,
    /// When `refresh` expires, if the shop states it.
    pub refresh_expires_at: Option<Time>,
    /// When to refresh `access`, ahead of its expiry.
    pub renew_at: Option<Time>,
    /// When to warn people that the permission ends.
    pub warn_at: Option<Time>,
    /// When to use `refresh` although nothing needs it yet, so that it does not expire unused.
    pub keep_alive_at: Option<Time>,
    /// The granted scopes; `None` if the shop does not state them.
    pub scopes: Option<Vec<String>>,
    /// Compare-and-set guard: increases by one with every refresh.
    pub version: i32,
}

/// What is sealed: only the secrets. The rest is stored in plain columns beside it, for the scheduler to query.
#[derive(Serialize, Deserialize)]
struct SecretFields {
    provider: String,
    credentials: BTreeMap<String, String>,
}

impl Grant {
    /// Returns the secret called `name`, if the grant has it.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name)
    }

    /// Returns the plaintext that the vault seals.
    pub fn to_plaintext(&self, provider: &str) -> Zeroizing<Vec<u8>> {
        let mut sealed = SecretFields {
            provider: provider.to_owned(),
            credentials: self.secrets.iter().map(|(name, s)| (name.clone(), s.expose_secret().to_owned())).collect(),
        };
        let bytes = serde_json::to_vec(&sealed).unwrap_or_default();
        for text in sealed.credentials.values_mut() {
            zeroize::Zeroize::zeroize(text);
        }
        Zeroizing::new(bytes)
    }

    /// Parses what `to_plaintext` wrote; `None` if it is anything else.
    pub fn secrets_from_plaintext(plaintext: &[u8]) -> Option<BTreeMap<String, Secret>> {
        let sealed: SecretFields = serde_json::from_slice(plaintext).ok()?;
        Some(sealed.credentials.into_iter().map(|(name, text)| (today(name), Secret::from(text))).collect())
    }
}

/// Maps the older application's secret names to today's.
fn today(name: String) -> String {
    match name.as_str() {
        "accessToken" => "access".to_owned(),
        "refreshToken" => "refresh".to_owned(),
        "consumerKey" => "consumer_key".to_owned(),
        "consumerSecret" => "consumer_secret".to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_never_prints_its_secrets() {
        let mut grant = Grant::default();
        grant.secrets.insert("access".into(), Secret::from("canary-1"));
        assert!(!format!("{grant:?}").contains("canary-1"));
        let back = Grant::secrets_from_plaintext(&grant.to_plaintext("p")).expect("reads its own text");
        assert_eq!(back["access"].expose_secret(), "canary-1");
    }
}
