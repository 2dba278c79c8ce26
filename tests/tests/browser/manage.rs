//! What administrators look after, and what those who are none do not see.

use crate::browser::{at_desk, picture, press_text, receptionist, show};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::browser::{Browser, BrowserSpec};

/// The items of a list of the host.
async fn items(world: &World, path: &str) -> Vec<Value> {
    let (status, answer) = world.api.request(Method::GET, path, None).await.unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    answer["items"].as_array().unwrap().clone()
}

/// A browser that is signed in as somebody who was added now.
async fn as_role(world: &World, role: &str) -> Browser {
    let new = json!({"email": format!("{role}@acme.example"), "name": role, "role": role});
    let (status, user) = world.api.request(Method::POST, "/users", Some(&new)).await.unwrap();
    assert_eq!(status, 201, "{user}");
    let path = format!("/users/{}/link", user["id"].as_str().unwrap());
    let (status, link) = world.api.request(Method::POST, &path, None).await.unwrap();
    assert_eq!(status, 201, "{link}");
    let browser = Browser::start(&BrowserSpec::default()).await.unwrap();
    browser.open(link["url"].as_str().unwrap()).await.unwrap();
    browser.see_text(".person", role).await.unwrap();
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_revoked() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    show(&browser, "manage/keys").await;
    browser.see_text("main .blank", "No keys yet").await.unwrap();
    browser.press("#new-key").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .field-error", "must be filled in").await.unwrap();
    browser.paste("dialog [data-field=name]", "nightly export").await.unwrap();
    browser.press("dialog summary").await.unwrap();
    browser.run("document.querySelector('[data-scope=agents]').value = 'agents:read';", Vec::new()).await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .once", "tl_").await.unwrap();
    picture(&browser, "key-shown-once").await;
    let secret = browser.text("dialog .once code").await.unwrap();
    let path = format!("{}/api/v1/agents", world.host.origin());
    let ask = || crate::by_hand::http().get(&path).bearer_auth(&secret).send();
    assert_eq!(ask().await.unwrap().status(), 200);
    press_text(&browser, "dialog[open] button", "I have kept it").await;
    browser.see_text(".records", "agents:read").await.unwrap();
    browser.until("it is gone", "return !document.querySelector('dialog');").await.unwrap();
    let page = browser.run("return document.documentElement.outerHTML;", Vec::new()).await.unwrap();
    assert!(!page.as_str().unwrap().contains(&secret), "the key is nowhere in the page");

    browser.press("[aria-label='Revoke nightly export']").await.unwrap();
    press_text(&browser, "dialog[open] button", "Revoke").await;
    browser.see_text(".records", "Revoked").await.unwrap();
    assert_eq!(ask().await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_webhooks_are_added_and_changed_and_the_audit_log_shows_it() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    show(&browser, "manage/users").await;
    browser.press("#add-user").await.unwrap();
    browser.paste("dialog [data-field=email]", "ann@acme.example").await.unwrap();
    browser.paste("dialog [data-field=name]", "Ann").await.unwrap();
    browser.paste("dialog [data-field=password]", "short").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog[open]", "12").await.unwrap();
    browser
        .until("nothing is lost", "return document.querySelector('dialog [data-field=name]').value === 'Ann';")
        .await
        .unwrap();
    browser.paste("dialog [data-field=password]", "correct horse battery").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".records", "ann@acme.example").await.unwrap();
    press_text(&browser, ".row-actions button", "Disable").await;
    press_text(&browser, "dialog[open] button", "Disable").await;
    browser.see_text(".records .chip", "Disabled").await.unwrap();
    assert_eq!(items(&world, "/users").await[0]["disabled"], true);

    show(&browser, "manage/webhooks").await;
    browser.press("#new-webhook").await.unwrap();
    browser.paste("dialog [data-field=url]", "ftp://hooks.example.com").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see("dialog [data-field=url][aria-invalid]").await.unwrap();
    browser.paste("dialog [data-field=url]", "https://hooks.example.com/calls").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .once", "whsec_").await.unwrap();
    press_text(&browser, "dialog[open] button", "I have kept it").await;
    browser.see_text(".records", "https://hooks.example.com/calls").await.unwrap();
    press_text(&browser, ".row-actions button", "Change").await;
    browser.press("dialog [data-field=active]").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".records .chip", "Paused").await.unwrap();
    browser.press(".row-actions a").await.unwrap();
    browser.see_text("h1", "Deliveries").await.unwrap();
    browser.see_text("main .blank", "Nothing was sent yet").await.unwrap();

    show(&browser, "manage/audit").await;
    for action in ["user.create", "user.update", "webhook.create", "webhook.update"] {
        browser.see_text(".records", action).await.unwrap();
    }
    browser.paste("[data-filter=action]", "webhook").await.unwrap();
    let only = "const all = [...document.querySelectorAll('.records tbody strong')];
        return all.length > 0 && all.every((one) => one.textContent.startsWith('webhook.'));";
    browser.until("only what was done to webhooks is left", only).await.unwrap();
    browser.press(".row-actions button").await.unwrap();
    browser.see_text("dialog .details", "After").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_acts_for_a_tenant_that_was_made() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    show(&browser, "manage/tenants").await;
    browser.press("#new-tenant").await.unwrap();
    browser.paste("dialog [data-field=name]", "Globex").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".records", "Globex").await.unwrap();
    browser.press("[aria-label='Act for Globex']").await.unwrap();
    browser.see_text(".person", "Globex").await.unwrap();
    show(&browser, "agents").await;
    browser.see_text("main .blank", "There is no agent yet").await.unwrap();
    browser.press("#new-agent").await.unwrap();
    browser.paste("dialog [data-field=name]", "Their desk").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("h1", "Their desk").await.unwrap();
    let own = items(&world, "/agents").await;
    assert!(own.iter().all(|agent| agent["document"]["name"] != "Their desk"), "{own:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_what_there_is_and_nothing_to_change_it_with() {
    let world = World::start(receptionist()).await;
    let browser = as_role(&world, "viewer").await;
    browser.see_text("h1", "Calls").await.unwrap();
    assert_eq!(browser.texts(".place .label").await.unwrap(), ["Calls", "Agents", "Manage"]);
    show(&browser, "manage").await;
    browser.see_text("main .blank", "No sessions yet").await.unwrap();
    assert_eq!(browser.texts(".sections .tab").await.unwrap(), ["Sessions", "Usage", "Components"]);
    show(&browser, "manage/keys").await;
    browser.see_text("h1", "Sessions").await.unwrap();

    show(&browser, "agents").await;
    browser.see_text(".records", "Front desk").await.unwrap();
    assert_eq!(browser.texts("main .page-head button").await.unwrap(), [] as [String; 0]);
    show(&browser, &format!("agents/{}/versions", world.agent)).await;
    browser.press(".version-row summary").await.unwrap();
    browser.see_text(".serving", "the latest, answers all callers").await.unwrap();
    let offered = "return [...document.querySelectorAll('main button:not([role=tab])')]
        .filter((one) => one.checkVisibility()).map((one) => one.textContent);";
    assert_eq!(browser.run(offered, Vec::new()).await.unwrap(), json!(["Copy"]));
    picture(&browser, "viewer").await;
    let console = browser.console().await.unwrap();
    assert_eq!(console, [] as [String; 0], "nothing was asked that is forbidden");

    let admin = as_role(&world, "admin").await;
    show(&admin, "manage").await;
    admin.see_text("main .blank", "No sessions yet").await.unwrap();
    let sections = ["Sessions", "Usage", "Components", "People", "API keys", "Secrets", "Webhooks", "Audit log"];
    assert_eq!(admin.texts(".sections .tab").await.unwrap(), sections, "tenants are for operators");
}
