//! What each operation is asked: of things that the first tenant has, made anew for each caller.

use super::setting::Setting;
use crate::components::fixture;
use serde_json::{Value, json};

/// What somebody of another tenant gets who asks the same.
pub(super) enum Others {
    /// It is not there.
    Missing,
    /// The same of their own: nothing in it is the tenant's.
    Apart,
    /// A list without this.
    Without(String),
}

/// What is asked.
pub(super) struct Case {
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// A body that is no JSON, and its media type.
    pub(super) bytes: Option<(&'static str, Vec<u8>)>,
    pub(super) others: Others,
    /// The status that whoever may gets, where it is no success.
    pub(super) instead: Option<u16>,
}

impl Case {
    fn new(path: impl AsRef<str>, others: Others) -> Self {
        let path = format!("/api/v1{}", path.as_ref());
        Self { path, body: None, bytes: None, others, instead: None }
    }

    /// Of a thing that the tenant has.
    fn of(path: impl AsRef<str>) -> Self {
        Self::new(path, Others::Missing)
    }

    /// Of nothing that is the tenant's.
    fn apart(path: impl AsRef<str>) -> Self {
        Self::new(path, Others::Apart)
    }

    /// A list that the thing is in.
    fn list(path: impl AsRef<str>, theirs: impl Into<String>) -> Self {
        Self::new(path, Others::Without(theirs.into()))
    }

    fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// The case of an operation; none: there is none.
pub(super) async fn case(setting: &Setting, operation: &str) -> Option<Case> {
    if let Some(case) = agents(setting, operation).await {
        return Some(case);
    }
    if let Some(case) = served(setting, operation).await {
        return Some(case);
    }
    if let Some(case) = conversations(setting, operation).await {
        return Some(case);
    }
    if let Some(case) = things(setting, operation).await {
        return Some(case);
    }
    if let Some(case) = people(setting, operation).await {
        return Some(case);
    }
    host(setting, operation).await
}

async fn agents(setting: &Setting, operation: &str) -> Option<Case> {
    if operation == "createAgent" {
        return Some(Case::apart("/agents").with(setting.contract()));
    }
    if operation == "validateAgent" {
        return Some(Case::apart("/agents/validate").with(setting.contract()));
    }
    if operation == "importAgent" {
        return Some(Case::apart("/agents/import").with(json!({"source": setting.contract(), "secrets": false})));
    }
    let agent = setting.voice_agent().await;
    let path = format!("/agents/{agent}");
    Some(match operation {
        "listAgents" => Case::list("/agents", agent),
        "currentAgent" => Case::list("/agents/current", setting.get("/agents/current").await["agent_id"].as_str()?),
        "getAgent" | "archiveAgent" => Case::of(path),
        "replaceAgent" => Case::of(path).with(setting.contract()),
        "changeAgent" => Case::of(path).with(json!({"prompt": {"greeting": "Hi."}})),
        "restoreAgent" => Case::of(format!("{path}/restore")),
        "listAgentVersions" => Case::of(format!("{path}/versions")),
        "getAgentVersion" => Case::of(format!("{path}/versions/1")),
        "compareAgentVersions" => Case::of(format!("{path}/diff?from=1&to=1")),
        "exportAgent" => Case::of(format!("{path}/export?shape=persona")),
        "rollBackAgent" => Case::of(format!("{path}/rollback")).with(json!({"version": 1})),
        "setDefaultAgent" => Case::of(format!("{path}/set-default?environment=staging")),
        "getEffectiveContract" => Case::of(format!("{path}/effective")),
        _ => return None,
    })
}

async fn served(setting: &Setting, operation: &str) -> Option<Case> {
    let agent = setting.voice_agent().await;
    let path = format!("/agents/{agent}");
    let fields = format!("{path}/schema/fields");
    let field = |name: &str| json!({"name": name, "type": "str", "use_in_tts": true});
    Some(match operation {
        "getServing" => Case::of(format!("{path}/serving")),
        "pinAgent" => Case::of(format!("{path}/pin")).with(json!({"version": 1})),
        "rollOutAgent" | "endRollout" => {
            setting.put(&path, setting.contract()).await;
            let case = Case::of(format!("{path}/rollout"));
            if operation == "endRollout" { case } else { case.with(json!({"version": 2, "percent": 10})) }
        }
        "setTracing" => Case::of(format!("{path}/tracing")).with(json!({"enabled": true})),
        "listFields" => Case::of(fields),
        "addField" => Case::of(fields).with(field("reply")),
        "setField" | "dropField" => {
            setting.post(&fields, field("reply")).await;
            if operation == "setField" {
                Case::of(format!("{fields}/reply")).with(field("reply"))
            } else {
                setting.post(&fields, json!({"name": "mood", "type": "str"})).await;
                Case::of(format!("{fields}/mood"))
            }
        }
        _ => return None,
    })
}

async fn conversations(setting: &Setting, operation: &str) -> Option<Case> {
    Some(match operation {
        "chat" => {
            let agent = setting.writing_agent().await;
            Case::of(format!("/agents/{agent}/chat")).with(json!({"text": "Hello"}))
        }
        "listThreads" => Case::list("/threads", setting.thread().await),
        "getThread" => Case::of(format!("/threads/{}", setting.thread().await)),
        "listMessages" => Case::of(format!("/threads/{}/messages", setting.thread().await)),
        "createWebCall" => Case::of("/web-calls").with(json!({"agent": setting.voice_agent().await})),
        "renewWebCall" => Case::of(format!("/web-calls/{}/token", setting.call().await)),
        // Whoever asks without an upgrade learns that one is needed.
        "openWebCall" => {
            let case = Case::of(format!("/web-calls/{}/media", setting.call().await));
            Case { instead: Some(400), ..case }
        }
        "listCalls" => Case::list("/calls", setting.call().await),
        "getCall" => Case::of(format!("/calls/{}", setting.call().await)),
        "getTranscript" => Case::of(format!("/calls/{}/transcript", setting.call().await)),
        "listEvents" => Case::of(format!("/calls/{}/events", setting.call().await)),
        "getLatency" => Case::of(format!("/calls/{}/latency", setting.call().await)),
        // That of a call that goes on would not end.
        "followCall" => Case::of(format!("/calls/{}/live", setting.ended_call().await)),
        "hangUp" => Case::of(format!("/calls/{}/hangup", setting.call().await)),
        "switchAgent" => {
            let body = json!({"agent_id": setting.voice_agent().await});
            Case::of(format!("/calls/{}/agent", setting.call().await)).with(body)
        }
        _ => return None,
    })
}

async fn things(setting: &Setting, operation: &str) -> Option<Case> {
    let change = json!({"document": {"traits": {"empathy": 80}}});
    Some(match operation {
        "listNumbers" => Case::list("/phone-numbers", setting.number().await),
        "assignNumber" => {
            let body = json!({"agent_id": setting.voice_agent().await});
            Case::of(format!("/phone-numbers/{}/assign", setting.number().await)).with(body)
        }
        "unassignNumber" => Case::of(format!("/phone-numbers/{}/unassign", setting.number().await)),
        "listDocuments" => Case::list("/documents", setting.document().await),
        "createDocument" => Case::apart("/documents").with(json!({"name": "Handbook", "text": "The garage."})),
        "searchDocuments" => Case::list("/documents/search", setting.document().await).with(json!({"query": "garage"})),
        "getDocument" | "deleteDocument" => Case::of(format!("/documents/{}", setting.document().await)),
        "listComponents" => Case::list("/components", setting.component().await),
        "uploadComponent" => {
            let case = Case::apart(format!("/components?name={}", setting.word("component")));
            Case { bytes: Some(("application/wasm", fixture("echo"))), ..case }
        }
        "getComponent" | "deleteComponent" => Case::of(format!("/components/{}", setting.component().await)),
        "listReleases" => Case::of(format!("/components/{}/releases", setting.component().await)),
        "deleteRelease" => Case::of(format!("/components/{}/releases/1", setting.component().await)),
        "promoteComponent" => {
            Case::of(format!("/components/{}/promote", setting.component().await)).with(json!({"release": 1}))
        }
        "rollBackComponent" => {
            let component = setting.component().await;
            setting.post(&format!("/components/{component}/promote"), json!({})).await;
            Case::of(format!("/components/{component}/rollback")).with(json!({"release": 1}))
        }
        "grantComponent" => Case::of(format!("/components/{}/grants", setting.component().await))
            .with(json!({"hosts": ["api.example.com"]})),
        "listTools" => Case::list("/tools", setting.tool().await),
        "getTool" => Case::of(format!("/tools/{}", setting.tool().await)),
        "callTool" => Case::of(format!("/tools/{}/call", setting.tool().await)).with(json!({"args": {"echo": 1}})),
        "listTemplates" => Case::list("/templates", setting.template().await),
        "createTemplate" => {
            Case::apart("/templates").with(json!({"name": setting.word("template"), "document": {"locale": "de-CH"}}))
        }
        "getTemplate" | "deleteTemplate" => Case::of(format!("/templates/{}", setting.template().await)),
        "replaceTemplate" => Case::of(format!("/templates/{}", setting.template().await)).with(change),
        "listSessions" => Case::list("/sessions", setting.session().await),
        "createSession" => Case::of("/sessions").with(json!({"agent_id": setting.voice_agent().await})),
        "getSession" | "endSession" => Case::of(format!("/sessions/{}", setting.session().await)),
        "listWebhooks" => Case::list("/webhooks", setting.webhook().await),
        "createWebhook" => Case::apart("/webhooks").with(json!({"url": "https://hooks.example.com/"})),
        "getWebhook" | "deleteWebhook" => Case::of(format!("/webhooks/{}", setting.webhook().await)),
        "replaceWebhook" => Case::of(format!("/webhooks/{}", setting.webhook().await))
            .with(json!({"url": "https://other.example.com/"})),
        "replaceWebhookSecret" => Case::of(format!("/webhooks/{}/secret", setting.webhook().await)),
        "listDeliveries" => Case::of(format!("/webhooks/{}/deliveries", setting.webhook().await)),
        "redeliver" => {
            let (webhook, delivery) = setting.delivery().await;
            Case::of(format!("/webhooks/{webhook}/redeliver")).with(json!({ "delivery_id": delivery }))
        }
        _ => return None,
    })
}

async fn people(setting: &Setting, operation: &str) -> Option<Case> {
    let new_user = json!({"email": format!("{}@example.com", setting.word("bob")), "name": "Bob", "role": "viewer"});
    Some(match operation {
        "listUsers" => Case::list("/users", setting.user().await),
        "createUser" => Case::apart("/users").with(new_user),
        "getUser" | "deleteUser" => Case::of(format!("/users/{}", setting.user().await)),
        "changeUser" => Case::of(format!("/users/{}", setting.user().await)).with(json!({"name": "Anna"})),
        "makeUserLink" => Case::of(format!("/users/{}/link", setting.user().await)),
        "listKeys" => Case::list("/keys", setting.key().await),
        "createKey" => Case::apart("/keys").with(json!({"name": setting.word("key"), "role": "viewer"})),
        "getKey" | "revokeKey" => Case::of(format!("/keys/{}", setting.key().await)),
        "listSecrets" => Case::list("/secrets", setting.secret().await),
        "getSecret" | "deleteSecret" => Case::of(format!("/secrets/{}", setting.secret().await)),
        "setSecret" => Case::apart(format!("/secrets/{}", setting.word("secret"))).with(json!({"value": "hidden"})),
        _ => return None,
    })
}

async fn host(setting: &Setting, operation: &str) -> Option<Case> {
    Some(match operation {
        "listProviders" => Case::apart("/providers"),
        "say" => Case::apart("/providers/tts/elevenlabs/say").with(json!({"text": "Hello.", "voice": "v1"})),
        "hear" => {
            let case = Case::apart("/providers/stt/deepgram/hear");
            Case { bytes: Some(("audio/wav", recording())), ..case }
        }
        "listTenants" => Case::apart("/tenants"),
        "createTenant" => Case::apart("/tenants").with(json!({"name": setting.word("tenant")})),
        "getTenant" => Case::of(format!("/tenants/{}", setting.own_tenant().await)),
        "changeTenant" => Case::of(format!("/tenants/{}", setting.tenant().await)).with(json!({"limits": {}})),
        "suspendTenant" => Case::of(format!("/tenants/{}", setting.tenant().await)),
        "getTenantDefaults" => Case::of(format!("/tenants/{}/defaults", setting.own_tenant().await)),
        "setTenantDefaults" => {
            Case::of(format!("/tenants/{}/defaults", setting.own_tenant().await)).with(json!({"locale": "en-US"}))
        }
        "getUsage" => Case::list("/usage", setting.voice_agent().await),
        "listAudit" => Case::list("/audit", setting.voice_agent().await),
        "eraseCaller" => Case::apart("/erasures").with(json!({"number": "+15550123"})),
        "logIn" => Case::apart("/auth/login").with(json!({"code": setting.code().await})),
        "logOut" => Case::apart("/auth/logout"),
        "whoAmI" => Case::list("/auth/me", "acme"),
        "issueToken" => Case::apart("/auth/token").with(json!({})),
        "makeLoginLink" => Case::apart("/auth/links"),
        "rotateSigningKey" => Case::apart("/auth/signing-keys"),
        "getSigningKeys" => Case { path: "/.well-known/jwks.json".to_owned(), ..Case::apart("") },
        "getOpenApi" => Case::apart("/openapi.json"),
        "getContractSchema" => Case::apart("/contract/schema"),
        _ => return None,
    })
}

/// Half a second of silence as WAV, 16 kHz.
fn recording() -> Vec<u8> {
    const BYTES: u32 = 16_000;
    let mut wav = Vec::from(*b"RIFF");
    wav.extend((36 + BYTES).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, 1, 0]);
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(32_000_u32.to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend(BYTES.to_le_bytes());
    wav.resize(wav.len() + BYTES as usize, 0);
    wav
}
