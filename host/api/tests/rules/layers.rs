//! Templates and defaults are changed only as far as the agents below them stay valid.

use crate::agents::contract;
use crate::serving::Editor;
use crate::{Answer, Fixture};
use http::Method;
use serde_json::{Value, json};
use trunkline_contract::TenantId;
use trunkline_store::{NewVersion, Role};

/// A template that gives agents what they say.
fn polite() -> Value {
    json!({"prompt": {"instructions": "Be polite."}})
}

/// An agent that says what its template lets it say.
fn below(name: &str, template: &str) -> Value {
    let mut document = contract();
    document["name"] = json!(name);
    document["extends"] = json!(template);
    document.as_object_mut().unwrap().remove("prompt");
    document
}

async fn make(editor: &Editor<'_>, name: &str, document: Value) {
    let made = editor.ask(Method::POST, "/templates", Some(json!({"name": name, "document": document}))).await;
    assert_eq!(made.status, 201, "{made:?}");
}

async fn replace(editor: &Editor<'_>, name: &str, document: Value) -> Answer {
    editor.ask(Method::PUT, &format!("/templates/{name}"), Some(json!({ "document": document }))).await
}

async fn delete(editor: &Editor<'_>, name: &str) -> Answer {
    editor.ask(Method::DELETE, &format!("/templates/{name}"), None).await
}

async fn tenant(fixture: &Fixture, name: &str) -> TenantId {
    fixture.store.tenants().by_name(name).await.unwrap().unwrap().id
}

/// Names and versions of the agents that a problem says would be invalid.
fn broken(answer: &Answer) -> Vec<(String, u64)> {
    let agents = answer.json()["broken"]["agents"].as_array().unwrap().clone();
    agents.iter().map(|a| (a["name"].as_str().unwrap().to_owned(), a["version"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_template_that_agents_need_as_it_is_stays_and_they_are_named() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    make(&editor, "polite", polite()).await;
    let mut paths = Vec::new();
    for number in 0..12 {
        paths.push(editor.agent(below(&format!("Desk {number:02}"), "polite")).await);
    }
    let mut own = contract();
    own["extends"] = json!("polite");
    editor.agent(own).await;
    let before = editor.get("/templates/polite").await;
    let refused = replace(&editor, "polite", json!({"locale": "de-CH"})).await;
    assert_eq!(refused.problem(409), "breaks-agents");
    let problem = refused.json();
    assert_eq!((&problem["broken"]["total"], broken(&refused).len()), (&json!(12), 10));
    let first = &problem["broken"]["agents"][0];
    assert_eq!((&first["name"], &first["version"]), (&json!("Desk 11"), &json!(1)));
    assert_eq!(format!("/agents/{}", first["agent_id"].as_str().unwrap()), paths[11]);
    assert_eq!(first["errors"][0]["pointer"], "/prompt");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("12 agent(s) would be invalid: `Desk 11` (/prompt), "), "{detail}");
    assert!(detail.contains(" and 2 more"), "{detail}");
    let gone = delete(&editor, "polite").await;
    assert_eq!((gone.problem(409), &gone.json()["broken"]["total"]), ("in-use".into(), &json!(13)));
    assert_eq!(editor.get("/templates/polite").await, before);
    for path in &paths {
        let effective = editor.get(&format!("{path}/effective")).await;
        assert_eq!(effective["document"]["prompt"]["instructions"], "Be polite.");
    }
    let better = json!({"prompt": {"instructions": "Be very polite."}});
    assert_eq!(replace(&editor, "polite", better).await.status, 200);
    for path in &paths {
        assert_eq!(editor.ask(Method::DELETE, path, None).await.status, 200);
    }
    assert_eq!(
        replace(&editor, "polite", json!({"locale": "de-CH"})).await.status,
        200,
        "archived agents do not count"
    );
    editor.ask(Method::POST, &format!("{}/restore", paths[0]), None).await.problem(422);
}

#[tokio::test]
async fn versions_that_answer_count_and_old_ones_come_back_only_if_they_can() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    make(&editor, "polite", polite()).await;
    let agent = editor.agent(below("Desk", "polite")).await;
    let mut own = contract();
    own["name"] = json!("Desk");
    editor.ask(Method::PUT, &agent, Some(own)).await;
    let pin = async |version: Value| {
        editor.ask(Method::PUT, &format!("{agent}/pin"), Some(json!({ "version": version }))).await
    };
    assert_eq!(pin(json!(1)).await.status, 200);
    let refused = replace(&editor, "polite", json!({})).await;
    assert_eq!((refused.problem(409), broken(&refused)), ("breaks-agents".into(), vec![("Desk".into(), 1)]));
    let refused = delete(&editor, "polite").await;
    assert_eq!((refused.problem(409), broken(&refused)), ("in-use".into(), vec![("Desk".into(), 1)]));
    assert_eq!(refused.json()["broken"]["agents"][0]["errors"][0]["code"], "unknown-template");
    assert_eq!(pin(Value::Null).await.status, 200);
    assert_eq!(delete(&editor, "polite").await.status, 204);
    pin(json!(1)).await.problem(422);
    let share = json!({"version": 1, "percent": 5});
    editor.ask(Method::PUT, &format!("{agent}/rollout"), Some(share)).await.problem(422);
    editor.ask(Method::POST, &format!("{agent}/rollback"), Some(json!({"version": 1}))).await.problem(422);
    assert_eq!(editor.get(&format!("{agent}/serving")).await["version"], 2);
}

#[tokio::test]
async fn templates_below_templates_are_looked_through_and_other_tenants_are_not() {
    let fixture = Fixture::new().await;
    let (editor, other) = (Editor::of(&fixture, "acme").await, Editor::of(&fixture, "default").await);
    for editor in [&editor, &other] {
        make(editor, "base", polite()).await;
    }
    make(&editor, "desk", json!({"extends": "base", "locale": "de-CH"})).await;
    editor.agent(below("Desk", "desk")).await;
    let refused = replace(&editor, "base", json!({})).await;
    assert_eq!(broken(&refused), [("Desk".to_owned(), 1)]);
    let refused = replace(&editor, "desk", json!({"locale": "de-CH"})).await;
    assert_eq!(broken(&refused), [("Desk".to_owned(), 1)]);
    assert_eq!(delete(&editor, "base").await.problem(409), "in-use");
    assert_eq!(replace(&other, "base", json!({})).await.status, 200);
    let unknown = replace(&editor, "desk", json!({"extends": "bse"})).await;
    assert_eq!(unknown.problem(422), "invalid");
    assert_eq!(unknown.json()["errors"][0]["pointer"], "/document/extends");
    let round = replace(&editor, "base", json!({"extends": "desk"})).await;
    assert_eq!((round.problem(422), &round.json()["errors"][0]["code"]), ("invalid".into(), &json!("cycle")));
}

#[tokio::test]
async fn a_template_that_takes_the_place_of_one_that_ships_is_held_to_the_same() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    editor.agent(json!({"name": "Desk", "extends": "receptionist"})).await;
    let new = json!({"name": "receptionist", "document": {"locale": "de-CH"}});
    let refused = editor.ask(Method::POST, "/templates", Some(new)).await;
    assert_eq!((refused.problem(409), broken(&refused)), ("breaks-agents".into(), vec![("Desk".into(), 1)]));
    assert_eq!(editor.get("/templates/receptionist").await["stock"], true);
    let mut shipped = editor.get("/templates/receptionist").await["document"].clone();
    shipped["locale"] = json!("de-CH");
    make(&editor, "receptionist", shipped).await;
}

