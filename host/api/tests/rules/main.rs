//! The rules of the interface, asked without a socket over a real store.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod administration;
mod agents;
mod calls;
mod dashboard;
mod documents;
mod exchange;
mod interface;
mod issuers;
mod layers;
mod login;
mod people;
mod providers;
mod serving;
mod webhooks;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request};
use serde_json::Value;
use std::collections::HashMap;
use tempfile::TempDir;
use tower::ServiceExt as _;
use trunkline_api::{Api, router};
use trunkline_egress::{Egress, Policy};
use trunkline_providers::{Providers, ProvidersConfig};
use trunkline_runtime::Runtime;
use trunkline_session::{Library, SessionConfig, Sessions};
use trunkline_store::{Store, StoreConfig};
use trunkline_twilio::token::TokenKey;

const PUBLIC_URL: &str = "https://voice.example.com";
const HOST: &str = "127.0.0.1:8080";

/// A host without sockets, with one tenant and one operator's token.
struct Fixture {
    router: Router,
    store: Store,
    token: String,
    _dir: TempDir,
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// A browser that is logged in.
struct Browser {
    cookie: String,
    csrf: String,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|api| api).await
    }

    async fn with(change: impl FnOnce(Api) -> Api) -> Self {
        Self::made(&ProvidersConfig::default(), change).await
    }

    async fn with_providers(config: &ProvidersConfig) -> Self {
        Self::made(config, |api| api).await
    }

    async fn made(config: &ProvidersConfig, change: impl FnOnce(Api) -> Api) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(dir.path())).await.unwrap();
        let tenant = store.tenants().create("default", 1).await.unwrap().id;
        let token = store.operator_tokens().create("first", 1).await.unwrap();
        // Only its name counts where nothing is run.
        let blob = store.components().put_blob(b"code".to_vec(), 1).await.unwrap();
        store.components().release("conversation", blob, 1).await.unwrap();
        let library = Library::new(Runtime::new(&trunkline_runtime::Config::new([7; 32])).unwrap(), store.clone());
        let egress = Egress::new(Vec::new()).unwrap();
        let providers = Providers::new(config, &egress, Policy::tenant(Vec::new())).unwrap();
        let config = SessionConfig {
            prices: trunkline_session::Prices::default(),
            host: "test".to_owned(),
            max_calls: 4,
            max_calls_per_tenant: 4,
            outgoing: egress.http(Policy::tenant(Vec::new())).unwrap(),
            token_key: TokenKey::new(&[9; 32]).unwrap(),
        };
        let sessions = Sessions::new(store.clone(), library, providers, config);
        let api = Api::new(store.clone(), sessions, HashMap::new(), PUBLIC_URL, tenant, 4);
        Self { router: router(change(api)), store, token, _dir: dir }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A request with these headers; a body is JSON.
    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", HOST);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.ask(request.unwrap()).await
    }

    /// As the operator with the token.
    async fn operator(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        self.send(method, path, &[("authorization", &bearer)], body).await
    }

    /// Logs a browser in with a link of the machine's console.
    async fn browser(&self) -> Browser {
        let code = self.store.logins().link(None, None, trunkline_session::unix_ms()).await.unwrap().code;
        let answer = self.login(&code).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Browser { cookie: answer.cookie(), csrf: answer.json()["csrf"].as_str().unwrap().to_owned() }
    }

    async fn login(&self, code: &str) -> Answer {
        let body = serde_json::json!({ "code": code });
        self.send(Method::POST, "/api/v1/auth/login", &[], Some(&body)).await
    }
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The problem document, which every error must be; gives its kind.
    #[track_caller]
    fn problem(&self, status: u16) -> String {
        assert_eq!((self.status, self.header("content-type")), (status, "application/problem+json"), "{self:?}");
        let document = self.json();
        assert!(document["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{document}");
        document["type"].as_str().unwrap().strip_prefix("urn:trunkline:problem:").unwrap().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What the browser shows from now on.
    fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}
