//! A product: as a provider's mapping returns it (`Normal…`) and as the database stores it.

use std::{borrow::Cow, collections::BTreeMap};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{ClientId, ConnectionId, ImageId, ProductId, RunId, Time, UnreadableFormat, VariantId, words};

words! {
    /// Where a product comes from. Only an imported one can be pushed to.
    ProductSource { Imported = "imported", Uploaded = "uploaded" }
}

words! {
    /// The product's sales status in the shop.
    ProductStatus { Active = "active", Draft = "draft", Archived = "archived", Deleted = "deleted" }
}

/// An exact amount with two to four decimals, as both databases store it: some currencies have three (ISO 4217), and unit
/// prices four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(#[serde(with = "rust_decimal::serde::str")] pub Decimal);

impl Price {
    /// Parses a decimal text; `None` if it is not a number, or has more than ten digits before the decimal point.
    pub fn parse(text: &str) -> Option<Self> {
        Self::checked(text.trim().parse().ok()?)
    }

    /// Converts from minor units: 1999 with two digits is 19.99.
    pub fn from_minor(units: i64, digits: u32) -> Option<Self> {
        Self::checked(Decimal::try_new(units, digits).ok()?)
    }

    /// Returns the amount in hundredths, rounded: 19.99 is 1999.
    pub fn hundredths(self) -> i64 {
        let mut cents = self.0.round_dp(2);
        cents.rescale(2);
        i64::try_from(cents.mantissa()).unwrap_or(0)
    }

    fn checked(amount: Decimal) -> Option<Self> {
        let mut amount = amount.round_dp(4).normalize();
        amount.rescale(amount.scale().max(2));
        (amount.abs() < Decimal::from(10_000_000_000_i64)).then_some(Self(amount))
    }
}

impl std::fmt::Display for Price {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0.to_string())
    }
}

/// A product as every provider's mapping returns it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NormalProduct {
    pub erp_id: String,
    pub erp_sku: Option<String>,
    pub erp_url: Option<String>,
    pub title: String,
    pub description: Option<String>,
    pub category: Option<String>,
    pub price: Option<Price>,
    pub currency: Option<String>,
    pub status: Option<ProductStatus>,
    pub updated_at: Option<Time>,
    pub variants: Vec<NormalVariant>,
    pub images: Vec<NormalImage>,
    /// What was changed to make it fit, for people to read.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// Which of its fields could not be read, and why: they are empty.
    #[serde(skip)]
    pub faults: Vec<String>,
    /// Why one of its lists may be incomplete: what is missing from it then counts as unknown, not as gone.
    #[serde(skip)]
    pub doubt: Option<String>,
}

impl NormalProduct {
    /// Whether a field has a value; `field` is its key in a provider's file.
    pub fn has(&self, field: &str) -> bool {
        match field {
            "erp_sku" => self.erp_sku.is_some(),
            "erp_url" => self.erp_url.is_some(),
            "description" => self.description.is_some(),
            "category" => self.category.is_some(),
            "price" => self.price.is_some(),
            "currency" => self.currency.is_some(),
            "status" => self.status.is_some(),
            "updated_at" => self.updated_at.is_some(),
            "images" => !self.images.is_empty(),
            _ => true,
        }
    }
}

/// A variant of a normalised product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NormalVariant {
    pub id: String,
    pub sku: Option<String>,
    pub title: Option<String>,
    pub price: Option<Price>,
    pub options: BTreeMap<String, String>,
    pub image_id: Option<String>,
}

/// A picture of a normalised product, in gallery order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NormalImage {
    pub id: String,
    pub url: String,
    pub alt: Option<String>,
}

/// One row of `product`, with the columns that are queried.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Product {
    pub id: ProductId,
    pub client_id: ClientId,
    pub name: String,
    pub description: Option<String>,
    pub category: Option<String>,
    /// The client's flag; a person's own favourites are rows of `user_favorite`.
    pub is_favorite: bool,
    pub source: ProductSource,
    pub store_connection_id: Option<ConnectionId>,
    pub erp_id: Option<String>,
    pub erp_sku: Option<String>,
    pub erp_url: Option<String>,
    pub price: Option<Price>,
    pub currency: Option<String>,
    pub erp_status: Option<ProductStatus>,
    pub erp_updated_at: Option<Time>,
    pub imported_at: Option<Time>,
    pub last_synced_at: Option<Time>,
    pub last_seen_run_id: Option<RunId>,
    pub erp_deleted_at: Option<Time>,
    pub version: i32,
    pub created_at: Time,
    pub updated_at: Time,
}

/// One row of `product_variant`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Variant {
    pub id: VariantId,
    pub product_id: ProductId,
    pub erp_variant_id: String,
    pub erp_sku: Option<String>,
    pub title: Option<String>,
    pub options: sqlx::types::Json<BTreeMap<String, String>>,
    pub price: Option<Price>,
    pub currency: Option<String>,
    pub erp_image_id: Option<String>,
    pub position: i32,
    pub erp_deleted_at: Option<Time>,
}

/// One row of `product_image`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Image {
    pub id: ImageId,
    pub product_id: ProductId,
    pub sort_order: i32,
    pub is_primary: bool,
    pub sync_status: String,
    pub external_image_id: Option<String>,
    /// Object key of its bytes, if they are stored here; empty for a picture of a shop whose bytes have the usual key, if any
    /// (`Image::base_key`).
    pub r2_key_base: String,
    pub original_store_url: Option<String>,
    pub generated_asset_id: Option<String>,
    /// Of a picture from a shop only that of a format which cannot be read here, by its address or as it was fetched.
    pub mime_type: Option<String>,
    pub alt_text: Option<String>,
    pub deleted_at: Option<Time>,
}

impl Image {
    /// The object key of its bytes, whether they are stored or not.
    pub fn base_key(&self, client: &ClientId) -> Cow<'_, str> {
        if self.r2_key_base.is_empty() {
            format!("clients/{client}/products/{}/media/images/base/{}.png", self.product_id, self.id).into()
        } else {
            self.r2_key_base.as_str().into()
        }
    }

    /// The format in which it was last seen, if that cannot be read here.
    pub fn unreadable_format(&self) -> Option<&'static UnreadableFormat> {
        UnreadableFormat::of_type(self.mime_type.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::Price;

    #[test]
    fn a_price_is_exact_and_bounded() {
        assert_eq!(Price::parse("19.9").map(|p| p.to_string()).as_deref(), Some("19.90"));
        assert_eq!(Price::from_minor(1999, 2).map(|p| p.to_string()).as_deref(), Some("19.99"));
        assert_eq!(Price::from_minor(1999, 0).map(|p| p.to_string()).as_deref(), Some("1999.00"));
        assert_eq!(Price::from_minor(1235, 3).map(|p| p.to_string()).as_deref(), Some("1.235"));
        for (written, kept) in
            [("19.9900", "19.99"), ("0.0425", "0.0425"), ("0.04999", "0.05"), ("0", "0.00"), ("-1.5", "-1.50")]
        {
            assert_eq!(Price::parse(written).map(|p| p.to_string()).as_deref(), Some(kept));
        }
        assert_eq!(Price::parse("1.235").map(Price::hundredths), Some(124));
        assert_eq!(Price::parse("12345678901.00"), None, "more digits than the column holds");
        assert_eq!(Price::parse("free"), None);
    }
}
