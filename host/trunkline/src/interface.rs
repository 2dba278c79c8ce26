//! The interface of a host, whether one runs or not: over its socket, or answered in this process from the data directory.

use crate::backend::{Remote, refusal, server};
use crate::cli::Global;
use crate::config::{Config, Environment};
use crate::running::Running;
use crate::{components, first_run};
use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use std::collections::HashMap;
use trunkline_api::Api;
use trunkline_egress::Policy;
use trunkline_providers::Providers;
use trunkline_runtime::Runtime;
use trunkline_session::{Library, SessionConfig, Sessions, unix_ms};
use trunkline_store::Store;
use trunkline_twilio::token::TokenKey;
use url::Url;

/// Name of the token that requests of this process show.
const TOKEN: &str = "command line";
/// Only its path counts.
const HERE: &str = "http://localhost/api/v1";

/// What is asked of the interface.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
}

impl Ask {
    pub(crate) fn new(method: Method, path: &[&str]) -> Self {
        Self { method, path: path.iter().map(|part| (*part).to_owned()).collect(), query: Vec::new(), body: None }
    }

    pub(crate) fn with(self, name: &'static str, value: Option<impl ToString>) -> Self {
        let mut query = self.query;
        query.extend(value.map(|value| (name, value.to_string())));
        Self { query, ..self }
    }

    pub(crate) fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// Whoever answers.
pub(crate) enum Interface {
    /// A running server.
    Server(Box<Remote>),
    /// This process.
    Here(Box<Here>),
}

/// A data directory that no server uses.
pub(crate) struct Here {
    api: Api,
    store: Store,
    token: String,
    tenant: Option<String>,
}

impl Interface {
    /// The server that was named, else the one that runs on the data directory, else the data directory.
    ///
    /// # Errors
    /// The data directory cannot be opened; the server's address or token cannot be used.
    pub(crate) async fn open(global: &Global, env: &Environment, config: &Config) -> anyhow::Result<Self> {
        if server(global, env)?.is_some() || Running::find(&config.data).is_some() {
            return Ok(Self::Server(Box::new(Remote::find(global, env, config)?)));
        }
        Ok(Self::Here(Box::new(Here::open(config, global.tenant.clone()).await?)))
    }

    /// Asks, and gives the answer; null when there is none.
    ///
    /// # Errors
    /// It is refused, or cannot be reached.
    pub(crate) async fn ask(&self, ask: Ask) -> anyhow::Result<Value> {
        match self {
            Self::Server(remote) => {
                let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
                remote.0.ask(ask.method, &path, &ask.query, ask.body.as_ref()).await
            }
            Self::Here(here) => here.ask(ask).await,
        }
    }

    /// Leaves nothing behind.
    pub(crate) async fn close(self) {
        if let Self::Here(here) = self {
            if let Err(error) = here.store.operator_tokens().revoke(TOKEN, unix_ms()).await {
                tracing::warn!(%error, "a token that was made for this command could not be taken back");
            }
            here.store.close().await;
        }
    }
}

impl Here {
    async fn open(config: &Config, tenant: Option<String>) -> anyhow::Result<Self> {
        let store = first_run::open(&config.data, true).await?;
        let prepared = first_run::prepare(&store, config).await?;
        let runtime = Runtime::new(&trunkline_runtime::Config::new([0; 32]))?;
        let egress = crate::outgoing::egress(config)?;
        let providers = Providers::new(&config.providers, &egress, Policy::tenant(Vec::new()))?;
        let session = SessionConfig {
            host: TOKEN.to_owned(),
            max_calls: 0,
            max_calls_per_tenant: 0,
            token_key: TokenKey::new(&[0; 32])?,
            prices: config.admin.prices.clone(),
        };
        let library = Library::new(runtime, store.clone());
        library.expect(components::list(&config.components)?.into_iter().map(|(name, _)| name));
        let sessions = Sessions::new(store.clone(), library, providers, session);
        let api = Api::new(store.clone(), sessions, HashMap::new(), &config.public_url, prepared.default_tenant, 0);
        store.operator_tokens().revoke(TOKEN, unix_ms()).await?;
        let token = store.operator_tokens().create(TOKEN, unix_ms()).await?;
        Ok(Self { api, store, token, tenant })
    }

    async fn ask(&self, ask: Ask) -> anyhow::Result<Value> {
        let mut url = Url::parse(HERE)?;
        url.path_segments_mut().map_err(|()| anyhow::anyhow!("no path"))?.extend(&ask.path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let patch = ask.method == Method::PATCH;
        let kind = if patch { "application/merge-patch+json" } else { "application/json" };
        let mut request = Request::builder()
            .method(ask.method)
            .uri(url.as_str())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::HOST, "localhost");
        if let Some(tenant) = &self.tenant {
            request = request.header("x-tenant", tenant);
        }
        if ask.body.is_some() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let body = ask.body.map(|body| serde_json::to_vec(&body)).transpose()?.unwrap_or_default();
        let (status, answer) = trunkline_api::ask(self.api.clone(), request.body(Bytes::from(body))?).await;
        read(status, &answer)
    }
}

fn read(status: StatusCode, answer: &[u8]) -> anyhow::Result<Value> {
    if !status.is_success() {
        return Err(refusal(status, answer, TOKEN));
    }
    if answer.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(answer).context("the answer is no JSON")
}
