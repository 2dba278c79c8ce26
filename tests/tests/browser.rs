//! The page in a real browser: what people see, hear, press and type.

mod agents;
mod components;
mod editing;
mod keyboard;
mod login;
mod looks;
mod manage;
mod odd_input;
mod speech;
mod talk;
mod typing;
mod units;

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::browser::{Browser, BrowserSpec};
use trunkline_tests::emulators::openai::Rule;
use trunkline_tests::host::{Api, Host};

use crate::world::{Setting, World};

/// A long answer, so that there is time to interrupt it.
const HOURS: &str = "We are open from nine to five on weekdays, and from ten to two on Saturdays. On Sundays we are closed, \
    as is the whole street, and on public holidays it depends on the weather and on the mood of the owner.";

/// A fresh login link of a host.
async fn link(api: &Api) -> String {
    let (status, made) = api.request(Method::POST, "/auth/links", Some(&json!({}))).await.unwrap();
    assert_eq!(status, 201, "{made}");
    made["url"].as_str().unwrap().to_owned()
}

/// A browser that is signed in and shows the talk view.
async fn signed_in(host: &Host, spec: &BrowserSpec) -> Browser {
    let browser = Browser::start(spec).await.unwrap();
    browser.open(&link(&host.api().unwrap()).await).await.unwrap();
    ready(&browser).await;
    browser
}

/// A browser that is signed in and shows the talk view with the scenario's own agent.
async fn at_desk(world: &World, spec: &BrowserSpec) -> Browser {
    let path = format!("/agents/{}/set-default", world.agent);
    let (status, answer) = world.api.request(Method::POST, &path, None).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let browser = signed_in(&world.host, spec).await;
    browser.see_text(".hero h2", "Front desk").await.unwrap();
    browser
}

/// Waits until the talk view has its agent.
async fn ready(browser: &Browser) {
    browser.see("#start-talking:not(:disabled)").await.unwrap();
}

/// Goes to a view.
async fn show(browser: &Browser, view: &str) {
    browser.run("location.hash = `#/${arguments[0]}`;", vec![json!(view)]).await.unwrap();
}

/// Waits for the first element that fits and says this, and presses it.
async fn press_text(browser: &Browser, css: &str, text: &str) {
    let (css, text) = (Value::from(css), Value::from(text));
    let body = format!(
        "const one = [...document.querySelectorAll({css})].find(
            (one) => one.checkVisibility() && !one.disabled && one.textContent.includes({text}));
        one?.click();
        return Boolean(one);"
    );
    browser.until(&format!("{css} that says {text} can be pressed"), &body).await.unwrap();
}

/// Types a message and sends it.
async fn say(browser: &Browser, text: &str) {
    browser.paste("#composer", text).await.unwrap();
    browser.type_keys("\u{e007}").await.unwrap();
}

/// An agent that knows the hours, says good-bye and does not know the rest.
fn receptionist() -> Setting {
    Setting {
        utterances: vec!["When do you open?", "Stop, that is enough.", "good-bye"],
        script: vec![
            Rule::call("end_call", json!({"reason": "done"})).when("good-bye"),
            Rule::call("save_data", json!({"data": {"name": "Ada"}})).when("my name"),
            Rule::say(HOURS).when("open"),
            Rule::say("All right."),
        ],
        ..Setting::default()
    }
}

/// The newest call of a host.
async fn newest_call(api: &Api) -> Value {
    api.calls().await.unwrap().into_iter().next().unwrap()
}

/// Keeps a picture where `TRUNKLINE_SCREENSHOTS` says.
async fn picture(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("TRUNKLINE_SCREENSHOTS").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    // What fades in has faded in.
    let still = "return document.getAnimations().every((one) => one.effect.getTiming().iterations === Infinity \
        || one.playState === 'finished');";
    browser.until("nothing moves", still).await.unwrap();
    std::fs::write(folder.join(format!("{name}.png")), browser.picture().await.unwrap()).unwrap();
}
