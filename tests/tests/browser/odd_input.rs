//! Text that is more than text elsewhere.

use crate::browser::{at_desk, receptionist, say};
use crate::world::World;
use serde_json::json;
use trunkline_tests::browser::BrowserSpec;

const MARKUP: &str =
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script><b>bold</b> &amp;";
const RIGHT_TO_LEFT: &str = "مرحبا، متى تفتحون؟";

#[tokio::test(flavor = "multi_thread")]
async fn markup_is_shown_as_text() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    say(&browser, MARKUP).await;
    browser.see_text(".line.user:not(.pending) .heard", MARKUP).await.unwrap();
    browser.press("[data-tab=events]").await.unwrap();
    browser.see_text(".event-detail", MARKUP).await.unwrap();
    let made = "return document.querySelectorAll('.line b, .line img, .line script, .event b, .event img').length;";
    assert_eq!(browser.run(made, Vec::new()).await.unwrap(), 0);
    assert_eq!(browser.run("return document.title;", Vec::new()).await.unwrap(), "Talk · Trunkline");
    let name = json!({"name": MARKUP, "prompt": {"greeting": MARKUP}, "context": {MARKUP: MARKUP}});
    let (status, answer) =
        world.api.request(reqwest::Method::PATCH, &format!("/agents/{}", world.agent), Some(&name)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    browser.open(&format!("{}/#/agents/{}", world.host.origin(), world.agent)).await.unwrap();
    browser.see_text("h1", MARKUP).await.unwrap();
    browser.open(&format!("{}/#/talk", world.host.origin())).await.unwrap();
    browser.see_text(".hero h2", MARKUP).await.unwrap();
    browser.see_text(".hero .quote", MARKUP).await.unwrap();
    assert_eq!(browser.run("return document.title;", Vec::new()).await.unwrap(), "Talk · Trunkline");
}

#[tokio::test(flavor = "multi_thread")]
async fn right_to_left_text_runs_from_right_to_left() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    say(&browser, RIGHT_TO_LEFT).await;
    browser.see_text(".line.user:not(.pending) .heard", RIGHT_TO_LEFT).await.unwrap();
    browser.see_text(".line.assistant", "All right.").await.unwrap();
    let directions =
        "return [...document.querySelectorAll('.line .said')].map((said) => getComputedStyle(said).direction);";
    assert_eq!(browser.run(directions, Vec::new()).await.unwrap(), json!(["ltr", "rtl", "ltr"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_refused_and_kept() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let long = "word ".repeat(20_000);
    let fill = "const field = document.querySelector('#composer');
        field.value = arguments[0];
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.focus();";
    browser.run(fill, vec![json!(long)]).await.unwrap();
    browser.type_keys("\u{e007}").await.unwrap();
    browser.see_text("#composer-error", "100,000 characters; 16,000 are allowed").await.unwrap();
    assert_eq!(browser.value("#composer").await.unwrap(), long);
    assert_eq!(world.api.calls().await.unwrap().len(), 0, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_refuses_is_said_at_the_field_and_kept() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let odd = "bell \u{7} rings";
    let fill = "const field = document.querySelector('#composer');
        field.value = arguments[0];
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.focus();";
    browser.run(fill, vec![json!(odd)]).await.unwrap();
    browser.type_keys("\u{e007}").await.unwrap();
    browser.see_text("#composer-error", "control character").await.unwrap();
    assert_eq!(browser.value("#composer").await.unwrap(), odd);
}
