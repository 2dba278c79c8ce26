//! Every view in every look: how heavy the first is, that nothing is refused or fails, that everything has a name and can
//! be read.

use crate::browser::{at_desk, picture, receptionist, say, show};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::browser::{Browser, BrowserSpec};

/// What the first view may weigh, bytes on the wire.
const MAX_WEIGHT: u64 = 60 * 1_024;

const LOOKS: [(&str, (u32, u32), bool, bool); 4] = [
    ("light", (1440, 900), false, false),
    ("dark", (1440, 900), false, true),
    ("phone", (390, 844), true, false),
    ("phone-dark", (390, 844), true, true),
];

/// Nothing was refused by the policy, nothing failed, nothing was complained about.
async fn clean(browser: &Browser, view: &str) {
    let console = browser.console().await.unwrap();
    assert_eq!(console, [] as [String; 0], "{view}");
}

/// Every control has a name, no two elements one id, and text stands out from what is behind it.
async fn accessible(browser: &Browser, view: &str) {
    let tree = browser.cdp("Accessibility.getFullAXTree", json!({})).await.unwrap();
    let roles = ["button", "link", "textbox", "combobox", "checkbox", "slider", "tab", "searchbox", "meter", "image"];
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let unnamed = node["name"]["value"].as_str().is_none_or(str::is_empty);
        assert!(node["ignored"] == true || !roles.contains(&role) || !unnamed, "{view}: a {role} has no name: {node}");
    }
    let faults = browser.run(include_str!("looks.js"), Vec::new()).await.unwrap();
    assert_eq!(faults, json!([]), "{view}");
}

async fn look_at(browser: &Browser, look: &str, view: &str) {
    accessible(browser, &format!("{look}, {view}")).await;
    clean(browser, &format!("{look}, {view}")).await;
    picture(browser, &format!("{look}-{view}")).await;
}

/// The pages of agents and of what is looked after, each with what tells that it is there.
fn pages(world: &World) -> Vec<(String, &'static str)> {
    let agent = |part: &str| format!("agents/{}/{part}", world.agent);
    let plain = |view: &str, shown| (view.to_owned(), shown);
    vec![
        plain("agents", ".records a"),
        (agent("words"), ".context-row"),
        (agent("contract"), "textarea.tall"),
        (agent("answers"), ".records strong, main .blank"),
        (agent("effective"), ".layers code"),
        (agent("versions"), ".version-row"),
        plain("templates", ".records a"),
        plain("templates/receptionist", "pre"),
        plain("manage/sessions", ".records strong, main .blank"),
        plain("manage/usage", ".card"),
        plain("manage/components", ".records a, main .blank"),
        plain("manage/users", ".records strong, main .blank"),
        plain("manage/keys", ".records strong, main .blank"),
        plain("manage/secrets", ".records strong, main .blank"),
        plain("manage/webhooks", ".records a, main .blank"),
        plain("manage/audit", ".records strong"),
        plain("manage/tenants", ".records strong"),
    ]
}

/// Something in each of the lists.
async fn furnish(world: &World) {
    let things = [
        ("/users", json!({"email": "vic@acme.example", "name": "Vic", "role": "viewer"})),
        ("/keys", json!({"name": "export", "role": "viewer", "scopes": ["calls:read"]})),
        ("/webhooks", json!({"url": "https://hooks.example.com/calls"})),
        ("/sessions", json!({"agent_id": world.agent, "user": "u-17"})),
    ];
    for (path, body) in things {
        let (status, answer) = world.api.request(Method::POST, path, Some(&body)).await.unwrap();
        assert_eq!(status, 201, "{answer}");
    }
    let (status, answer) =
        world.api.request(Method::PUT, "/secrets/openai", Some(&json!({"value": "sk-1"}))).await.unwrap();
    assert_eq!(status, 201, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_in_every_look_is_clean_named_and_readable() {
    let world = World::start(receptionist()).await;
    for (look, size, phone, dark) in LOOKS {
        let spec = BrowserSpec { size, phone, dark, ..BrowserSpec::default() };
        let browser = at_desk(&world, &spec).await;
        look_at(&browser, look, "talk").await;
        say(&browser, "When do you open?").await;
        browser.see_text(".line.assistant", "owner").await.unwrap();
        browser.until("the answer is complete", "return !document.querySelector('.speaking');").await.unwrap();
        say(&browser, "my name is Ada").await;
        browser.see_text(".tool-call", "done").await.unwrap();
        browser.until("the answer is complete", "return !document.querySelector('.speaking');").await.unwrap();
        look_at(&browser, look, "typed").await;
        for panel in ["agent", "delay", "events", "results"] {
            browser.press(&format!("[data-tab={panel}]")).await.unwrap();
            browser.see(".side .panel.shown").await.unwrap();
            look_at(&browser, look, panel).await;
        }
        for (view, shown) in [("calls", ".calls td"), ("speech", ".card, main .blank")] {
            show(&browser, view).await;
            browser.see(&format!("main {shown}")).await.unwrap();
            look_at(&browser, look, view).await;
        }
        let call = super::newest_call(&world.api).await;
        browser.run("location.hash = `#/calls/${arguments[0]}`;", vec![call["id"].clone()]).await.unwrap();
        browser.see_text(".line.assistant", "owner").await.unwrap();
        look_at(&browser, look, "call").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_administration_in_every_look_is_clean_named_and_readable() {
    let world = World::start(receptionist()).await;
    furnish(&world).await;
    for (look, size, phone, dark) in LOOKS {
        let spec = BrowserSpec { size, phone, dark, ..BrowserSpec::default() };
        let browser = at_desk(&world, &spec).await;
        for (view, shown) in pages(&world) {
            show(&browser, &view).await;
            browser.see(&format!("main {shown}")).await.unwrap();
            browser.until("all is there", "return !document.querySelector('main .skeleton');").await.unwrap();
            look_at(&browser, look, &view.replace(&format!("/{}", world.agent), "").replace('/', "-")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_view_is_light() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.until("all has come", "return document.readyState === 'complete';").await.unwrap();
    let weights = "return performance.getEntries().filter((one) => one.transferSize !== undefined)
        .map((one) => [new URL(one.name).pathname, one.transferSize]);";
    let weights: Vec<(String, u64)> = serde_json::from_value(browser.run(weights, Vec::new()).await.unwrap()).unwrap();
    let all: u64 = weights.iter().map(|(_, bytes)| bytes).sum();
    assert!(all > 10_000, "nothing was measured: {weights:?}");
    assert!(all <= MAX_WEIGHT, "{all} bytes: {weights:?}");
    let marks = "return performance.getEntriesByType('mark').map((mark) => [mark.name, Math.round(mark.startTime)]);";
    println!("first view: {all} bytes; {}", browser.run(marks, Vec::new()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_theme_is_remembered() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let ground = "return getComputedStyle(document.documentElement).backgroundColor;";
    let light = browser.run(ground, Vec::new()).await.unwrap();
    browser.run("document.activeElement.blur();", Vec::new()).await.unwrap();
    browser.type_keys("dd").await.unwrap();
    let dark = browser.run(ground, Vec::new()).await.unwrap();
    assert_ne!(light, dark);
    browser.open(&format!("{}/", world.host.origin())).await.unwrap();
    super::ready(&browser).await;
    assert_eq!(browser.run(ground, Vec::new()).await.unwrap(), dark);
    let still: Value = browser.run("return document.documentElement.dataset.theme;", Vec::new()).await.unwrap();
    assert_eq!(still, "dark");
}
