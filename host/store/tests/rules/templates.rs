use crate::Fixture;
use serde_json::{Value, json};
use trunkline_store::{NewTemplate, NewVersion, StoreError, TenantStore};

fn template(name: &str, document: Value) -> NewTemplate {
    NewTemplate { name: name.into(), description: String::new(), document, now_ms: 10 }
}

async fn agent(tenant: &TenantStore, name: &str, extends: &str) -> trunkline_contract::AgentId {
    let document = json!({"name": name, "extends": extends});
    tenant.agents().create(NewVersion { document, now_ms: 5, ..NewVersion::default() }).await.unwrap().agent_id
}

#[tokio::test]
async fn a_template_counts_its_changes_and_keeps_the_last() {
    let fixture = Fixture::new().await;
    let templates = fixture.tenant.templates();
    let made = templates.create(template("polite", json!({"locale": "de"}))).await.unwrap();
    assert_eq!(made.version, 1);
    let again = templates.create(template("polite", json!({}))).await;
    assert_eq!(again.unwrap_err(), StoreError::Taken("a template of this name exists"));
    let changed = templates.update(Some(1), template("polite", json!({"locale": "fr"}))).await.unwrap();
    assert_eq!((changed.version, &changed.document), (2, &json!({"locale": "fr"})));
    let stale = templates.update(Some(1), template("polite", json!({}))).await;
    assert_eq!(stale.unwrap_err(), StoreError::Changed { what: "template", latest: 2 });
    let missing = templates.update(None, template("rude", json!({}))).await;
    assert_eq!(missing.unwrap_err(), StoreError::NotFound("template"));
    assert_eq!(templates.list().await, Ok(vec![changed]));
}

#[tokio::test]
async fn a_tenants_templates_are_not_there_for_another() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let made = fixture.tenant.templates().create(template("polite", json!({"locale": "de"}))).await.unwrap();
    let missing = StoreError::NotFound("template");
    assert_eq!(other.templates().get("polite").await, Ok(None));
    assert_eq!(other.templates().list().await, Ok(Vec::new()));
    assert_eq!(other.templates().update(None, template("polite", json!({}))).await.unwrap_err(), missing);
    assert_eq!(other.templates().delete("polite", 11).await.unwrap_err(), missing);
    other.templates().create(template("polite", json!({}))).await.unwrap();
    agent(&other, "theirs", "polite").await;
    assert_eq!(fixture.tenant.templates().get("polite").await, Ok(Some(made)));
    fixture.tenant.templates().delete("polite", 12).await.unwrap();
}

#[tokio::test]
async fn a_template_that_something_extends_is_not_deleted() {
    let fixture = Fixture::new().await;
    let templates = fixture.tenant.templates();
    templates.create(template("base", json!({}))).await.unwrap();
    templates.create(template("polite", json!({"extends": "base"}))).await.unwrap();
    let desk = agent(&fixture.tenant, "desk", "polite").await;
    for (name, by) in [("polite", "the agent `desk` extends it"), ("base", "the template `polite` extends it")] {
        assert_eq!(templates.delete(name, 11).await.unwrap_err(), StoreError::InUse(by.into()));
    }
    fixture.tenant.agents().archive(desk, None, 12).await.unwrap();
    templates.delete("polite", 13).await.unwrap();
    templates.delete("base", 13).await.unwrap();
    assert_eq!(templates.delete("base", 14).await.unwrap_err(), StoreError::NotFound("template"));
}
