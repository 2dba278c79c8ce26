//! Agents of other systems, in and out.

use crate::agents::contract;
use crate::{Answer, Fixture};
use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use http::Method;
use serde_json::{Value, json};
use trunkline_api::Api;
use trunkline_egress::{Egress, Policy};

const IMPORT: &str = "/api/v1/agents/import";
const SAMPLES: [(&str, &str); 5] = [
    ("env", include_str!("../../../contract/tests/golden/shapes/env.env")),
    ("phone", include_str!("../../../contract/tests/golden/shapes/phone.json")),
    ("factory", include_str!("../../../contract/tests/golden/shapes/factory.json")),
    ("dynamic", include_str!("../../../contract/tests/golden/shapes/dynamic.json")),
    ("persona", include_str!("../../../contract/tests/golden/shapes/persona.json")),
];

async fn import(fixture: &Fixture, body: &Value) -> Answer {
    fixture.operator(Method::POST, IMPORT, Some(body)).await
}

async fn agents(fixture: &Fixture) -> usize {
    let listed = fixture.operator(Method::GET, "/api/v1/agents", None).await.json();
    listed["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn each_shape_makes_an_agent_and_its_keys_become_secrets() {
    let fixture = Fixture::new().await;
    for (shape, text) in SAMPLES {
        let made = import(&fixture, &json!({"source": text})).await;
        assert_eq!(made.status, 201, "{shape}: {made:?}");
        let report = made.json();
        assert_eq!((&report["shape"], made.header("etag")), (&json!(shape), "\"1\""));
        assert!(!String::from_utf8_lossy(&made.body).contains("test-00"), "{shape}: a secret is shown");
        let path = format!("/api/v1/agents/{}", report["agent"]["agent_id"].as_str().unwrap());
        let kept = fixture.operator(Method::GET, &path, None).await.json();
        assert_eq!(kept["document"], report["document"]);
        let exported = fixture.operator(Method::GET, &format!("{path}/export?shape={shape}"), None).await.json();
        let again = import(&fixture, &json!({"source": exported["content"], "dry_run": true})).await.json();
        assert_eq!(again["shape"], shape);
        assert_eq!(again["document"]["prompt"], report["document"]["prompt"]);
    }
    let versions = fixture.operator(Method::GET, "/api/v1/agents?q=interview", None).await.json();
    assert_eq!(versions["items"][0]["semver"], "1.2.0", "the version that it had: {versions}");
    let secrets = fixture.operator(Method::GET, "/api/v1/secrets", None).await.json();
    let names: Vec<&str> = secrets["items"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["ELEVENLABS_API_KEY", "LLM_CONFIG_API_KEY", "OPENAI_API_KEY", "RAG_CONFIG_PINECONE_API_KEY"]);
    let tenant = fixture.store.tenants().by_name("default").await.unwrap().unwrap().id;
    let value = fixture.store.tenant(tenant).secrets().value("OPENAI_API_KEY").await.unwrap().unwrap();
    assert_eq!(value.expose(), "sk-test-0001");
}

#[tokio::test]
async fn what_is_there_already_is_not_replaced() {
    let fixture = Fixture::new().await;
    let set = json!({"value": "mine"});
    assert_eq!(fixture.operator(Method::PUT, "/api/v1/secrets/OPENAI_API_KEY", Some(&set)).await.status, 201);
    let source = "AGENT_NAME=Ada\nOPENAI_API_KEY=other\nLLM_PROVIDER=builtin";
    let report = import(&fixture, &json!({ "source": source })).await.json();
    assert_eq!(report["secrets"], json!([{"name": "OPENAI_API_KEY", "stored": false}]));
    assert_eq!(report["entries"][0]["message"], "there is a secret of this name already, which is kept");
    let again = import(&fixture, &json!({ "source": source, "secrets": false })).await;
    assert_eq!(again.problem(409), "conflict");
}

#[tokio::test]
async fn an_editor_imports_but_sets_no_secrets() {
    let fixture = Fixture::new().await;
    let new = json!({"name": "ci", "role": "editor"});
    let key = fixture.operator(Method::POST, "/api/v1/keys", Some(&new)).await.json();
    let bearer = format!("Bearer {}", key["secret"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let body = json!({"source": SAMPLES[0].1});
    let refused = fixture.send(Method::POST, IMPORT, &headers, Some(&body)).await;
    assert_eq!(refused.problem(403), "forbidden");
    assert_eq!(agents(&fixture).await, 0, "nothing is made");
    let body = json!({"source": SAMPLES[0].1, "secrets": false});
    let made = fixture.send(Method::POST, IMPORT, &headers, Some(&body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["secrets"][0], json!({"name": "OPENAI_API_KEY", "stored": false}));
    let secrets = fixture.operator(Method::GET, "/api/v1/secrets", None).await.json();
    assert_eq!(secrets["items"], json!([]));
}

#[tokio::test]
async fn a_dry_run_keeps_nothing_and_changes_go_over_what_was_read() {
    let fixture = Fixture::new().await;
    let changes = json!({"tts": {"provider": "elevenlabs", "voice": "v2"}});
    let body = json!({"source": SAMPLES[2].1, "changes": changes, "dry_run": true});
    let report = import(&fixture, &body).await;
    assert_eq!(report.status, 200, "{report:?}");
    let report = report.json();
    assert_eq!((&report["agent"], &report["document"]["tts"]["voice"]), (&Value::Null, &json!("v2")));
    let added = report["entries"].as_array().unwrap().iter().filter(|entry| entry["outcome"] == "added");
    assert_eq!(added.count(), 0, "nothing is missing");
    assert_eq!(agents(&fixture).await, 0);
    let secrets = fixture.operator(Method::GET, "/api/v1/secrets", None).await.json();
    assert_eq!(secrets["items"], json!([]));
}

#[tokio::test]
async fn our_own_shape_goes_out_and_in_exactly() {
    let fixture = Fixture::new().await;
    let made = fixture.operator(Method::POST, "/api/v1/agents", Some(&contract())).await.json();
    let id = made["agent_id"].as_str().unwrap();
    let exported = fixture.operator(Method::GET, &format!("/api/v1/agents/{id}/export"), None).await.json();
    assert_eq!(exported["content"].to_string(), made["document"].to_string());
    let mut next = exported["content"].clone();
    next["prompt"]["greeting"] = json!("Hi.");
    let body = json!({"source": next, "into": id, "set_default": true});
    let bearer = format!("Bearer {}", fixture.token);
    let headers = |tag| [("authorization", bearer.as_str()), ("if-match", tag)];
    let lost = fixture.send(Method::POST, IMPORT, &headers("\"7\""), Some(&body)).await;
    assert_eq!(lost.problem(412), "stale-version");
    let second = fixture.send(Method::POST, IMPORT, &headers("\"1\""), Some(&body)).await;
    assert_eq!((second.status, second.header("etag")), (200, "\"2\""), "{second:?}");
    assert_eq!(second.json()["document"].to_string(), next.to_string());
    let current = fixture.operator(Method::GET, "/api/v1/agents/current", None).await.json();
    assert_eq!(current["agent_id"], id);
    let old = fixture.operator(Method::GET, &format!("/api/v1/agents/{id}/export?version=1"), None).await.json();
    assert_eq!(old["content"], made["document"]);
}

#[tokio::test]
async fn faults_stand_where_the_request_has_them() {
    let fixture = Fixture::new().await;
    for (body, pointer, code) in [
        (
            json!({"source": {"name": "x", "llm_config": {"provider": "openai", "model": "m", "temperature": 3}}}),
            "/source/llm_config/temperature",
            "maximum",
        ),
        (
            json!({"source": "AGENT_NAME=x\nLLM_PROVIDER=openai\nLLM_MODEL=m\nLLM_TEMPERATURE=warm"}),
            "/source/LLM_TEMPERATURE",
            "type",
        ),
        (json!({"source": {"llm_config": {"provider": "builtin"}}}), "/source", "missing"),
        (
            json!({"source": contract(), "changes": {"turn": {"endpoint": 1}}}),
            "/changes/turn/endpoint",
            "unknown-field",
        ),
        (json!({"source": {"name": "x", "promt": {}}}), "/source/promt", "unknown-field"),
        (json!({"source": "what is this"}), "/source", "env"),
        (json!({"source": "{\"name\": "}), "/source", "json"),
        (json!({}), "/source", "missing"),
        (json!({"source": {}, "url": "https://example.com/a"}), "/url", "conflict"),
        (json!({"sauce": {}}), "/sauce", "unknown-field"),
        (json!({"source": {}, "shape": "fax"}), "/shape", "enum"),
        (json!({"source": {"name": "x", "extends": "nobody"}}), "/source/extends", "unknown-template"),
    ] {
        let refused = import(&fixture, &body).await;
        assert_eq!(refused.problem(422), "invalid", "{body}");
        let faults = refused.json()["errors"].clone();
        let found = faults.as_array().unwrap().iter().any(|fault| fault["pointer"] == pointer && fault["code"] == code);
        assert!(found, "{body}: {faults}");
    }
    assert_eq!(agents(&fixture).await, 0, "the store is unchanged");
}

fn fetching(policy: Policy) -> impl FnOnce(Api) -> Api {
    move |api| api.with_outgoing(Egress::new(Vec::new()).unwrap().http(policy).unwrap())
}

#[tokio::test]
async fn an_agent_is_fetched_from_where_tenants_may_go_and_from_nowhere_else() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/agent", get(|| async { SAMPLES[4].1 }))
        .route("/moved", get(|| async { Redirect::temporary("/agent") }))
        .route("/bytes", get(|| async { vec![0xff_u8, 0xfe] }))
        .route("/large", get(|| async { "x".repeat(600 * 1024) }))
        .route("/gone", get(|| async { StatusCode::GONE }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let allowed = Policy::tenant_with_plain(vec!["127.0.0.0/8".parse().unwrap()]);
    let fixture = Fixture::with(fetching(allowed)).await;
    let made = import(&fixture, &json!({"url": format!("{origin}/agent")})).await;
    assert_eq!((made.status, &made.json()["shape"]), (201, &json!("persona")), "{made:?}");
    for (path, part) in
        [("/moved", "307"), ("/gone", "410"), ("/bytes", "no text"), ("/large", "larger than 524288 bytes")]
    {
        let refused = import(&fixture, &json!({"url": format!("{origin}{path}")})).await;
        assert_eq!(refused.problem(422), "invalid");
        let fault = refused.json()["errors"][0].clone();
        assert_eq!(fault["pointer"], "/url");
        assert!(fault["message"].as_str().unwrap().contains(part), "{fault}");
    }
    let closed = Fixture::with(fetching(Policy::tenant(Vec::new()))).await;
    for url in [format!("{origin}/agent"), "https://127.0.0.1/".to_owned(), "http://169.254.169.254/latest".to_owned()]
    {
        let refused = import(&closed, &json!({ "url": url })).await;
        assert_eq!(
            (refused.problem(422).as_str(), &refused.json()["errors"][0]["code"]),
            ("invalid", &json!("fetch")),
            "{url}"
        );
    }
    assert_eq!(agents(&closed).await, 0);
}

#[tokio::test]
async fn a_dry_run_needs_what_the_run_needs_and_says_what_it_would_do() {
    let fixture = Fixture::new().await;
    let set = json!({"value": "mine"});
    assert_eq!(fixture.operator(Method::PUT, "/api/v1/secrets/OPENAI_API_KEY", Some(&set)).await.status, 201);
    let key =
        fixture.operator(Method::POST, "/api/v1/keys", Some(&json!({"name": "ci", "role": "editor"}))).await.json();
    let scoped = json!({"name": "agents only", "role": "admin", "scopes": ["agents"]});
    let scoped = fixture.operator(Method::POST, "/api/v1/keys", Some(&scoped)).await.json();
    for key in [key, scoped] {
        let bearer = format!("Bearer {}", key["secret"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str())];
        let mut body = json!({"source": SAMPLES[0].1, "dry_run": true});
        let refused = fixture.send(Method::POST, IMPORT, &headers, Some(&body)).await;
        assert_eq!(refused.problem(403), "forbidden");
        body["secrets"] = json!(false);
        let told = fixture.send(Method::POST, IMPORT, &headers, Some(&body)).await;
        assert_eq!(told.status, 200, "{told:?}");
        let told = String::from_utf8_lossy(&told.body).into_owned();
        assert!(!told.contains("already"), "whether there is such a secret is not theirs to know: {told}");
    }
    let report = import(&fixture, &json!({"source": SAMPLES[0].1, "dry_run": true})).await.json();
    let message = |name: &str| {
        let entries = report["entries"].as_array().unwrap().clone();
        entries.into_iter().find(|entry| entry["to"] == name).unwrap()["message"].clone()
    };
    assert_eq!(message("OPENAI_API_KEY"), "there is a secret of this name already, which is kept");
    assert_eq!(message("ELEVENLABS_API_KEY"), Value::Null, "it would be stored");
}

#[tokio::test]
async fn what_cannot_be_the_default_makes_no_agent_and_no_secrets() {
    let fixture = Fixture::new().await;
    let source = json!({"name": "x", "configuration": {"llm_provider": "builtin", "api_key": "k"}, "metadata": {"status": "archived"}});
    let refused = import(&fixture, &json!({"source": source, "set_default": true})).await;
    assert_eq!(refused.problem(422), "invalid");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/set_default");
    let all = fixture.operator(Method::GET, "/api/v1/agents?status=archived", None).await.json();
    assert_eq!(all["items"], json!([]));
    assert_eq!(fixture.operator(Method::GET, "/api/v1/secrets", None).await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_version_of_the_source_counts_when_it_is_greater() {
    let fixture = Fixture::new().await;
    let mut source: Value = serde_json::from_str(SAMPLES[4].1).unwrap();
    let first = import(&fixture, &json!({"source": source})).await.json();
    let into = &first["agent"]["agent_id"];
    for (version, greeting, expected) in [("3.0.0", "one", "3.0.0"), ("2.5.0", "two", "3.0.1")] {
        source["version"] = json!(version);
        source["identity"]["mission"] = json!(greeting);
        let next = import(&fixture, &json!({"source": source, "into": into})).await.json();
        assert_eq!(next["agent"]["semver"], expected, "{next}");
        let entry = next["entries"].as_array().unwrap().iter().find(|entry| entry["from"] == "/version").unwrap();
        assert_eq!(entry["outcome"], if version == expected { "mapped" } else { "dropped" });
    }
}
