use crate::Fixture;
use http::Method;
use serde_json::{Value, json};
use trunkline_contract::log::{Entry, Row, TurnLatency};
use trunkline_contract::{AgentId, CallId};
use trunkline_store::{Append, CallState, CallUpdate, NewCall, NewLease, NewVersion, TenantStore, new_call_id};

impl Fixture {
    async fn tenant(&self) -> TenantStore {
        self.store.tenant(self.store.tenants().by_name("default").await.unwrap().unwrap().id)
    }

    async fn call(&self, agent: AgentId, channel: &str) -> CallId {
        let lease = Some(NewLease { owner: "test".to_owned(), expires_ms: 10_000 });
        let new = NewCall { lease, ..NewCall::new(agent, 1, channel, 1_000, 1) };
        self.tenant().await.calls().create(new).await.unwrap().id
    }

    async fn stored_agent(&self) -> AgentId {
        self.stored_agent_named("a").await
    }

    async fn stored_agent_named(&self, name: &str) -> AgentId {
        let new = NewVersion {
            document: json!({ "name": name }),
            author: None,
            summary: None,
            now_ms: 1,
            ..NewVersion::default()
        };
        self.tenant().await.agents().create(new).await.unwrap().agent_id
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn calls_are_listed_by_channel_and_threads_are_those_in_writing() {
    let fixture = Fixture::new().await;
    let (agent, other) = (fixture.stored_agent_named("a").await, fixture.stored_agent_named("b").await);
    let mut calls = Vec::new();
    for channel in ["phone-inbound", "web-voice", "chat"] {
        calls.push((channel, fixture.call(agent, channel).await.to_string()));
    }
    let list = async |path: &str| {
        let answer = fixture.operator(Method::GET, &format!("/api/v1{path}"), None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    };
    for (channel, id) in &calls {
        assert_eq!(ids(&list(&format!("/calls?channel={channel}")).await), [id]);
    }
    assert_eq!(ids(&list("/calls").await).len(), 3);
    assert_eq!(ids(&list("/threads").await), [&calls[2].1]);
    assert_eq!(ids(&list(&format!("/threads?agent={agent}&limit=1")).await), [&calls[2].1]);
    assert!(ids(&list(&format!("/threads?agent={other}")).await).is_empty());
    for path in ["/calls?channel=pigeon", "/calls?channel=", "/threads?agent=x", "/threads?limit=0"] {
        fixture.operator(Method::GET, &format!("/api/v1{path}"), None).await.problem(400);
    }
}

#[tokio::test]
async fn the_stages_of_each_turn_are_listed() {
    let fixture = Fixture::new().await;
    let agent = fixture.stored_agent().await;
    let call = fixture.call(agent, "web-voice").await;
    let path = format!("/api/v1/calls/{call}/latency");
    assert_eq!(fixture.operator(Method::GET, &path, None).await.json(), json!({"items": []}));
    let turn = |turn| TurnLatency { turn, speech_end_ms: 100, first_audio_ms: Some(180), ..TurnLatency::default() };
    let note = Entry::Note { level: "info".to_owned(), text: "between".to_owned() };
    let entries = [Entry::Latency(turn(1)), note, Entry::Latency(turn(2))];
    let rows = entries.into_iter().zip(1..).map(|(entry, seq)| Row { seq, at_ms: 0, entry, component: None }).collect();
    let append = Append { call, fencing: 1, rows, state: None, snapshot: false, call_update: None, urgent: true };
    fixture.tenant().await.log().append(append).await.unwrap();
    let answer = fixture.operator(Method::GET, &path, None).await.json();
    assert_eq!(answer, json!({"items": [turn(1), turn(2)]}));
}

#[tokio::test]
async fn a_call_that_is_over_or_elsewhere_cannot_be_hung_up() {
    let fixture = Fixture::new().await;
    let agent = fixture.stored_agent().await;
    let call = fixture.call(agent, "phone-inbound").await;
    let path = format!("/api/v1/calls/{call}/hangup");
    assert_eq!(fixture.operator(Method::POST, &path, None).await.problem(409), "not-live");
    let ended = CallUpdate { state: Some(CallState::Ended), ..CallUpdate::default() };
    fixture.tenant().await.calls().update(call, ended).await.unwrap();
    assert_eq!(fixture.operator(Method::POST, &path, None).await.problem(409), "ended");
    let unknown = format!("/api/v1/calls/{}/hangup", new_call_id());
    fixture.operator(Method::POST, &unknown, None).await.problem(404);
}

#[tokio::test]
async fn the_routes_of_calls_ask_who_it_is_and_show_a_tenant_only_its_own() {
    let fixture = Fixture::new().await;
    fixture.store.tenants().create("acme", 1).await.unwrap();
    let agent = fixture.stored_agent().await;
    let call = fixture.call(agent, "chat").await;
    let bearer = format!("Bearer {}", fixture.token);
    let other = [("authorization", bearer.as_str()), ("x-tenant", "acme")];
    for (method, path, theirs) in [
        (Method::GET, format!("/api/v1/calls/{call}/latency"), 404),
        (Method::POST, format!("/api/v1/calls/{call}/hangup"), 404),
        (Method::GET, "/api/v1/threads".to_owned(), 200),
    ] {
        fixture.send(method.clone(), &path, &[], None).await.problem(401);
        fixture.send(method.clone(), &path, &[("authorization", "Bearer trk_0")], None).await.problem(401);
        let answer = fixture.send(method, &path, &other, None).await;
        assert_eq!(answer.status, theirs, "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&call.to_string()), "{path}");
    }
}
