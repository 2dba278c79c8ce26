//! A host with two tenants and a key for every role in each, and things for the first of them.

use crate::by_hand::{http, until};
use crate::world::{self, World};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROLES: [&str; 3] = ["viewer", "editor", "admin"];
const OWN: &str = "acme";
const OTHER: &str = "globex";

/// A host with two tenants.
pub(super) struct Setting {
    http: reqwest::Client,
    origin: String,
    operator: String,
    own: BTreeMap<&'static str, String>,
    other: BTreeMap<&'static str, String>,
    /// Names are made of it.
    next: AtomicUsize,
    _world: World,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) status: u16,
    /// Without parameters.
    pub(super) kind: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().to_owned();
        let status = response.status().as_u16();
        Self { status, kind, body: String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned() }
    }
}

impl Setting {
    pub(super) async fn start() -> Self {
        let world = World::start(world::Setting { utterances: vec!["Hello there"], ..world::Setting::default() }).await;
        let operator = format!("Bearer {}", world.api.token());
        let (origin, http) = (world.host.origin(), http());
        let mut setting = Self {
            http,
            origin,
            operator,
            own: BTreeMap::new(),
            other: BTreeMap::new(),
            next: AtomicUsize::new(0),
            _world: world,
        };
        for tenant in [OWN, OTHER] {
            setting.made("/tenants", None, json!({ "name": tenant })).await;
            let mut keys = BTreeMap::new();
            for role in ROLES {
                let key = setting.made("/keys", Some(tenant), json!({"name": role, "role": role})).await;
                keys.insert(role, format!("Bearer {}", key["secret"].as_str().unwrap()));
            }
            *(if tenant == OWN { &mut setting.own } else { &mut setting.other }) = keys;
        }
        let agent = setting.voice_agent().await;
        setting.post(&format!("/agents/{agent}/set-default"), json!({})).await;
        let theirs = setting.made("/agents", Some(OTHER), setting.contract()).await;
        let theirs = theirs["agent_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/agents/{theirs}/set-default");
        let request = setting.request(&Method::POST, &path, Some(&setting.operator)).header("x-tenant", OTHER);
        assert_eq!(Asked::of(request).await.status, 200);
        setting
    }

    pub(super) fn request(&self, method: &Method, path: &str, bearer: Option<&str>) -> RequestBuilder {
        let request = self.http.request(method.clone(), format!("{}{path}", self.origin));
        match bearer {
            Some(bearer) => request.header("authorization", bearer),
            None => request,
        }
    }

    pub(super) fn is_operator(&self, bearer: &str) -> bool {
        self.operator == bearer
    }

    /// Somebody of the tenant with this role.
    pub(super) fn own(&self, role: &str) -> &str {
        self.own.get(role).unwrap_or(&self.operator)
    }

    /// Somebody of the other tenant with this role.
    pub(super) fn other(&self, role: &str) -> &str {
        &self.other[role]
    }

    /// Somebody of the tenant with the next lower role.
    pub(super) fn lower(&self, role: &str) -> Option<&str> {
        let at = ROLES.iter().position(|known| *known == role).unwrap_or(ROLES.len());
        Some(self.own(ROLES[at.checked_sub(1)?]))
    }

