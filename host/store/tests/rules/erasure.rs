use crate::outbox::hook;
use crate::{Fixture, append, new_call, over};
use libsql::{Connection, Value};
use serde_json::json;
use trunkline_contract::agent::WebhookEvent;
use trunkline_contract::chat::Message;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{CallId, SessionId};
use trunkline_store::{
    Append, CallUpdate, Direction, Emit, Erased, NewCall, NewSession, ReducerState, Subject, TenantStore,
};

const NUMBER: &str = "+15550199";
const WORDS: &str = "my knee hurts since Tuesday";
const NAME: &str = "Ada Quitterbaum";

/// Every place, as table, column and key, where some text stands in the database.
async fn places(conn: &Connection, wanted: &str) -> Vec<String> {
    let mut tables = Vec::new();
    let mut names = conn.query("SELECT name FROM sqlite_master WHERE type = 'table'", ()).await.unwrap();
    while let Some(row) = names.next().await.unwrap() {
        tables.push(row.get::<String>(0).unwrap());
    }
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let mut rows = conn.query(&format!("SELECT * FROM \"{table}\""), ()).await.unwrap();
        while let Some(row) = rows.next().await.unwrap() {
            for at in 0..row.column_count() {
                let bytes = match row.get_value(at).unwrap() {
                    Value::Text(text) => text.into_bytes(),
                    Value::Blob(bytes) => bytes,
                    _ => continue,
                };
                if bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes()) {
                    found.push(format!("{table}.{}", row.column_name(at).unwrap()));
                }
            }
        }
    }
    found
}

async fn session(fixture: &Fixture, tenant: &TenantStore, user: &str) -> SessionId {
    let agent = match tenant.id() == fixture.tenant.id() {
        true => fixture.agent,
        false => tenant.agents().by_name("theirs").await.unwrap().unwrap().agent_id,
    };
    let new = NewSession {
        agent_id: agent,
        agent_version: 1,
        user: Some(user.into()),
        overrides: json!({"prompt": {"greeting": format!("Hello {NAME}")}}),
        context: json!({"name": NAME}).as_object().cloned().unwrap(),
        most: 10,
        now_ms: 5,
    };
    tenant.agent_sessions().create(new).await.unwrap().id
}

/// A call in which everything that is kept of a caller stands wherever it can.
fn rows() -> Vec<Row> {
    let text = format!("{WORDS}, says {NAME} from {NUMBER}");
    let about = json!({ "text": text, "number": NUMBER });
    let key = "k1".to_owned();
    let entries = [
        Entry::Message { index: 0, message: Message::User { text: text.clone() }, not_heard: None },
        Entry::EffectIntent { idempotency_key: key.clone(), what: "tool".into(), detail: about.clone() },
        Entry::EffectOutcome { idempotency_key: key, status: "ok".into(), value: about.clone() },
        Entry::Result { name: "complaint".into(), value: about },
        Entry::Note { level: "info".into(), text },
    ];
    let row = |(at, entry)| Row { seq: at as u64 + 1, at_ms: 20, entry, component: None };
    entries.into_iter().enumerate().map(row).collect()
}

async fn call(tenant: &TenantStore, new: NewCall, ended: bool) -> CallId {
    let id = tenant.calls().create(new).await.unwrap().id;
    let about = json!({"text": WORDS, "name": NAME, "number": NUMBER});
    let emit = Emit { event: WebhookEvent::CallEnded, data: about.clone(), in_contract: Vec::new(), now_ms: 30 };
    let update = match ended {
        true => CallUpdate { emit: vec![emit], ..over() },
        false => CallUpdate::default(),
    };
    let state = Some(ReducerState { seq: 5, bytes: about.to_string().into_bytes() });
    let update = Some(CallUpdate { result: Some(about), ..update });
    let write = Append { state, snapshot: true, call_update: update, ..append(id, rows()) };
    tenant.log().append(write).await.unwrap();
    id
}

fn from(fixture: &Fixture, caller: &str) -> NewCall {
    NewCall { caller: Some(caller.into()), ..new_call(fixture.agent) }
}

#[tokio::test]
async fn nothing_is_left_of_a_caller_in_any_table() {
    let fixture = Fixture::new().await;
    fixture.tenant.webhooks().create(hook("https://a")).await.unwrap();
    let in_session = session(&fixture, &fixture.tenant, NUMBER).await;
    let inbound = NewCall { session_id: Some(in_session), ..from(&fixture, NUMBER) };
    let inbound = call(&fixture.tenant, inbound, true).await;
    let outbound =
        NewCall { direction: Direction::Outbound, callee: Some(NUMBER.into()), ..from(&fixture, "+15550001") };
    call(&fixture.tenant, outbound, true).await;
    let conn = fixture.raw().await;
    for (wanted, expected) in [(NUMBER, 25), (WORDS, 22), (NAME, 24)] {
        let places = places(&conn, wanted).await;
        assert_eq!(places.len(), expected, "{wanted}: {places:?}");
    }
    let erased = fixture.tenant.erase(Subject::Number(NUMBER.into()), 40).await.unwrap();
    assert_eq!(erased, Erased { calls: 2, events: 10, sessions: 1, live: 0 });
    for wanted in [NUMBER, &NUMBER[1..], WORDS, NAME] {
        assert_eq!(places(&conn, wanted).await, Vec::<String>::new(), "{wanted}");
    }
    let kept = fixture.tenant.calls().get(inbound).await.unwrap().unwrap();
    assert_eq!((kept.ended_at_ms, kept.erased_at_ms, kept.caller), (Some(2_000), Some(40), None));
    let again = fixture.tenant.erase(Subject::Number(NUMBER.into()), 50).await.unwrap();
    assert_eq!(again, Erased::default());
}

