//! Secrets: types that cannot be printed by accident.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Time;

/// A text that prints as `[REDACTED]` and is wiped from memory when dropped.
pub type Secret = SecretString;

/// The credential of a connection, opened. Prints without its secrets; wiped when dropped.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// Named secrets: `access` and `refresh` after OAuth, the pasted keys otherwise.
    pub secrets: BTreeMap<String, Secret>,
    /// When `access` ends; `None` where the shop names no end.
    pub expires_at: Option<Time>,
    /// When `refresh` ends, where the shop says so.
    pub refresh_expires_at: Option<Time>,
    /// When `access` is to be renewed, ahead of its end.
    pub renew_at: Option<Time>,
    /// When people are to be warned that the permission ends.
    pub warn_at: Option<Time>,
    /// When `refresh` is to be used although nobody needs it yet, so that it does not end unused.
    pub keep_alive_at: Option<Time>,
    /// Scopes the shop granted; `None` where it does not say.
    pub scopes: Option<Vec<String>>,
    /// Compare-and-set guard: rises by one with every new pair.
    pub version: i32,
}

/// What is sealed: only the secrets. The rest stands in clear beside it, for the scheduler to query.
#[derive(Serialize, Deserialize)]
struct SecretFields {
    provider: String,
    credentials: BTreeMap<String, String>,
}

impl Grant {
    /// The secret called `name`, if the grant has it.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name)
    }

    /// The plaintext that the vault seals.
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

    /// Reads what `to_plaintext` wrote; `None` if it is not that.
    pub fn secrets_from_plaintext(plaintext: &[u8]) -> Option<BTreeMap<String, Secret>> {
        let sealed: SecretFields = serde_json::from_slice(plaintext).ok()?;
        Some(sealed.credentials.into_iter().map(|(name, text)| (today(name), Secret::from(text))).collect())
    }
}

/// The older application spelt the names otherwise.
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
