//! Tags and favourites of products and flows.

use serde::{Deserialize, Serialize};

use super::{ClientId, TagId, Time, UserId, words};

/// The most tags a client may have.
pub const TAGS_PER_CLIENT: i64 = 100;
/// The most tags a product or a flow may have.
pub const TAGS_PER_ENTITY: i64 = 20;

words! {
    /// What can be tagged and be a favourite.
    EntityType { Product = "product", Flow = "generation_flow" }
}

/// A product or a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    pub entity_type: EntityType,
    pub entity_id: String,
}

impl std::str::FromStr for Entity {
    type Err = String;
    /// Parses `product:ID` or `flow:ID`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, id) = text.split_once(':').ok_or_else(|| format!("'{text}' is not product:ID or flow:ID"))?;
        let entity_type = match kind {
            "product" => EntityType::Product,
            "flow" | "generation_flow" => EntityType::Flow,
            other => return Err(format!("'{other}' is neither product nor flow")),
        };
        Ok(Self { entity_type, entity_id: id.to_owned() })
    }
}

impl std::fmt::Display for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.entity_type == EntityType::Flow { "flow" } else { "product" };
        write!(f, "{kind}:{}", self.entity_id)
    }
}

/// One row of `tag`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Tag {
    pub id: TagId,
    pub client_id: ClientId,
    pub name: String,
    /// `#rrggbb`.
    pub color: Option<String>,
    pub created_at: Time,
}

/// Returns a colour as `#rrggbb` in lower case; `None` if `text` is not one.
pub fn color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    let hex = digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
    hex.then(|| text.to_lowercase())
}

/// One row of `user_favorite`: a favourite of one user.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Favorite {
    pub id: String,
    pub user_id: UserId,
    pub entity_type: EntityType,
    pub entity_id: String,
    pub created_at: Time,
}

/// One row of `favorite_image`: a client's favourite among outputs, as the older application stores it.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct FavoriteImage {
    pub id: String,
    pub client_id: ClientId,
    pub generated_asset_id: super::AssetId,
    pub created_at: Time,
    pub updated_at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_and_a_colour_are_read_or_refused() {
        let flow: Entity = "flow:f1".parse().expect("a flow");
        assert_eq!((flow.entity_type, flow.to_string().as_str()), (EntityType::Flow, "flow:f1"));
        assert!("f1".parse::<Entity>().is_err() && "asset:a".parse::<Entity>().is_err());
        assert_eq!(color("#FF00aa").as_deref(), Some("#ff00aa"));
        assert_eq!((color("red"), color("#12345"), color("#12345g")), (None, None, None));
    }
}