#[tokio::test]
async fn other_callers_and_tenants_keep_what_is_theirs() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let theirs = other.agents().create(crate::version("theirs")).await.unwrap().agent_id;
    call(&fixture.tenant, from(&fixture, NUMBER), true).await;
    let longer = call(&fixture.tenant, from(&fixture, "+155501990"), true).await;
    // Inbound calls to a number that somebody also calls from are others' calls.
    let called = NewCall { callee: Some(NUMBER.into()), ..from(&fixture, "+15550002") };
    let called = call(&fixture.tenant, called, true).await;
    let in_session = session(&fixture, &other, NUMBER).await;
    let new = NewCall { caller: Some(NUMBER.into()), session_id: Some(in_session), ..new_call(theirs) };
    let foreign = call(&other, new, true).await;
    let erased = fixture.tenant.erase(Subject::Number(NUMBER.into()), 40).await.unwrap();
    assert_eq!((erased.calls, erased.events), (1, 5));
    let user = fixture.tenant.erase(Subject::User(NUMBER.into()), 40).await.unwrap();
    assert_eq!(user, Erased::default());
    for (tenant, id) in [(&fixture.tenant, longer), (&fixture.tenant, called), (&other, foreign)] {
        assert_eq!(tenant.log().rows(id, 1, 100).await.unwrap(), rows());
        assert!(tenant.log().state(id).await.unwrap().is_some());
        let call = tenant.calls().get(id).await.unwrap().unwrap();
        assert!(call.erased_at_ms.is_none() && call.caller.is_some() && call.result.is_some());
    }
    assert!(other.agent_sessions().get(in_session).await.unwrap().unwrap().user.is_some());
}

#[tokio::test]
async fn a_call_that_goes_on_is_erased_when_it_has_ended() {
    let fixture = Fixture::new().await;
    for subject in [Subject::Number(NUMBER.into()), Subject::User("u-17".into())] {
        let in_session = session(&fixture, &fixture.tenant, "u-17").await;
        let new = || NewCall { session_id: Some(in_session), ..from(&fixture, NUMBER) };
        let live = call(&fixture.tenant, new(), false).await;
        call(&fixture.tenant, new(), true).await;
        let erase = async || fixture.tenant.erase(subject.clone(), 40).await.unwrap();
        assert_eq!(erase().await, Erased { calls: 1, events: 5, sessions: 0, live: 1 }, "{subject:?}");
        assert_eq!(fixture.tenant.log().rows(live, 1, 100).await.unwrap(), rows());
        fixture.tenant.calls().update(live, over()).await.unwrap();
        let rest = erase().await;
        assert_eq!((rest.events, rest.sessions, rest.live), (5, 1, 0), "{subject:?}");
        let conn = fixture.raw().await;
        for wanted in [WORDS, NAME, "u-17"] {
            assert_eq!(places(&conn, wanted).await, Vec::<String>::new(), "{subject:?}");
        }
    }
}

#[tokio::test]
async fn a_user_is_erased_with_what_they_said_in_their_sessions() {
    let fixture = Fixture::new().await;
    let (ada, bob) = (session(&fixture, &fixture.tenant, "ada").await, session(&fixture, &fixture.tenant, "bob").await);
    let unused = session(&fixture, &fixture.tenant, "ada").await;
    let of = |id| NewCall { session_id: Some(id), ..from(&fixture, NUMBER) };
    let gone = call(&fixture.tenant, of(ada), true).await;
    let kept = call(&fixture.tenant, of(bob), true).await;
    let erased = fixture.tenant.erase(Subject::User("ada".into()), 40).await.unwrap();
    assert_eq!(erased, Erased { calls: 1, events: 5, sessions: 2, live: 0 });
    assert!(fixture.tenant.log().rows(gone, 1, 100).await.unwrap().is_empty());
    assert_eq!(fixture.tenant.log().rows(kept, 1, 100).await.unwrap(), rows());
    for id in [ada, unused] {
        let session = fixture.tenant.agent_sessions().get(id).await.unwrap().unwrap();
        assert_eq!((session.user, session.overrides, session.context.len()), (None, json!({}), 0));
    }
    assert_eq!(fixture.tenant.agent_sessions().get(bob).await.unwrap().unwrap().user.as_deref(), Some("bob"));
    assert_eq!(places(&fixture.raw().await, "ada").await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_is_erased_by_number_can_still_be_erased_by_name() {
    let fixture = Fixture::new().await;
    let shared = session(&fixture, &fixture.tenant, "alice").await;
    let in_session = |caller| NewCall { session_id: Some(shared), ..from(&fixture, caller) };
    call(&fixture.tenant, in_session("+15550101"), true).await;
    let other = call(&fixture.tenant, in_session("+15550102"), true).await;
    let by_number = fixture.tenant.erase(Subject::Number("+15550101".into()), 40).await.unwrap();
    assert_eq!((by_number.calls, by_number.sessions), (1, 1));
    let conn = fixture.raw().await;
    let words = places(&conn, NAME).await;
    assert!(
        !words.iter().any(|place| place.starts_with("agent_sessions.")),
        "what the session was told is gone: {words:?}"
    );
    let by_name = fixture.tenant.erase(Subject::User("alice".into()), 50).await.unwrap();
    assert_eq!((by_name.calls, by_name.sessions), (1, 1));
    assert!(fixture.tenant.calls().get(other).await.unwrap().unwrap().erased_at_ms.is_some());
    for wanted in ["alice", WORDS, NAME, "+15550102"] {
        assert_eq!(places(&conn, wanted).await, Vec::<String>::new(), "{wanted}");
    }
}
