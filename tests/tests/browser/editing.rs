//! Greeting and context, edited in place.

use crate::browser::{at_desk, receptionist, say};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::browser::BrowserSpec;

async fn agent(world: &World) -> Value {
    world.api.request(Method::GET, &format!("/agents/{}", world.agent), None).await.unwrap().1
}

const GREETING: &str = "#agent-panel textarea";

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_is_changed_in_place_heard_in_the_next_conversation_and_undone() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.paste(GREETING, "Ahoy from {{ company }}!").await.unwrap();
    browser.see_text(".save-bar", "Not saved yet").await.unwrap();
    browser.press(".save-bar [type=submit]").await.unwrap();
    browser.see_text(".toast", "Saved as version 2. It takes effect with the next call.").await.unwrap();
    browser.see_text(".hero .quote", "Ahoy from Acme!").await.unwrap();
    say(&browser, "Hello").await;
    browser.see_text(".line.assistant", "Ahoy from Acme!").await.unwrap();
    let undo = "[...document.querySelectorAll('.toast button')].find((b) => b.textContent === 'Undo')";
    browser.run(&format!("{undo}.click();"), Vec::new()).await.unwrap();
    browser.see_text(".toast", "Version 1 is back, as version 3.").await.unwrap();
    let restored = agent(&world).await;
    assert_eq!(
        (&restored["version"], &restored["document"]["prompt"]["greeting"]),
        (&json!(3), &json!("Welcome to {{ company }}. How can I help you?"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn context_is_edited_as_fields_and_as_json() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.press(".context-foot button").await.unwrap();
    browser.type_keys("floor").await.unwrap();
    browser.paste(".context-row:last-child .value textarea", "second").await.unwrap();
    browser.press(".field-head button").await.unwrap();
    browser.see_text(".context textarea.code", "").await.unwrap();
    let text = browser.value(".context > textarea.code").await.unwrap();
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown, json!({"company": "Acme", "floor": "second"}));
    browser.paste(".context > textarea.code", "{ no json").await.unwrap();
    browser.press(".save-bar [type=submit]").await.unwrap();
    browser.see_text(".context .field-error", "This is not JSON").await.unwrap();
    let wanted = json!({"company": "Acme", "hours": {"monday": [9, 17], "sunday": null}, "open": true});
    browser.paste(".context > textarea.code", &wanted.to_string()).await.unwrap();
    browser.press(".save-bar [type=submit]").await.unwrap();
    browser.see_text(".toast", "Saved as version 2").await.unwrap();
    assert_eq!(agent(&world).await["document"]["context"], wanted, "a null and a removed field too");
    browser.press(".field-head button").await.unwrap();
    assert_eq!(browser.texts(".context-row .key-name").await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_shown_at_its_field_and_nothing_is_lost() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.paste(GREETING, "Hello from {{ nobody }}").await.unwrap();
    browser.press(".save-bar [type=submit]").await.unwrap();
    browser.see_text(".field .field-error", "nobody").await.unwrap();
    assert_eq!(browser.value(GREETING).await.unwrap(), "Hello from {{ nobody }}");
    assert_eq!(agent(&world).await["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_is_shown_and_either_can_win() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let theirs = json!({"prompt": {"greeting": "Theirs."}});
    world.api.request(Method::PATCH, &format!("/agents/{}", world.agent), Some(&theirs)).await.unwrap();
    browser.paste(GREETING, "Mine.").await.unwrap();
    browser.press(".save-bar [type=submit]").await.unwrap();
    browser.see_text(".conflict", "Version 2 was saved meanwhile").await.unwrap();
    browser.see_text(".differences", "Theirs.").await.unwrap();
    assert_eq!(browser.value(GREETING).await.unwrap(), "Mine.");
    browser.press(".conflict .primary").await.unwrap();
    browser.see_text(".toast", "Saved as version 3").await.unwrap();
    assert_eq!(agent(&world).await["document"]["prompt"]["greeting"], "Mine.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_was_chosen_on_its_page_is_talked_with_and_its_versions_come_back() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let mut other = crate::world::contract();
    other["name"] = json!("Night watch");
    let other = world.api.create_agent(&other).await.unwrap();
    let patch = json!({"prompt": {"greeting": "Who is there?"}});
    world.api.request(Method::PATCH, &format!("/agents/{other}"), Some(&patch)).await.unwrap();
    browser.run("location.hash = `#/agents/${arguments[0]}`;", vec![json!(other)]).await.unwrap();
    browser.see_text("h1", "Night watch").await.unwrap();
    browser.press("[data-tab=versions]").await.unwrap();
    browser.see_text(".version-row", "In force").await.unwrap();
    browser.press(".versions li:nth-child(2) summary").await.unwrap();
    browser.press(".versions li:nth-child(2) .row button").await.unwrap();
    browser.press("dialog[open] footer .primary").await.unwrap();
    browser.see_text(".toast", "Version 1 is back, as version 3.").await.unwrap();
    browser.press(".page-head a.primary").await.unwrap();
    browser.see_text(".hero h2", "Night watch").await.unwrap();
    browser.see_text(".hero .quote", "Welcome to Acme.").await.unwrap();
    say(&browser, "Hello").await;
    browser.see_text(".line.assistant", "All right.").await.unwrap();
    let calls = world.api.calls().await.unwrap();
    assert_eq!((&calls[0]["agent_id"], &calls[0]["agent_version"]), (&json!(other), &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_checked_and_saved_as_json() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.run("location.hash = `#/agents/${arguments[0]}`;", vec![json!(world.agent)]).await.unwrap();
    browser.press("[data-tab=contract]").await.unwrap();
    let mut document = agent(&world).await["document"].clone();
    document["turn"] = json!({"endpointing": {"min_ms": 1}});
    browser.paste("textarea.tall", &document.to_string()).await.unwrap();
    browser.press(".tab-panel.shown .save-bar .primary").await.unwrap();
    browser.see_text(".tab-panel.shown .faults", "/turn/endpointing/min_ms").await.unwrap();
    document["turn"] = json!({"endpointing": {"min_ms": 400}});
    browser.paste("textarea.tall", &document.to_string()).await.unwrap();
    browser.press(".tab-panel.shown .save-bar .primary").await.unwrap();
    browser.see_text(".toast", "Saved as version 2").await.unwrap();
    assert_eq!(agent(&world).await["document"]["turn"]["endpointing"]["min_ms"], 400);
}
