//! Conversations in writing.

use crate::browser::{HOURS, at_desk, newest_call, ready, receptionist, say, signed_in};
use crate::world::World;
use reqwest::Method;
use serde_json::json;
use trunkline_tests::browser::BrowserSpec;
use trunkline_tests::host::{Host, HostSpec, Providers};

#[tokio::test(flavor = "multi_thread")]
async fn the_seeded_receptionist_tells_the_hours() {
    let host = Host::start(HostSpec::new(Providers::default())).await.unwrap();
    let browser = signed_in(&host, &BrowserSpec::default()).await;
    say(&browser, "When are you open?").await;
    browser.see_text(".line.assistant", "Monday").await.unwrap();
    browser.see_text(".line.user", "When are you open?").await.unwrap();
    assert_eq!(browser.value("#composer").await.unwrap(), "");
    assert_eq!(newest_call(&host.api().unwrap()).await["channel"], "chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_with_its_delay_events_tools_and_results() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    say(&browser, "When do you open?").await;
    browser.see_text(".line.assistant", HOURS).await.unwrap();
    browser.see_text(".line.assistant", "Welcome to Acme.").await.unwrap();
    say(&browser, "my name is Ada").await;
    browser.see_text(".tool-call", "save_data").await.unwrap();
    browser.press("[data-tab=results]").await.unwrap();
    browser.see_text(".results", "Ada").await.unwrap();
    browser.press("[data-tab=delay]").await.unwrap();
    browser.see_text(".turn .delay", "First token").await.unwrap();
    browser.press("[data-tab=events]").await.unwrap();
    browser.see_text(".event", "Turn 1").await.unwrap();
    browser.paste(".panel-tools input", "my name").await.unwrap();
    let only = "const shown = [...document.querySelectorAll('.event')]; \
        return shown.length > 0 && shown.every((row) => /my name/i.test(row.textContent));";
    browser.until("only what fits is listed", only).await.unwrap();
    browser.press(".event summary").await.unwrap();
    browser.see_text(".event[open] .raw", "\"seq\"").await.unwrap();
    assert!(browser.texts("[aria-live=polite]#announcer p").await.unwrap().len() >= 4, "it is read out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_has_ended_says_so_and_the_next_message_begins_another() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    say(&browser, "good-bye").await;
    browser.see_text(".over", "The agent ended it").await.unwrap();
    say(&browser, "Hello again").await;
    browser.see_text(".line.assistant", "All right.").await.unwrap();
    assert!(!browser.texts(".line.user").await.unwrap().concat().contains("good-bye"));
    assert_eq!(world.api.calls().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_thread_goes_on_after_the_host_was_restarted() {
    let mut world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let path = format!("/agents/{}/chat", world.agent);
    let (_, begun) = world.api.request(Method::POST, &path, Some(&json!({"text": "Hello"}))).await.unwrap();
    let thread = begun["thread"].as_str().unwrap();
    browser.open(&format!("{}/#/calls/{thread}", world.host.origin())).await.unwrap();
    browser.see_text(".line.user", "Hello").await.unwrap();
    world.host.kill().await.unwrap();
    world.host.restart().await.unwrap();
    let more = json!({"thread": thread, "text": "Are you still there?"});
    let (status, answer) = world.api.request(Method::POST, &path, Some(&more)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    browser.see_text(".line.user", "Are you still there?").await.unwrap();
    assert_eq!(browser.texts(".line.user .heard").await.unwrap().len(), 2, "no line twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_survives_a_reload_and_a_host_that_is_away() {
    let mut world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.paste("#composer", "not sent yet").await.unwrap();
    browser.open(&format!("{}/", world.host.origin())).await.unwrap();
    ready(&browser).await;
    assert_eq!(browser.value("#composer").await.unwrap(), "not sent yet");
    // What shows a conversation is there before the host goes.
    browser.press("[data-tab=events]").await.unwrap();
    browser.see_text(".panel.shown", "Nothing happened yet").await.unwrap();
    world.host.kill().await.unwrap();
    say(&browser, "is anybody there?").await;
    browser.see_text("#composer-error", "The host does not answer").await.unwrap();
    assert_eq!(browser.value("#composer").await.unwrap(), "is anybody there?");
}
