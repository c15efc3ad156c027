//! `[push]`: how pictures are pushed.

use schemars::JsonSchema;
use serde::Deserialize;

/// How pictures are pushed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PushConfig {
    /// Allows pushes to platforms that cannot refuse a gallery which a person changed meanwhile: what may be lost there
    /// is in their files (`push.unguarded`).
    pub allow_unguarded: AllowUnguarded,
}

/// `true`, `false`, or a list of providers' keys and connections' ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(untagged, expecting = "write true, false, or a list of providers' keys and connections' ids")]
pub enum AllowUnguarded {
    /// Everywhere, or nowhere.
    All(bool),
    /// At these providers and connections.
    At(Vec<String>),
}

impl Default for AllowUnguarded {
    fn default() -> Self {
        Self::All(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_for_all_or_one_by_one() {
        let read = |value: &str| toml::from_str::<PushConfig>(&format!("allow_unguarded = {value}"));
        for (value, known) in [
            ("true", AllowUnguarded::All(true)),
            ("false", AllowUnguarded::All(false)),
            ("['woocommerce', 'c1']", AllowUnguarded::At(vec!["woocommerce".into(), "c1".into()])),
        ] {
            assert_eq!(read(value).expect("is read").allow_unguarded, known);
        }
        for value in ["1", "'woocommerce'", "[true]"] {
            let why = read(value).expect_err("is refused").to_string();
            assert!(why.contains("a list of providers' keys"), "{value}: {why}");
        }
        assert_eq!(PushConfig::default().allow_unguarded, AllowUnguarded::All(false));
    }
}
