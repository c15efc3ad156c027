//! Leaves keys out of a bucket's listings that are none of ours, before `object_store` reads them: one `a//b` that somebody
//! else put there would fail the whole page, and `a/` would be told as `a`.

use std::pin::Pin;

use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
        ReqwestConnector,
    },
};

use super::key::is_plain;

/// The way to a bucket, with a sieve in it.
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
            let answer = self.0.execute(request).await?;
            if !listing || !answer.status().is_success() {
                return Ok(answer);
            }
            let (head, body) = answer.into_parts();
            let body = body.bytes().await?;
            let body = std::str::from_utf8(&body).map_or_else(|_| body.clone(), |xml| sieve(xml).into());
            Ok(HttpResponse::from_parts(head, HttpResponseBody::from(body)))
        })
    }
}

fn sieve(xml: &str) -> String {
    let mut pieces = xml.split("<Contents>");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (object, rest) = piece.split_once("</Contents>").unwrap_or((piece, ""));
        let key = object.split_once("<Key>").and_then(|(_, rest)| rest.split_once("</Key>")).map(|(key, _)| key);
        if key.is_some_and(|key| is_plain(&unescaped(key))) {
            kept += &format!("<Contents>{object}</Contents>");
        }
        kept += rest;
    }
    kept
}

/// A text of XML as it is meant.
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
