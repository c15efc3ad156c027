//! Uploads, galleries and picture bytes. Attaching an upload twice makes two pictures, on purpose: pushes must be
//! idempotent without help.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Sandbox,
    api::{DeniedCall, missing, refuse},
    draw,
};
use crate::{model::Time, outside::off_thread};

const MAX_BYTES: usize = 10_000_000;

#[derive(Default)]
pub(super) struct Pictures {
    uploads: HashMap<String, Stored>,
    /// By product, in the order of attachment.
    attached: BTreeMap<u64, Vec<Attached>>,
    drawn: HashMap<String, Bytes>,
    next: u64,
    uploaded: u64,
}

#[derive(Clone)]
struct Stored {
    bytes: Bytes,
    media_type: &'static str,
}

struct Attached {
    id: String,
    alt: Option<String>,
    file_name: String,
    first: bool,
    ready_at: Time,
    stored: Stored,
}

impl Pictures {
    pub(super) fn stats(&self) -> Value {
        json!({ "uploads": self.uploaded, "attached": self.attached.values().map(Vec::len).sum::<usize>() })
    }

    /// Adds the attached pictures that are ready to a product's own ones.
    pub(super) fn add_to(&self, product: u64, value: &mut Value, now: Time) {
        let Some(attached) = self.attached.get(&product) else { return };
        let base = value["url"].as_str().and_then(|url| url.split("/products/").next()).unwrap_or_default().to_owned();
        if let Some(images) = value["images"].as_array_mut() {
            place(images, attached, &base, now, true);
        }
    }
}

fn place(images: &mut Vec<Value>, attached: &[Attached], base: &str, now: Time, only_ready: bool) {
    for picture in attached.iter().filter(|p| !only_ready || p.ready_at <= now) {
        let value = picture.show(base, now);
        if picture.first { images.insert(0, value) } else { images.push(value) }
    }
    for (place, image) in images.iter_mut().enumerate() {
        image["position"] = (place + 1).into();
    }
}

impl Attached {
    fn show(&self, base: &str, now: Time) -> Value {
        let status = if self.ready_at <= now { "ready" } else { "processing" };
        json!({ "id": self.id, "url": format!("{base}/pictures/{}", self.id), "alt": self.alt, "file_name": self.file_name, "status": status, "error": null })
    }
}

/// `POST /api/uploads`: raw bytes.
pub(super) async fn upload(State(shop): State<Sandbox>, bytes: Bytes) -> Result<(StatusCode, Json<Value>), DeniedCall> {
    if bytes.len() > MAX_BYTES {
        return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "a picture may have at most 10 MB"));
    }
    let kind = infer::get(&bytes).map(|kind| kind.mime_type());
    let Some(media_type @ ("image/png" | "image/jpeg" | "image/webp")) = kind else {
        let text = "only PNG, JPEG and WebP pictures are accepted";
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "not_a_picture", text));
    };
    let mut pictures = shop.pictures();
    pictures.next += 1;
    pictures.uploaded += 1;
    let id = format!("u{}", pictures.next);
    let told = json!({ "upload_id": id });
    pictures.uploads.insert(id, Stored { bytes, media_type });
    Ok((StatusCode::CREATED, Json(told)))
}

/// The request that attaches an upload.
#[derive(Deserialize)]
pub(super) struct Attach {
    upload_id: String,
    alt: Option<String>,
    file_name: Option<String>,
    position: Option<u32>,
}

/// `POST /api/products/{id}/images`.
pub(super) async fn attach(
    State(shop): State<Sandbox>,
    Path(product): Path<u64>,
    Json(attach): Json<Attach>,
) -> Result<(StatusCode, Json<Value>), DeniedCall> {
    if shop.catalogue().get(product).is_none() {
        return Err(missing());
    }
    let now = shop.0.outside.clock.now();
    let mut pictures = shop.pictures();
    let stored = pictures.uploads.get(&attach.upload_id).cloned();
    let stored =
        stored.ok_or_else(|| refuse(StatusCode::UNPROCESSABLE_ENTITY, "unknown_upload", "the upload_id is unknown"))?;
    pictures.next += 1;
    let picture = Attached {
        id: format!("a{}", pictures.next),
        alt: attach.alt,
        file_name: attach.file_name.unwrap_or(attach.upload_id),
        first: attach.position == Some(1),
        ready_at: now.plus(shop.0.options.processing),
        stored,
    };
    let shown = picture.show(&shop.0.options.base_url, now);
    pictures.attached.entry(product).or_default().push(picture);
    Ok((StatusCode::CREATED, Json(json!({ "image": shown }))))
}

/// `GET /api/products/{id}/images`.
pub(super) async fn list(State(shop): State<Sandbox>, Path(product): Path<u64>) -> Result<Json<Value>, DeniedCall> {
    let value = shop.catalogue().get(product).ok_or_else(missing)?;
    let mut images = value["images"].as_array().cloned().unwrap_or_default();
    for image in &mut images {
        image["status"] = "ready".into();
    }
    let now = shop.0.outside.clock.now();
    if let Some(attached) = shop.pictures().attached.get(&product) {
        place(&mut images, attached, &shop.0.options.base_url, now, false);
    }
    Ok(Json(json!({ "images": images })))
}

/// `GET /api/images/{id}`.
pub(super) async fn show(State(shop): State<Sandbox>, Path(id): Path<String>) -> Result<Json<Value>, DeniedCall> {
    let now = shop.0.outside.clock.now();
    let pictures = shop.pictures();
    let picture = pictures.attached.values().flatten().find(|picture| picture.id == id).ok_or_else(missing)?;
    Ok(Json(json!({ "image": picture.show(&shop.0.options.base_url, now) })))
}

/// `DELETE /api/images/{id}`.
pub(super) async fn delete(State(shop): State<Sandbox>, Path(id): Path<String>) -> Result<StatusCode, DeniedCall> {
    let mut pictures = shop.pictures();
    for list in pictures.attached.values_mut() {
        if let Some(place) = list.iter().position(|picture| picture.id == id) {
            list.remove(place);
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(missing())
}

/// `GET /pictures/{file}`: an uploaded picture unchanged, or that of a generated product, drawn on the first request.
pub(super) async fn bytes(State(shop): State<Sandbox>, Path(file): Path<String>) -> Result<Response, DeniedCall> {
    let known = {
        let pictures = shop.pictures();
        let attached = pictures.attached.values().flatten().find(|picture| picture.id == file);
        let attached = attached.map(|picture| (picture.stored.bytes.clone(), picture.stored.media_type));
        attached.or_else(|| pictures.drawn.get(&file).map(|bytes| (bytes.clone(), "image/png")))
    };
    if let Some((bytes, media_type)) = known {
        return Ok(([(header::CONTENT_TYPE, media_type)], bytes).into_response());
    }
    let (product, view) = file.strip_suffix(".png").and_then(|name| name.split_once('-')).ok_or_else(missing)?;
    let product: usize = product.parse().ok().and_then(|n: usize| n.checked_sub(1001)).ok_or_else(missing)?;
    let view: usize = view.parse().ok().filter(|view| (1..=8).contains(view)).ok_or_else(missing)?;
    let drawing = off_thread(move || draw::draw_product(product, view - 1));
    let bytes = Bytes::from(drawing.await.map_err(|_| missing())?);
    let mut pictures = shop.pictures();
    if pictures.drawn.len() < 500 {
        pictures.drawn.insert(file, bytes.clone());
    }
    Ok(([(header::CONTENT_TYPE, "image/png")], bytes).into_response())
}
