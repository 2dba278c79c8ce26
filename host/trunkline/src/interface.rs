//! The interface of a host, whether one runs or not: over its socket, or answered in this process from the data directory.

use crate::backend::{Remote, refusal, server, tenant};
use crate::cli::Global;
use crate::config::{Config, Environment};
use crate::running::Running;
use crate::{components, first_run};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::Value;
use std::collections::HashMap;
use trunkline_api::Api;
use trunkline_contract::AgentId;
use trunkline_egress::Policy;
use trunkline_providers::Providers;
use trunkline_runtime::Runtime;
use trunkline_session::{Library, SessionConfig, Sessions, unix_ms};
use trunkline_store::Store;
use trunkline_twilio::token::TokenKey;
use url::Url;

/// Name of the token that requests of this process show.
const TOKEN: &str = "command line";
/// Media type of components.
const WASM: &str = "application/wasm";
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
        Ok(Self::Here(Box::new(Here::open(config, tenant(global, env, None).map(str::to_owned)).await?)))
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

    /// Sends a component and gives what became of it; `stage` is told how far it is.
    ///
    /// # Errors
    /// As [`Interface::ask`].
    pub(crate) async fn upload(
        &self,
        query: &[(&'static str, String)],
        component: Bytes,
        stage: impl Fn(String),
    ) -> anyhow::Result<Value> {
        const PATH: &[&str] = &["components"];
        let Self::Server(remote) = self else {
            let Self::Here(here) = self else { bail!("nobody answers") };
            return here.send(Method::POST, PATH, query, Some((WASM, component))).await;
        };
        let mut events = remote.0.post_events(PATH, query, WASM, component).await?;
        while let Some(event) = events.next().await? {
            let data: Value = serde_json::from_str(&event.data).context("the answer is no JSON")?;
            match event.name.as_str() {
                "stage" => stage(data["stage"].as_str().unwrap_or_default().to_owned()),
                "done" => return Ok(data),
                "error" => {
                    let status =
                        data["status"].as_u64().and_then(|status| StatusCode::from_u16(status.try_into().ok()?).ok());
                    return Err(refusal(status.unwrap_or_default(), event.data.as_bytes(), TOKEN));
                }
                _ => {}
            }
        }
        bail!("the server ended without an answer")
    }

    /// The id of the agent of this id or, if it is none, of this name; archived ones are found too.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn agent(&self, named: &str) -> anyhow::Result<String> {
        if named.parse::<AgentId>().is_ok() {
            return Ok(named.to_owned());
        }
        for status in [None, Some("archived")] {
            if let Some(id) = self.agent_named(named, status).await? {
                return Ok(id);
            }
        }
        bail!("there is no agent `{named}`: `trunkline agent list` shows all")
    }

    /// The id of the agent of this name, of those with this status; without one, of those that are not archived.
    ///
    /// # Errors
    /// The agents cannot be listed.
    pub(crate) async fn agent_named(&self, name: &str, status: Option<&str>) -> anyhow::Result<Option<String>> {
        let mut cursor = None::<String>;
        loop {
            let ask = Ask::new(Method::GET, &["agents"]).with("limit", Some(500));
            let page = self.ask(ask.with("status", status).with("cursor", cursor.take())).await?;
            let mut items = page["items"].as_array().into_iter().flatten();
            let found = items.find(|agent| agent["document"]["name"] == name);
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if found.is_some() || cursor.is_none() {
                return Ok(found.and_then(|agent| agent["agent_id"].as_str()).map(str::to_owned));
            }
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
        let mut runtime = trunkline_runtime::Config::new([0; 32]);
        runtime.compiler = Some(crate::guests::compiler()?);
        let runtime = Runtime::new(&runtime)?;
        let egress = crate::outgoing::egress(config)?;
        let providers = Providers::new(&config.providers, &egress, Policy::tenant(Vec::new()))?;
        let session = SessionConfig {
            host: TOKEN.to_owned(),
            max_calls: 0,
            max_calls_per_tenant: 0,
            token_key: TokenKey::new(&[0; 32])?,
            prices: config.admin.prices.clone(),
            outgoing: egress.http(crate::serve::tenants(config))?,
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
        let patch = ask.method == Method::PATCH;
        let kind = if patch { "application/merge-patch+json" } else { "application/json" };
        let body = ask.body.map(|body| serde_json::to_vec(&body)).transpose()?;
        let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
        self.send(ask.method, &path, &ask.query, body.map(|body| (kind, body.into()))).await
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&'static str, String)],
        body: Option<(&'static str, Bytes)>,
    ) -> anyhow::Result<Value> {
        let mut url = Url::parse(HERE)?;
        url.path_segments_mut().map_err(|()| anyhow::anyhow!("no path"))?.extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::HOST, "localhost");
        if let Some(tenant) = &self.tenant {
            request = request.header("x-tenant", tenant);
        }
        let body = body.map(|(kind, body)| {
            if let Some(headers) = request.headers_mut() {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            body
        });
        let (status, answer) = trunkline_api::ask(self.api.clone(), request.body(body.unwrap_or_default())?).await;
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
