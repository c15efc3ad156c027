//! Downloads of files whose URL a shop returned. They are public: our credentials do not go along.

use bytes::Bytes;
use http::Method;
use url::Url;

use super::{call::ShopClient, classify::challenge, request::insert};
use crate::{
    model::{Failure, FailureKind},
    outside::{Request, log_target},
};

impl ShopClient {
    /// Downloads from a URL that the shop returned, without our token.
    pub(super) async fn download(&self, address: &str) -> Result<Bytes, Failure> {
        let base = Url::parse(&self.store_url)
            .map_err(|_| Failure::new(FailureKind::BadStoreUrl, "the shop's URL is not valid"))?;
        let url = base
            .join(address)
            .map_err(|_| Failure::new(FailureKind::BadPictureUrl, "the shop returned an invalid picture URL"))?;
        let place = log_target(&Method::GET, &url);
        let response = self.send(Request::new(Method::GET, url)).await;
        let response = response.map_err(|e| Failure::new(FailureKind::PictureUnreachable, e.to_string()))?;
        let advice = challenge(&response);
        if (200..300).contains(&response.status) && advice.is_none() {
            return Ok(response.body);
        }
        let mut text = format!("{place} answered {}", response.status);
        if let Some(advice) = advice {
            text.push_str(&format!(". {advice}"));
        }
        Err(Failure::new(FailureKind::PictureUnreachable, text))
    }

    /// Downloads a byte range of a file whose URL the shop returned, without our token. Returns the bytes and whether
    /// the file ends there.
    pub(super) async fn download_part(&self, address: &str, from: u64, size: u64) -> Result<(Bytes, bool), Failure> {
        let url = Url::parse(address)
            .map_err(|_| Failure::new(FailureKind::BadFileUrl, "the shop returned an invalid file URL"))?;
        let mut request = Request::new(Method::GET, url);
        insert(&mut request.headers, "range", &format!("bytes={from}-{}", from + size - 1))?;
        let place = log_target(&request.method, &request.url);
        let answer = self.send(request).await;
        let answer = answer.map_err(|e| Failure::new(FailureKind::FileUnreachable, e.to_string()))?;
        let total = || answer.header("content-range")?.rsplit_once('/')?.1.parse::<u64>().ok();
        match answer.status {
            206 => {
                let ends = total().is_some_and(|total| from + answer.body.len() as u64 >= total);
                Ok((answer.body, ends))
            }
            // A server without range support sends the whole file.
            200 => Ok((answer.body.slice(usize::try_from(from).unwrap_or(usize::MAX).min(answer.body.len())..), true)),
            416 => Ok((Bytes::new(), true)),
            status => Err(Failure::new(FailureKind::FileUnreachable, format!("{place} answered {status}"))),
        }
    }
}
