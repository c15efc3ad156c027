//! What people edit by hand: sessions, flows, outputs, tags, favourites, inspirations, clients. Every rule about what
//! may be linked with what is enforced here or in the SQL statement itself; nothing here calls a shop.

mod assets;
mod clients;
mod connections;
mod events;
mod favorites;
mod flows;
mod inspirations;
mod products;
mod sessions;
mod tags;

pub use assets::{delete_asset, register_asset, update_asset};
pub use clients::{add_client, add_member, delete_client, remove_member, set_plan, update_client};
pub use connections::{ScheduleChange, pause_connection, resume_connection, schedule_connection};
pub use events::{EventInput, create_event, delete_event};
pub use favorites::{Mine, add_favorite, add_favorite_image, remove_favorite, remove_favorite_image};
pub use flows::{create_flow, delete_flow, update_flow};
pub use inspirations::{InspirationInput, add_inspiration, delete_inspiration, move_inspiration};
pub use products::{NewProduct, add_product, link_product};
pub use sessions::{create_session, delete_session, post_message, update_session};
pub use tags::{assign_tag, create_tag, delete_tag, unassign_tag, update_tag};

use serde_json::{Map, Value};

use crate::{
    db::{self, Tx},
    model::{Client, ClientId, Failure, FailureKind, Noun, ProductId},
};

fn stale(noun: &str, id: impl std::fmt::Display, is: i32) -> Failure {
    let text = format!("{noun} {id} was changed in the meantime and has version {is} now: read it again and retry");
    Failure::new(FailureKind::Stale, text)
}

fn refused(text: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Refused, text)
}

/// Returns the client by id or slug.
async fn client(tx: &mut Tx, id: Option<&ClientId>) -> Result<Client, Failure> {
    let id = id.ok_or_else(|| refused("client_id is missing: name the client that it belongs to"))?;
    db::client::find(tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Client, id))
}

/// Checks the chosen base pictures: each must be a picture of its product, and the product the client's own. (Older
/// rows name files; those stay as they are.)
async fn own_images(tx: &mut Tx, client: &ClientId, images: Option<&Map<String, Value>>) -> Result<(), Failure> {
    for (product, image) in images.into_iter().flatten() {
        let product = ProductId(product.clone());
        own_products(tx, client, std::slice::from_ref(&product)).await?;
        let known = db::product::list_images(tx, &product).await?;
        let is_one = image.as_str().is_some_and(|id| known.iter().any(|image| image.id.as_str() == id));
        if !is_one {
            let text =
                format!("{image} is not a picture of product {product}; see: store-sync products show {product}");
            return Err(refused(text));
        }
    }
    Ok(())
}

/// Merges chosen base pictures into the present ones.
fn merge_chosen(found: &Value, input: Option<&Map<String, Value>>) -> Option<Map<String, Value>> {
    let mut all = found.as_object().cloned().unwrap_or_default();
    all.extend(input?.clone());
    Some(all)
}

/// Checks that every product belongs to the client.
async fn own_products(tx: &mut Tx, client: &ClientId, products: &[ProductId]) -> Result<(), Failure> {
    let foreign = db::product::list_foreign(tx, client, products).await?;
    match foreign.first() {
        None => Ok(()),
        Some(id) => Err(refused(format!("client {client} has no product '{id}'; see: store-sync products list"))),
    }
}
