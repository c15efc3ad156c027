//! Removes invalid keys from a bucket's listings before `object_store` parses them: one foreign key `a//b` would fail
//! the whole page, and `a/` would be listed as `a`.

use std::pin::Pin;

use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
        ReqwestConnector,
    },
};

use super::key::is_plain;

/// An HTTP connector that filters listings.
#[derive(Debug)]
pub(super) struct Sieved;

#[derive(Debug)]
struct Sieve(HttpClient);

impl HttpConnector for Sieved {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Sieve(ReqwestConnector::default().connect(options)?)))
    }
}

impl HttpService for Sieve {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let listing = request.uri().query().is_some_and(|query| query.contains("list-type=2"));
            let response = self.0.execute(request).await?;
            if !listing || !response.status().is_success() {
                return Ok(response);
            }
            let (head, body) = response.into_parts();
            let body = body.bytes().await?;
            let body = match std::str::from_utf8(&body) {
                Ok(xml) => sieve(xml).into(),
                Err(_) => body,
            };
            Ok(HttpResponse::from_parts(head, HttpResponseBody::from(body)))
        })
    }
}

fn sieve(xml: &str) -> String {
    let mut pieces = xml.split("<Contents>");
    let mut filtered = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (object, rest) = piece.split_once("</Contents>").unwrap_or((piece, ""));
        let key = object.split_once("<Key>").and_then(|(_, rest)| rest.split_once("</Key>")).map(|(key, _)| key);
        if key.is_some_and(|key| is_plain(&unescaped(key))) {
            filtered += &format!("<Contents>{object}</Contents>");
        }
        filtered += rest;
    }
    filtered
}

/// Decodes the entities of an XML text.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(';').unwrap_or((piece, ""));
        let number = name.strip_prefix("#x").map_or_else(
            || name.strip_prefix('#').and_then(|digits| digits.parse().ok()),
            |digits| u32::from_str_radix(digits, 16).ok(),
        );
        match name {
            "amp" => plain.push('&'),
            "lt" => plain.push('<'),
            "gt" => plain.push('>'),
            "quot" => plain.push('"'),
            "apos" => plain.push('\''),
            _ => plain.extend(number.map(|n| char::from_u32(n).unwrap_or('\0'))),
        }
        plain += rest;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_keys_are_left_out_and_the_rest_stays_as_it_was() {
        let object = |key: &str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
        let page = |keys: &[&str]| {
            let objects: String = keys.iter().map(|key| object(key) + "\n").collect();
            format!("<List><Name>n</Name>{objects}<IsTruncated>false</IsTruncated></List>")
        };
        let given =
            page(&["a/b &amp; c&#39;.png", "a//b", "a/", "/a", "a/..", "x&#10;y", "x&#x0;y", "&#46;&#46;/a", "z"]);
        let left: String = sieve(&given).split_whitespace().collect();
        assert_eq!(left, page(&["a/b &amp; c&#39;.png", "z"]).split_whitespace().collect::<String>());
    }
}
