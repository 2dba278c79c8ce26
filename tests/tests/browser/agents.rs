//! Agents: the list, their versions, who is answered by which, what is in force, the fields of their answers.

use crate::browser::{at_desk, picture, press_text, receptionist, show};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::browser::{Browser, BrowserSpec};

/// What the host answers to a read.
async fn read(world: &World, path: &str) -> Value {
    let (status, answer) = world.api.request(Method::GET, path, None).await.unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// Two versions of the scenario's agent.
async fn with_two_versions() -> World {
    let world = World::start(receptionist()).await;
    let patch = json!({"prompt": {"greeting": "Ahoy!"}, "context": {"floor": "second"}});
    let path = format!("/agents/{}?summary=A+sailor%27s+greeting", world.agent);
    let (status, answer) = world.api.request(Method::PATCH, &path, Some(&patch)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    world
}

/// A browser that shows a part of the scenario's agent.
async fn at(world: &World, part: &str) -> Browser {
    let browser = at_desk(world, &BrowserSpec::default()).await;
    show(&browser, &format!("agents/{}/{part}", world.agent)).await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_compared_and_one_is_rolled_back_to() {
    let world = with_two_versions().await;
    let browser = at(&world, "versions").await;
    browser.see_text(".versions li:nth-child(1)", "A sailor's greeting, by").await.unwrap();
    browser.see_text(".versions li:nth-child(1)", "In force").await.unwrap();
    browser.see_text(".versions li:nth-child(2)", "1.0.0 first").await.unwrap();
    browser.press(".versions li:nth-child(1) summary").await.unwrap();
    browser.press(".versions li:nth-child(1) .compare").await.unwrap();
    browser.see_text(".comparison th", "/prompt/greeting").await.unwrap();
    browser.see_text(".comparison td", "Ahoy!").await.unwrap();
    browser.see_text(".comparison th", "/context/floor").await.unwrap();
    picture(&browser, "versions-compared").await;

    browser.press(".versions li:nth-child(2) summary").await.unwrap();
    press_text(&browser, ".versions li:nth-child(2) button", "Roll back").await;
    browser.see_text("dialog[open]", "Go back to version 1?").await.unwrap();
    press_text(&browser, "dialog[open] button", "Cancel").await;
    browser.until("the question is gone", "return !document.querySelector('dialog');").await.unwrap();
    assert_eq!(read(&world, &format!("/agents/{}", world.agent)).await["version"], 2, "nothing was done");
    press_text(&browser, ".versions li:nth-child(2) button", "Roll back").await;
    press_text(&browser, "dialog[open] button", "Roll back").await;
    browser.see_text(".toast", "Version 1 is back, as version 3. It takes effect with the next call.").await.unwrap();
    browser.see_text(".versions li:nth-child(1)", "Version 3").await.unwrap();
    let latest = read(&world, &format!("/agents/{}", world.agent)).await;
    let first = read(&world, &format!("/agents/{}/versions/1", world.agent)).await;
    assert_eq!(latest["document"], first["document"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_rolled_out_to_a_share_and_another_is_pinned() {
    let world = with_two_versions().await;
    let browser = at(&world, "versions").await;
    browser.see_text(".serving", "Version 2, the latest, answers all callers.").await.unwrap();
    browser.press("#roll-out").await.unwrap();
    browser.paste("dialog [data-field=percent]", "a lot").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog .field-error", "not a number").await.unwrap();
    browser.paste("dialog [data-field=percent]", "101").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("dialog[open]", "percent").await.unwrap();
    browser.paste("dialog [data-field=percent]", "25").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".serving", "Version 2 answers 25 of 100 callers").await.unwrap();
    browser.see_text(".versions li:nth-child(1)", "25 of 100 callers").await.unwrap();
    let serving = read(&world, &format!("/agents/{}/serving", world.agent)).await;
    assert_eq!(serving["rollout"], json!({"version": 2, "percent": 25, "sticky": "caller"}));
    browser.press("#end-rollout").await.unwrap();
    browser.see_text(".toast", "The rollout has ended: version 1 answers all callers.").await.unwrap();
    browser.press("#unpin").await.unwrap();
    browser.see_text(".serving", "Version 2, the latest, answers all callers.").await.unwrap();
    browser.press("#pin").await.unwrap();
    browser.see("dialog [data-field=version]").await.unwrap();
    browser.run("document.querySelector('dialog [data-field=version]').value = '1';", Vec::new()).await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".serving", "Version 1 is pinned").await.unwrap();
    browser.see_text(".versions li:nth-child(2)", "In force, pinned").await.unwrap();
    browser.until("nothing is asked any more", "return !document.querySelector('dialog');").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_the_answers_is_added_and_a_fault_is_shown_at_its_place() {
    let world = World::start(receptionist()).await;
    let browser = at(&world, "answers").await;
    browser.see_text("main .blank", "Answers are plain text").await.unwrap();
    browser.press("#add-field").await.unwrap();
    browser.paste("dialog [data-field=name]", "spoken").await.unwrap();
    browser.paste("dialog [data-field=type]", "feeling").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see("dialog [data-field=type][aria-invalid]").await.unwrap();
    browser.paste("dialog [data-field=type]", "str").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".records .chip", "spoken").await.unwrap();
    let fields = read(&world, &format!("/agents/{}/schema/fields", world.agent)).await;
    assert_eq!(fields["items"][0]["use_in_tts"], true);
    browser.press("[aria-label='Remove spoken']").await.unwrap();
    press_text(&browser, "dialog[open] button", "Remove").await;
    browser.see_text("main .blank", "Answers are plain text").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_force_says_where_it_comes_from() {
    let world = World::start(receptionist()).await;
    let browser = at(&world, "effective").await;
    browser.press("#change-template").await.unwrap();
    browser.see("dialog [data-field=extends]").await.unwrap();
    let choose = "const one = document.querySelector('dialog [data-field=extends]');
        one.value = 'receptionist'; one.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.run(choose, Vec::new()).await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text(".serving", "It extends the template receptionist.").await.unwrap();
    browser.see_text(".layers", "template receptionist").await.unwrap();
    browser.see_text(".layers", "built in").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_made_of_a_template_found_archived_and_restored() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    show(&browser, "templates/receptionist").await;
    browser.press("#use-template").await.unwrap();
    browser.paste("dialog [data-field=name]", "Night watch").await.unwrap();
    browser.press("dialog [type=submit]").await.unwrap();
    browser.see_text("h1", "Night watch").await.unwrap();

    show(&browser, "agents").await;
    browser.see_text(".records", "Front desk").await.unwrap();
    browser.paste("[data-filter=q]", "night").await.unwrap();
    browser.until("one is left", "return document.querySelectorAll('.records tbody tr').length === 1;").await.unwrap();
    browser.press(".records a").await.unwrap();
    browser.press("#archive").await.unwrap();
    press_text(&browser, "dialog[open] button", "Archive").await;
    browser.see_text(".page-head", "archived").await.unwrap();
    press_text(&browser, ".toast button", "Undo").await;
    browser.see("#archive").await.unwrap();
    let found = read(&world, "/agents?q=night").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "it is back");
}