#[tokio::test]
async fn defaults_that_agents_need_stay() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let path = format!("/api/v1/tenants/{}/defaults", tenant(&fixture, "acme").await);
    let set = async |defaults: Value| fixture.with_bearer(&admin, Method::PUT, &path, Some(&defaults)).await;
    assert_eq!(set(polite()).await.status, 200);
    let mut document = below("Desk", "x");
    document.as_object_mut().unwrap().remove("extends");
    editor.agent(document).await;
    let refused = set(json!({"locale": "de-CH"})).await;
    assert_eq!((refused.problem(409), broken(&refused)), ("breaks-agents".into(), vec![("Desk".into(), 1)]));
    assert_eq!(fixture.with_bearer(&admin, Method::GET, &path, None).await.json(), polite());
    let mut both = polite();
    both["locale"] = json!("de-CH");
    assert_eq!(set(both).await.status, 200);
}

#[tokio::test]
async fn an_agent_that_is_invalid_already_keeps_nobody_from_changing_its_template() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    make(&editor, "polite", polite()).await;
    let mut document = below("Desk", "polite");
    document["behaviour"] = json!({"component": "gone"});
    let store = fixture.store.tenant(tenant(&fixture, "acme").await);
    store.agents().create(NewVersion { document, now_ms: 1, ..NewVersion::default() }).await.unwrap();
    assert_eq!(replace(&editor, "polite", json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_and_the_end_of_its_template_do_not_cross() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    for number in 0..8 {
        let template = format!("polite-{number}");
        make(&editor, &template, polite()).await;
        let document = below(&format!("Desk {number}"), &template);
        let (made, gone) =
            tokio::join!(editor.ask(Method::POST, "/agents", Some(document)), delete(&editor, &template));
        match (made.status, gone.status) {
            (201, 409) | (422, 204) => {}
            both => panic!("{both:?}"),
        }
    }
}
