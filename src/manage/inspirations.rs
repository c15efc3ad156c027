//! Inspirations: pictures that show the intended style of a session; uploaded, or fetched through the guarded HTTP
//! client.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::refused;
use crate::{
    db::{self, inspiration::NewInspiration},
    model::{AssetLocation, Failure, Inspiration, InspirationId, InspirationSource, Noun, SessionId},
    outside::picture_kind,
    tools::Tools,
    vault::hex,
};

/// The largest picture that is accepted.
const MAX_BYTES: usize = 20 << 20;

/// Where the picture comes from.
pub enum InspirationInput<'a> {
    /// Uploaded bytes, with the file's name.
    Upload(Bytes, &'a str),
    /// A URL.
    Url(&'a str, InspirationSource),
}

/// Stores a picture with a session, after those it has.
pub async fn add_inspiration(
    tools: &Tools,
    session: &SessionId,
    source: InspirationInput<'_>,
) -> Result<Inspiration, Failure> {
    let mut tx = tools.db.read().await?;
    let found = db::session::find(&mut tx, session).await?.ok_or_else(|| Failure::not_found(Noun::Session, session))?;
    drop(tx);
    let (bytes, url, kind) = match source {
        InspirationInput::Upload(bytes, name) => (bytes, name.to_owned(), InspirationSource::Upload),
        InspirationInput::Url(url, kind) => {
            url::Url::parse(url).map_err(|e| refused(format!("that is not a URL: {e}")))?;
            (tools.outside.bytes_at(&AssetLocation::Url(url)).await?, url.to_owned(), kind)
        }
    };
    if bytes.len() > MAX_BYTES {
        return Err(refused(format!("the picture has {} bytes; the limit is {MAX_BYTES}", bytes.len())));
    }
    let (_, extension) =
        picture_kind(&bytes).ok_or_else(|| refused("the file is not a PNG, JPEG, WebP or GIF picture"))?;
    let id: InspirationId = tools.outside.new_id();
    let key = format!("clients/{}/sessions/{session}/inspirations/{id}.{extension}", found.client_id);
    let sha256 = hex(&Sha256::digest(&bytes));
    tools.outside.files.put(&key, bytes).await?;
    let new = NewInspiration { id: &id, session, url: &url, r2_key: Some(&key), source: kind, sha256: Some(&sha256) };
    let mut tx = tools.db.begin().await?;
    if !db::inspiration::insert(&mut tx, &new, tools.outside.clock.now()).await? {
        return Err(Failure::not_found(Noun::Session, session));
    }
    let inspiration = db::inspiration::find(&mut tx, &id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(inspiration)
}

/// Changes the position of an inspiration within its session.
pub async fn move_inspiration(tools: &Tools, id: &InspirationId, order: i32) -> Result<Inspiration, Failure> {
    let mut tx = tools.db.begin().await?;
    db::inspiration::update(&mut tx, id, Some(order), None).await?;
    let moved = db::inspiration::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Inspiration, id))?;
    tx.commit().await?;
    Ok(moved)
}

/// Deletes an inspiration and its bytes.
pub async fn delete_inspiration(tools: &Tools, id: &InspirationId) -> Result<Inspiration, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::inspiration::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Inspiration, id))?;
    db::inspiration::delete(&mut tx, id).await?;
    tx.commit().await?;
    if let Some(key) = &found.r2_key {
        // The row is gone, so the remaining bytes do no harm: a warning, not a failure.
        if let Err(error) = tools.outside.files.delete(key).await {
            tracing::warn!("cannot delete the bytes of a deleted inspiration from the object store: {error}");
        }
    }
    Ok(found)
}
