//! Components: uploaded, promoted, rolled back and deleted in the page, and what is refused.

use crate::browser::{at_desk, picture, press_text, receptionist, show};
use crate::world::{World, contract};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use trunkline_tests::browser::{Browser, BrowserSpec};
use trunkline_tests::host::components;

/// Where a fixture is, as a browser takes it.
fn fixture(name: &str) -> PathBuf {
    components().join("fixtures").join(format!("{name}.wasm")).canonicalize().unwrap()
}

/// A browser that shows the list of components.
async fn at_components(world: &World) -> Browser {
    let browser = at_desk(world, &BrowserSpec::default()).await;
    show(&browser, "manage/components").await;
    browser.see_text("main .blank", "No components yet").await.unwrap();
    browser
}

/// Chooses a file in the open form.
async fn choose(browser: &Browser, file: &Path) {
    browser.see("dialog [data-field=component]").await.unwrap().send_keys(file.to_str().unwrap()).await.unwrap();
}

/// Answers the question that is open with yes.
async fn confirm(browser: &Browser, question: &str, yes: &str) {
    browser.see_text("dialog[open] h2", question).await.unwrap();
    press_text(browser, "dialog[open] button", yes).await;
    browser.until("the question is gone", "return !document.querySelector('dialog');").await.unwrap();
}

/// The components of the host.
async fn kept(world: &World) -> Value {
    let (status, answer) = world.api.request(Method::GET, "/components", None).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    answer["items"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_uploaded_promoted_rolled_back_and_deleted() {
    let world = World::start(receptionist()).await;
    let browser = at_components(&world).await;
    browser.press("#upload-component").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .field-error", "Choose a file").await.unwrap();
    let listen = "globalThis.told = [];
        const note = () => told.push(document.querySelector('.upload-progress')?.textContent ?? '');
        new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });";
    browser.run(listen, Vec::new()).await.unwrap();
    choose(&browser, &fixture("echo")).await;
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".toast", "Release 1 of echo is the draft.").await.unwrap();
    let told = browser.run("return told;", Vec::new()).await.unwrap();
    let compiles =
        |line: &Value| line.as_str().is_some_and(|line| line.starts_with("Compiling it") && line.ends_with(" s"));
    assert!(told.as_array().unwrap().iter().any(compiles), "{told}");
    browser.see_text(".records [data-label=Draft]", "Release 1").await.unwrap();
    browser.see_text(".records [data-label=Live]", "None").await.unwrap();
    picture(&browser, "components").await;

    browser.press(".records a").await.unwrap();
    browser.see_text("h1", "echo").await.unwrap();
    browser.see_text(".records tr:nth-child(1) .chip", "draft").await.unwrap();
    browser.see_text(".component-users", "No agent names it").await.unwrap();
    browser.press("[aria-label='Promote release 1']").await.unwrap();
    confirm(&browser, "Make release 1 live?", "Promote").await;
    browser.see_text(".records tr:nth-child(1) .chip", "live").await.unwrap();
    let digest = browser.run("return document.querySelector('.records code').title;", Vec::new()).await.unwrap();
    assert_eq!(digest.as_str().unwrap().len(), 64, "{digest}");

    browser.press("#upload-release").await.unwrap();
    choose(&browser, &fixture("echo-changed")).await;
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".toast", "Release 2 of echo is the draft.").await.unwrap();
    browser.see_text(".records tr:nth-child(1) .chip", "draft").await.unwrap();
    picture(&browser, "component").await;
    browser.press("[aria-label='Promote release 2']").await.unwrap();
    confirm(&browser, "Make release 2 live?", "Promote").await;
    browser.see_text(".records tr:nth-child(1) .chip", "live").await.unwrap();
    browser.press("[aria-label='Roll back to release 1']").await.unwrap();
    confirm(&browser, "Go back to release 1?", "Roll back").await;
    browser.see_text(".records tr:nth-child(2) .chip", "live").await.unwrap();
    browser.see("[aria-label='Promote release 2']").await.unwrap();
    let one = &kept(&world).await[0];
    assert_eq!((&one["live"], &one["draft"]), (&json!(1), &Value::Null), "{one}");

    browser.press("[aria-label='Delete release 2']").await.unwrap();
    confirm(&browser, "Delete release 2 of echo?", "Delete").await;
    let alone = "return document.querySelectorAll('.records tbody tr').length === 1;";
    browser.until("one release is left", alone).await.unwrap();
    browser.press("#delete-component").await.unwrap();
    confirm(&browser, "Delete echo?", "Delete").await;
    browser.see_text("main .blank", "No components yet").await.unwrap();
    assert_eq!(kept(&world).await, json!([]));
    assert_eq!(browser.console().await.unwrap(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_component_is_refused_where_it_was_chosen() {
    let world = World::start(receptionist()).await;
    let browser = at_components(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.wasm");
    std::fs::write(&page, "<!doctype html>").unwrap();
    browser.press("#upload-component").await.unwrap();
    choose(&browser, &page).await;
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .field-error", "not a valid component").await.unwrap();
    browser.see("dialog [data-field=component][aria-invalid]").await.unwrap();
    picture(&browser, "component-refused").await;
    std::fs::write(&page, "<!doctype html><title>Another</title>").unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .faults", "choose it again").await.unwrap();

    choose(&browser, &fixture("echo")).await;
    browser.paste("dialog [data-field=name]", "Not a name").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .field-error", "a-z 0-9 -").await.unwrap();
    browser.paste("dialog [data-field=name]", "my-echo").await.unwrap();
    browser.press("dialog [data-field=promote]").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".toast", "Release 1 of my-echo is live.").await.unwrap();
    let kept = kept(&world).await;
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept}");
    assert_eq!((&kept[0]["name"], &kept[0]["live"]), (&json!("my-echo"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_leads_to_its_agents_and_stays_while_they_name_it() {
    let world = World::start(receptionist()).await;
    let browser = at_components(&world).await;
    let request = world.api.asking(Method::POST, "/components?promote=true").header("content-type", "application/wasm");
    let answer = request.body(std::fs::read(fixture("echo")).unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let mut document = contract();
    document["name"] = json!("The echo");
    document["behaviour"] = json!({"component": "echo"});
    let agent = world.api.create_agent(&document).await.unwrap();
    let id = kept(&world).await[0]["id"].as_str().unwrap().to_owned();
    show(&browser, &format!("manage/components/{id}")).await;
    browser.see_text(".component-users li", "follows the live release").await.unwrap();
    browser.press("#delete-component").await.unwrap();
    confirm(&browser, "Delete echo?", "Delete").await;
    browser.see_text(".toast", "in use").await.unwrap();
    assert_eq!(kept(&world).await.as_array().unwrap().len(), 1, "nothing was done");
    browser.press(".component-users a").await.unwrap();
    browser.see_text("h1", "The echo").await.unwrap();
    assert!(browser.address().await.unwrap().contains(&agent));
}
