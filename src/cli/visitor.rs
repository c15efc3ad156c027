//! Simulates a merchant's browser at a consent page: cookies, redirects, one form. For the demo, `connect --rehearse`
//! and tests.

use std::collections::BTreeMap;

use anyhow::Context;
use http::{HeaderValue, Method, header};
use url::Url;

use crate::outside::{Body, Http, Request, Response};

/// A minimal browser with a cookie jar.
pub struct Visitor {
    http: Http,
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
}

/// The result of a request: the final URL and the response.
pub struct Landed {
    pub url: Url,
    pub response: Response,
}

impl Landed {
    /// The response body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.response.body).into_owned()
    }

    /// The text of the page without markup, from its heading on.
    fn words(&self) -> String {
        let text = self.text();
        let body = text.split("<h1>").nth(1).unwrap_or(&text);
        let pieces = body.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
        unescape(&pieces.filter(|piece| !piece.trim().is_empty()).collect::<Vec<_>>().join(" "))
    }
}

impl Visitor {
    /// A browser without cookies.
    pub fn new(http: Http) -> Self {
        Self { http, cookies: BTreeMap::new() }
    }

    /// Requests a URL and follows redirects to a page.
    pub async fn open(&mut self, url: &str) -> anyhow::Result<Landed> {
        let mut url = Url::parse(url)?;
        for _ in 0..10 {
            let landed = self.ask(Request::new(Method::GET, url)).await?;
            match landed.response.header("location") {
                Some(location) if (300..400).contains(&landed.response.status) => url = landed.url.join(location)?,
                _ => return Ok(landed),
            }
        }
        anyhow::bail!("too many redirects")
    }

    /// Requests a URL and follows no redirect.
    pub async fn peek(&mut self, url: &str) -> anyhow::Result<Landed> {
        self.ask(Request::new(Method::GET, Url::parse(url)?)).await
    }

    /// Submits the form of the consent page with `decision`; returns the URL that the shop redirects to.
    pub async fn decide(&mut self, page: &Landed, decision: &str) -> anyhow::Result<Url> {
        let html = page.text();
        let action = attribute(&html, "<form", "action").context("the page has no form")?;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for input in html.split("<input ").skip(1) {
            if let (Some(name), Some(value)) = (attribute(input, "", "name"), attribute(input, "", "value")) {
                form.append_pair(&unescape(&name), &unescape(&value));
            }
        }
        form.append_pair("decision", decision);
        let mut request = Request::new(Method::POST, page.url.join(&action)?);
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request.body = Body::Bytes(form.finish().into());
        let landed = self.ask(request).await?;
        let location = landed
            .response
            .header("location")
            .with_context(|| format!("the shop's response is not a redirect: {}", landed.words()))?;
        Ok(landed.url.join(location)?)
    }

    /// Connects a simulated shop: opens the connect link and gives the consent. `shop` is the URL of the shop, needed
    /// if the merchant activates an integration there instead of consenting on a page.
    pub async fn rehearse(&mut self, link: &str, shop: Option<&str>) -> anyhow::Result<Landed> {
        let page = self.open(link).await?;
        anyhow::ensure!(page.response.status == 200, "the connect link failed: {}", page.words());
        if page.text().contains("<form") {
            let back = self.decide(&page, "allow").await?;
            return self.open_last(back.as_str()).await;
        }
        let shop = shop.context("the page has no form, and no --set shop=… is given to activate an integration in")?;
        let html = page.text();
        let address = html.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next());
        let address = unescape(address.context("the page shows no URL to activate an integration with")?);
        let form = [("callback", &address), ("identity", &address)];
        let landed = self.post(Url::parse(shop)?.join("/rehearsal/activate")?, &form).await?;
        let back = landed
            .response
            .header("location")
            .with_context(|| format!("the shop's response is not a redirect: {}", landed.words()))?
            .to_owned();
        self.open_last(&back).await
    }

    /// Requests the callback URL and follows a redirect only to the daemon itself; fails on an error status.
    async fn open_last(&mut self, url: &str) -> anyhow::Result<Landed> {
        let mut landed = self.peek(url).await?;
        let next = landed.response.header("location").and_then(|location| landed.url.join(location).ok());
        if let Some(next) = next.filter(|next| next.origin() == landed.url.origin()) {
            landed = self.peek(next.as_str()).await?;
        }
        anyhow::ensure!(landed.response.status < 400, "the shop was not connected: {}", landed.words());
        Ok(landed)
    }

    async fn post(&mut self, url: Url, form: &[(&str, &String)]) -> anyhow::Result<Landed> {
        let mut request = Request::new(Method::POST, url);
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        request.body = Body::Bytes(text.into());
        self.ask(request).await
    }

    async fn ask(&mut self, mut request: Request) -> anyhow::Result<Landed> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let jar: Vec<String> =
            self.cookies.iter().filter(|((h, _), _)| *h == host).map(|((_, n), v)| format!("{n}={v}")).collect();
        if !jar.is_empty() {
            request.headers.insert(header::COOKIE, HeaderValue::from_str(&jar.join("; "))?);
        }
        let response = self.http.send_once(&request).await?;
        for set in response.headers.get_all(header::SET_COOKIE) {
            if let Some((name, value)) = set.to_str()?.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert((host.clone(), name.trim().to_owned()), value.to_owned());
            }
        }
        Ok(Landed { url: request.url, response })
    }
}

fn attribute(html: &str, tag: &str, name: &str) -> Option<String> {
    let rest = &html[html.find(tag)?..];
    let rest = &rest[..rest.find('>')?];
    let rest = rest.split_once(&format!("{name}=\""))?.1;
    Some(rest[..rest.find('"')?].to_owned())
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}