    /// A word that was not used before.
    pub(super) fn word(&self, about: &str) -> String {
        format!("{about}-{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A contract of an agent that speaks.
    pub(super) fn contract(&self) -> Value {
        let mut contract = world::contract();
        contract["name"] = json!(self.word("Desk"));
        contract
    }

    async fn made(&self, path: &str, tenant: Option<&str>, body: Value) -> Value {
        let mut request = self.request(&Method::POST, &format!("/api/v1{path}"), Some(&self.operator)).json(&body);
        if let Some(tenant) = tenant {
            request = request.header("x-tenant", tenant);
        }
        let answer = Asked::of(request).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// Does something for the tenant.
    pub(super) async fn post(&self, path: &str, body: Value) -> Value {
        self.made(path, Some(OWN), body).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let request = self.request(&Method::GET, &format!("/api/v1{path}"), Some(&self.operator));
        let answer = Asked::of(request.header("x-tenant", OWN)).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    pub(super) async fn put(&self, path: &str, body: Value) {
        let request = self.request(&Method::PUT, &format!("/api/v1{path}"), Some(&self.operator));
        let answer = Asked::of(request.header("x-tenant", OWN).json(&body)).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
    }

    async fn id(&self, path: &str, body: Value, at: &str) -> String {
        self.post(path, body).await.pointer(at).and_then(Value::as_str).unwrap().to_owned()
    }

    pub(super) async fn voice_agent(&self) -> String {
        self.id("/agents", self.contract(), "/agent_id").await
    }

    /// An agent that is written to.
    pub(super) async fn writing_agent(&self) -> String {
        let contract = json!({
            "name": self.word("Clerk"),
            "type": "conversational",
            "prompt": {"instructions": "Answer.", "greeting": "Hello."},
            "llm": {"provider": "builtin"},
        });
        self.id("/agents", contract, "/agent_id").await
    }

    pub(super) async fn thread(&self) -> String {
        let agent = self.writing_agent().await;
        self.id(&format!("/agents/{agent}/chat"), json!({}), "/thread").await
    }

    /// A live call from a browser.
    pub(super) async fn call(&self) -> String {
        let agent = self.voice_agent().await;
        self.id("/web-calls", json!({ "agent": agent }), "/call").await
    }

    /// A call that is over.
    pub(super) async fn ended_call(&self) -> String {
        let call = self.call().await;
        self.post(&format!("/calls/{call}/hangup"), json!({})).await;
        let path = format!("/calls/{call}");
        until(async || (self.get(&path).await["state"] == "ended").then_some(())).await;
        call
    }

    pub(super) async fn document(&self) -> String {
        let body = json!({"name": self.word("Handbook"), "text": "The garage is behind the house."});
        self.id("/documents", body, "/id").await
    }

    pub(super) async fn number(&self) -> String {
        let number = format!("+1555{:07}", self.next.fetch_add(1, Ordering::Relaxed));
        let agent = self.voice_agent().await;
        self.post(&format!("/phone-numbers/{number}/assign"), json!({ "agent_id": agent })).await;
        number
    }

    /// A component with a draft.
    pub(super) async fn component(&self) -> String {
        self.uploaded(&format!("name={}", self.word("component")), "echo").await
    }

    /// The id of a tool.
    pub(super) async fn tool(&self) -> String {
        let name = self.word("toolbox");
        self.uploaded(&format!("name={name}&promote=true"), "toolbox").await;
        format!("{name}.echo")
    }

    async fn uploaded(&self, query: &str, fixture: &str) -> String {
        let path = format!("/api/v1/components?{query}");
        let request = self.request(&Method::POST, &path, Some(&self.operator)).header("x-tenant", OWN);
        let request = request.header("content-type", "application/wasm").body(crate::components::fixture(fixture));
        let answer = Asked::of(request).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let made: Value = serde_json::from_str(&answer.body).unwrap();
        made["component"]["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn template(&self) -> String {
        let name = self.word("template");
        self.post("/templates", json!({"name": name, "document": {"traits": {"empathy": 90}}})).await;
        name
    }

    pub(super) async fn session(&self) -> String {
        let agent = self.voice_agent().await;
        self.id("/sessions", json!({ "agent_id": agent }), "/id").await
    }

    pub(super) async fn user(&self) -> String {
        let email = format!("{}@example.com", self.word("ann"));
        self.id("/users", json!({"email": email, "name": "Ann", "role": "viewer"}), "/id").await
    }

    pub(super) async fn key(&self) -> String {
        self.id("/keys", json!({"name": self.word("key"), "role": "viewer"}), "/key/id").await
    }

    pub(super) async fn secret(&self) -> String {
        let name = self.word("secret");
        self.put(&format!("/secrets/{name}"), json!({"value": "x"})).await;
        name
    }

    pub(super) async fn webhook(&self) -> String {
        let url = format!("https://{}.example.com/", self.word("hook"));
        self.id("/webhooks", json!({ "url": url }), "/webhook/id").await
    }

    /// A webhook, and something that it was to be told.
    pub(super) async fn delivery(&self) -> (String, String) {
        let webhook = self.webhook().await;
        self.ended_call().await;
        let path = format!("/webhooks/{webhook}/deliveries");
        let found = until(async || self.get(&path).await["items"][0]["id"].as_str().map(str::to_owned)).await;
        (webhook, found)
    }

    /// A tenant that nobody needs.
    pub(super) async fn tenant(&self) -> String {
        let made = self.made("/tenants", None, json!({ "name": self.word("tenant") })).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// The tenant itself.
    pub(super) async fn own_tenant(&self) -> String {
        self.get("/auth/me").await["tenant"]["id"].as_str().unwrap().to_owned()
    }

    /// What a link to log in with has behind its sign.
    pub(super) async fn code(&self) -> String {
        let link = self.post("/auth/links", json!({})).await;
        link["url"].as_str().unwrap().split("#login=").nth(1).unwrap().to_owned()
    }
}
