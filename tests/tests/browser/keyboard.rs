//! Everything on the main path without a pointer.

use crate::browser::{at_desk, ready, receptionist, show};
use crate::world::World;
use trunkline_tests::browser::BrowserSpec;
use trunkline_tests::browser::key::Key;

#[tokio::test(flavor = "multi_thread")]
async fn the_main_path_needs_no_pointer() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.open(&format!("{}/#/calls", world.host.origin())).await.unwrap();
    browser.see_text("h1", "Calls").await.unwrap();
    browser.key(Key::Tab).await.unwrap();
    browser.until("the skip link is first", "return document.activeElement.className === 'skip-link';").await.unwrap();
    browser.key(Key::Enter).await.unwrap();
    browser.until("the content has the focus", "return document.activeElement.id === 'main';").await.unwrap();
    browser.type_keys("gt").await.unwrap();
    ready(&browser).await;
    browser.until("the field has the focus", "return document.activeElement.id === 'composer';").await.unwrap();
    browser.key(Key::Tab).await.unwrap();
    browser
        .until("the next control has the focus", "return document.activeElement.tagName === 'BUTTON';")
        .await
        .unwrap();
    browser.type_keys("/").await.unwrap();
    browser.until("the field has the focus again", "return document.activeElement.id === 'composer';").await.unwrap();
    browser.type_keys("When do you").await.unwrap();
    browser.type_keys("\u{e008}\u{e007}").await.unwrap();
    browser.type_keys("\u{e000}open?").await.unwrap();
    assert_eq!(browser.value("#composer").await.unwrap(), "When do you\nopen?", "Shift and Enter begin a line");
    browser.key(Key::Enter).await.unwrap();
    browser.see_text(".line.assistant", "owner").await.unwrap();

    // From the field on to the tabs, of which arrows choose one.
    browser.key(Key::Tab).await.unwrap();
    browser.key(Key::Tab).await.unwrap();
    browser.run("document.querySelector('[data-tab=agent]').focus();", Vec::new()).await.unwrap();
    browser.key(Key::Right).await.unwrap();
    browser.until("the next tab is chosen", "return document.activeElement.dataset.tab === 'delay';").await.unwrap();
    browser.key(Key::End).await.unwrap();
    browser.see_text(".panel.shown", "No results yet").await.unwrap();
    browser.type_keys("3").await.unwrap();
    browser.see_text(".panel.shown .event", "Turn 1").await.unwrap();

    browser.type_keys("?").await.unwrap();
    browser.see_text("dialog[open]", "Hang up").await.unwrap();
    browser.key(Key::Escape).await.unwrap();
    browser.until("the dialog is closed", "return !document.querySelector('dialog');").await.unwrap();

    browser.type_keys("gc").await.unwrap();
    browser.see_text("h1", "Calls").await.unwrap();
    browser.see_text(".calls", "Text chat").await.unwrap();
    browser.until("the heading has the focus", "return document.activeElement.tagName === 'H1';").await.unwrap();
    for _ in 0..4 {
        browser.key(Key::Tab).await.unwrap();
    }
    browser
        .until("a call has the focus", "return document.activeElement.closest('.main-cell') !== null;")
        .await
        .unwrap();
    browser.key(Key::Enter).await.unwrap();
    browser.see_text(".line.user", "open?").await.unwrap();
    browser.type_keys("gt").await.unwrap();
    browser.see("#composer").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn single_keys_can_be_switched_off_and_never_act_while_somebody_types() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.press("#composer").await.unwrap();
    browser.type_keys("gc?d3").await.unwrap();
    assert_eq!(browser.value("#composer").await.unwrap(), "gc?d3");
    browser.run("document.activeElement.blur();", Vec::new()).await.unwrap();
    browser.type_keys("?").await.unwrap();
    browser.press("dialog .switch input").await.unwrap();
    browser.key(Key::Escape).await.unwrap();
    browser.until("the dialog is closed", "return !document.querySelector('dialog');").await.unwrap();
    browser.run("document.activeElement.blur();", Vec::new()).await.unwrap();
    browser.type_keys("gc").await.unwrap();
    browser.type_keys("?").await.unwrap();
    browser.see("dialog[open]").await.unwrap();
    assert!(browser.address().await.unwrap().ends_with("#/talk"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_and_revoked_without_a_pointer() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let focus = async |says: &str| {
        let text = format!(
            "const one = document.activeElement; return (one.getAttribute('aria-label') ?? one.textContent) === '{says}';"
        );
        browser.until(&format!("{says} has the focus"), &text).await.unwrap();
    };
    browser.run("document.activeElement.blur();", Vec::new()).await.unwrap();
    browser.type_keys("gm").await.unwrap();
    focus("Sessions").await;
    browser.run("document.activeElement.blur();", Vec::new()).await.unwrap();
    show(&browser, "manage/keys").await;
    focus("API keys").await;
    browser.see("#new-key").await.unwrap();
    browser.key(Key::Tab).await.unwrap();
    focus("New key").await;
    browser.key(Key::Enter).await.unwrap();
    browser.until("the name is asked", "return document.activeElement.dataset.field === 'name';").await.unwrap();
    browser.type_keys("export").await.unwrap();
    browser.key(Key::Enter).await.unwrap();
    browser.see_text("dialog .once", "tl_").await.unwrap();
    focus("Copy").await;
    browser.key(Key::Tab).await.unwrap();
    focus("I have kept it").await;
    browser.key(Key::Enter).await.unwrap();
    browser.see_text(".records", "export").await.unwrap();
    focus("New key").await;
    browser.key(Key::Tab).await.unwrap();
    focus("Revoke export").await;
    browser.key(Key::Enter).await.unwrap();
    focus("Cancel").await;
    browser.key(Key::Tab).await.unwrap();
    focus("Revoke").await;
    browser.key(Key::Enter).await.unwrap();
    browser.see_text(".records", "Revoked").await.unwrap();
    browser.until("the focus is not lost", "return document.activeElement.id === 'main';").await.unwrap();
}
