//! The page for people: files of the repository's `dashboard/`, which the binary carries.
//!
//! What is served is looked up in a table, so that no path reaches the file system. Each file is hashed and compressed when
//! it is first asked for, and then kept: a host takes calls before anybody opens its page. Names of files carry no hash,
//! because modules import each other by name: browsers keep them and ask each time whether they are still right.

mod encoding;

use crate::problem;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

static INDEX: &[u8] = include_bytes!("../../../dashboard/index.html");
static DOCS: &[u8] = include_bytes!("../../../dashboard/docs.html");
static ASSETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../dashboard/assets");
static PAGE: LazyLock<Page> = LazyLock::new(Page::read);

/// Nothing from elsewhere, nothing inline, and nobody frames it; the microphone is for the page itself.
const SECURITY: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; \
         img-src 'self' data:; worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "microphone=(self), camera=(), geolocation=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// A file of the page.
struct File {
    kind: &'static str,
    plain: Bytes,
    made: OnceLock<Made>,
}

/// What is made of a file when it is first asked for.
struct Made {
    tag: String,
    /// Where it is smaller.
    gzip: Option<Bytes>,
}

struct Page {
    index: File,
    docs: File,
    assets: HashMap<String, File>,
}

/// `/`, `/docs` and `/assets/`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(index)).route("/docs", get(docs)).route("/assets/{*path}", get(asset))
}

async fn index(headers: HeaderMap) -> Response {
    PAGE.index.answer(&headers)
}

/// The reference of the interface.
async fn docs(headers: HeaderMap) -> Response {
    PAGE.docs.answer(&headers)
}

async fn asset(Path(path): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    match PAGE.assets.get(&path) {
        Some(file) => file.answer(&headers),
        None => problem::not_found(uri).await.into_response(),
    }
}

impl Page {
    fn read() -> Self {
        let mut assets = HashMap::new();
        let mut folders = vec![&ASSETS];
        while let Some(folder) = folders.pop() {
            folders.extend(folder.dirs());
            for file in folder.files() {
                // Where folders are divided by something else, addresses are not.
                let path: Vec<_> = file.path().iter().map(|part| part.to_string_lossy()).collect();
                assets.insert(path.join("/"), File::new(kind(file.path()), file.contents()));
            }
        }
        Self { index: File::new(HTML, INDEX), docs: File::new(HTML, DOCS), assets }
    }
}

const HTML: &str = "text/html; charset=utf-8";
const UNKNOWN: &str = "application/octet-stream";

fn kind(path: &std::path::Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => HTML,
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "ico" => "image/vnd.microsoft.icon",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "wasm" => "application/wasm",
        _ => UNKNOWN,
    }
}

impl File {
    fn new(kind: &'static str, plain: &'static [u8]) -> Self {
        Self { kind, plain: Bytes::from_static(plain), made: OnceLock::new() }
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            let tag = Sha256::digest(&self.plain).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
            let gzip = gzip(&self.plain).filter(|small| small.len() < self.plain.len());
            Made { tag, gzip: gzip.map(Bytes::from) }
        })
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let Made { tag, gzip } = self.made();
        let gzip = gzip.as_ref().filter(|_| encoding::takes_gzip(headers));
        // The same file in two encodings is two things for whoever keeps copies.
        let tag = format!("\"{tag}{}\"", if gzip.is_some() { "-gz" } else { "" });
        let mut response = if encoding::has(headers, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = gzip.unwrap_or(&self.plain).clone().into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
            if gzip.is_some() {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
        headers.extend(SECURITY.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_known_kind() {
        for (path, file) in &PAGE.assets {
            assert_ne!(file.kind, UNKNOWN, "{path}");
        }
    }

    #[test]
    fn the_pages_have_nothing_inline_and_nothing_from_elsewhere() {
        for html in [INDEX, DOCS] {
            plain(std::str::from_utf8(html).unwrap());
        }
    }

    fn plain(html: &str) {
        for forbidden in ["<style", "style=", "http://", "https://", "javascript:", " onclick", " onload"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        let inline = html.split("<script").skip(1).filter(|script| !script.split('>').next().unwrap().contains("src="));
        assert_eq!(inline.count(), 0);
    }

    #[test]
    fn what_the_pages_ask_for_is_there() {
        let html = [INDEX, DOCS].map(|html| std::str::from_utf8(html).unwrap()).concat();
        for rest in html.split("\"/assets/").skip(1) {
            let path = rest.split('"').next().unwrap();
            assert!(PAGE.assets.contains_key(path), "{path}");
        }
    }
}
