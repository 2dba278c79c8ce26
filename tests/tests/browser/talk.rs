//! Conversations by voice: the browser's microphone hears a file, its loudspeaker plays to nobody.

use crate::browser::{at_desk, link, newest_call, picture, ready, receptionist, say};
use crate::by_hand::until;
use crate::world::{World, event_names, of_kind};
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::browser::{Browser, BrowserSpec, Heard, microphone_file};

/// The greeting is said within this.
const GREETING: Heard = Heard::Silence(6_000);

async fn talking(world: &World, folder: &tempfile::TempDir, stretches: &[Heard]) -> Browser {
    let microphone = Some(microphone_file(folder.path(), stretches).unwrap());
    let browser = at_desk(world, &BrowserSpec { microphone, ..BrowserSpec::default() }).await;
    browser.press("#start-talking").await.unwrap();
    browser.see("#hang-up").await.unwrap();
    browser
}

async fn ended(world: &World, call: &Value) -> Value {
    until(|| async {
        let calls = world.api.calls().await.unwrap();
        calls.into_iter().find(|known| known["id"] == call["id"] && known["state"] == "ended")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_heard_answered_and_shown_with_what_was_not_heard() {
    let world = World::start(receptionist()).await;
    let folder = tempfile::tempdir().unwrap();
    let course = [
        GREETING,
        Heard::Speech("When do you open?"),
        Heard::Silence(6_000),
        Heard::Speech("Stop, that is enough."),
        Heard::Silence(30_000),
    ];
    let browser = talking(&world, &folder, &course).await;
    browser.see_text(".line.assistant", "Welcome to Acme. How can I help you?").await.unwrap();
    browser.see_text(".line.user:not(.interim)", "When do you open?").await.unwrap();
    browser.see_text(".line.assistant", "We are open").await.unwrap();
    browser.see_text(".line.assistant .not-heard", "owner").await.unwrap();
    browser.see_text(".line.assistant .meta", "Interrupted here").await.unwrap();
    browser.see_text(".line.user:not(.interim)", "Stop, that is enough.").await.unwrap();
    browser.see_text(".line.assistant", "All right.").await.unwrap();
    browser.see(".delay-chip").await.unwrap();
    browser.press("[data-tab=delay]").await.unwrap();
    browser.see_text(".turn:nth-child(2) .delay", "First audio").await.unwrap();
    picture(&browser, "light-voice").await;

    browser.press("#keypad").await.unwrap();
    browser.press(".keypad .key:nth-child(5)").await.unwrap();
    browser.type_keys("#").await.unwrap();
    browser.see_text(".keypad-typed", "5#").await.unwrap();
    browser.type_keys("\u{e00c}m").await.unwrap();
    browser.see_text(".dock-state", "You are muted").await.unwrap();
    browser.press("#hang-up").await.unwrap();
    browser.see_text(".over", "You hung up.").await.unwrap();
    let call = ended(&world, &newest_call(&world.api).await).await;
    assert_eq!((&call["channel"], &call["end_reason"]), (&json!("web-voice"), &json!("caller-hangup")));
    let id = call["id"].as_str().unwrap();
    let rows = world.api.events(id).await.unwrap();
    assert_eq!(event_names(&rows).iter().filter(|name| *name == "digits").count(), 2);
    assert!(of_kind(&rows, "barge-in").iter().any(|row| row["outcome"] == "confirmed"));
    let lines = world.api.transcript(id).await.unwrap();
    let cut = lines.iter().find(|line| line["not_heard"].is_string()).unwrap();
    let shown = browser.texts(".line.assistant .heard").await.unwrap();
    assert!(shown.contains(&cut["text"].as_str().unwrap().to_owned()), "{shown:?} {cut}");
    // The page of the call says the same.
    browser.press(".over a").await.unwrap();
    browser.see_text(".line.assistant .not-heard", cut["not_heard"].as_str().unwrap()).await.unwrap();
    browser.see_text(".facts", "The caller hung up").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_may_end_a_call() {
    let world = World::start(crate::world::Setting { utterances: vec!["good-bye"], ..receptionist() }).await;
    let folder = tempfile::tempdir().unwrap();
    let course = [GREETING, Heard::Speech("Thank you, good bye."), Heard::Silence(30_000)];
    let browser = talking(&world, &folder, &course).await;
    browser.see_text(".over", "The agent ended it").await.unwrap();
    browser.see("#composer").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_while_its_person_looks_elsewhere() {
    let world = World::start(receptionist()).await;
    let folder = tempfile::tempdir().unwrap();
    let browser = talking(&world, &folder, &[Heard::Silence(60_000)]).await;
    browser.see_text(".line.assistant", "Welcome to Acme.").await.unwrap();
    browser.run("location.hash = '#/calls';", Vec::new()).await.unwrap();
    browser.see_text(".calls .state", "Live").await.unwrap();
    browser.see(".place .live-dot").await.unwrap();
    browser.run("location.hash = '#/talk';", Vec::new()).await.unwrap();
    browser.see("#hang-up").await.unwrap();
    assert_eq!(newest_call(&world.api).await["state"], "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_takes_the_call_over_and_the_first_says_so() {
    let world = World::start(receptionist()).await;
    let folder = tempfile::tempdir().unwrap();
    let browser = talking(&world, &folder, &[Heard::Silence(60_000)]).await;
    // To its end: whoever takes over in the middle cuts it.
    browser.see_text(".line.assistant:not(.speaking)", "Welcome to Acme.").await.unwrap();
    let call = newest_call(&world.api).await;
    browser.another_tab().await.unwrap();
    browser.open(&format!("{}/#/calls/{}", world.host.origin(), call["id"].as_str().unwrap())).await.unwrap();
    browser.press("#take-over").await.unwrap();
    browser.see("#hang-up").await.unwrap();
    browser.see_text(".line.assistant", "Welcome to Acme.").await.unwrap();
    browser.tab(0).await.unwrap();
    browser.see_text(".over", "Another tab took over this call.").await.unwrap();
    assert_eq!(newest_call(&world.api).await["state"], "active");
    browser.press(".over .primary").await.unwrap();
    browser.see("#hang-up").await.unwrap();
    browser.press("#hang-up").await.unwrap();
    browser.see_text(".over", "You hung up.").await.unwrap();
}

/// A browser that runs a script before the page, talking with silence.
async fn talking_after(world: &World, folder: &tempfile::TempDir, script: &str, stretches: &[Heard]) -> Browser {
    let microphone = Some(microphone_file(folder.path(), stretches).unwrap());
    let browser = Browser::start(&BrowserSpec { microphone, ..BrowserSpec::default() }).await.unwrap();
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await.unwrap();
    world.api.request(Method::POST, &format!("/agents/{}/set-default", world.agent), None).await.unwrap();
    browser.open(&link(&world.api).await).await.unwrap();
    ready(&browser).await;
    browser.press("#start-talking").await.unwrap();
    browser.see_text(".line.assistant:not(.speaking)", "Welcome to Acme.").await.unwrap();
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_comes_back() {
    let world = World::start(receptionist()).await;
    let folder = tempfile::tempdir().unwrap();
    // Sockets that a script can lose, as a network would.
    let sockets = "window.sockets = [];
        const Real = WebSocket;
        window.WebSocket = class extends Real { constructor(...all) { super(...all); sockets.push(this); } };";
    let browser = talking_after(&world, &folder, sockets, &[Heard::Silence(60_000)]).await;
    browser.run("sockets[0].close(4000);", Vec::new()).await.unwrap();
    browser.until("it is open again", "return window.sockets[1]?.readyState === 1;").await.unwrap();
    let listens = "return !/onnecting/.test(document.querySelector('.dock-state').textContent);";
    browser.until("it listens again", listens).await.unwrap();
    let id = newest_call(&world.api).await["id"].as_str().unwrap().to_owned();
    until(|| async {
        event_names(&world.api.events(&id).await.unwrap()).contains(&"resumed".to_owned()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_joins_equal_rates_only_converts_them_itself_and_sound_that_is_paused_says_so() {
    let world = World::start(receptionist()).await;
    let folder = tempfile::tempdir().unwrap();
    let contexts = "window.contexts = [];
        const Real = AudioContext;
        window.AudioContext = class extends Real {
            constructor(options) { super(options); this.chosen = options?.sampleRate; contexts.push(this); }
            createMediaStreamSource(stream) {
                if (this.chosen) throw new DOMException('the rates differ', 'NotSupportedError');
                return super.createMediaStreamSource(stream);
            }
        };";
    let course = [GREETING, Heard::Speech("When do you open?"), Heard::Silence(60_000)];
    let browser = talking_after(&world, &folder, contexts, &course).await;
    let rate = browser.run("return contexts.at(-1).sampleRate;", Vec::new()).await.unwrap();
    assert!(rate.as_f64().unwrap() > 40_000.0, "{rate}");
    browser.see_text(".line.user:not(.interim)", "When do you open?").await.unwrap();
    browser.see_text(".line.assistant", "We are open").await.unwrap();
    browser.run("return contexts.at(-1).suspend();", Vec::new()).await.unwrap();
    browser.see_text(".dock-note", "The browser has paused the sound.").await.unwrap();
    browser.press(".dock-note button").await.unwrap();
    browser.until("sound goes on", "return contexts.at(-1).state === 'running';").await.unwrap();
    browser.until("nothing is said of it", "return document.querySelector('.dock-note').hidden;").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_left_hangs_up() {
    let world = World::start(receptionist()).await;
    let folder = tempfile::tempdir().unwrap();
    let browser = talking(&world, &folder, &[Heard::Silence(60_000)]).await;
    browser.see_text(".line.assistant", "Welcome to Acme.").await.unwrap();
    let call = newest_call(&world.api).await;
    browser.open("about:blank").await.unwrap();
    assert_eq!(ended(&world, &call).await["end_reason"], "caller-hangup");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_microphone_it_is_explained_and_typing_works() {
    let world = World::start(receptionist()).await;
    let spec = BrowserSpec { allows_microphone: false, ..BrowserSpec::default() };
    let browser = at_desk(&world, &spec).await;
    let denied = json!({"permission": {"name": "microphone"}, "setting": "denied", "origin": world.host.origin()});
    browser.cdp("Browser.setPermission", denied).await.unwrap();
    browser.press("#start-talking").await.unwrap();
    browser.see_text(".notice", "The microphone is not allowed").await.unwrap();
    assert_eq!(world.api.calls().await.unwrap().len(), 0, "no call was made");
    say(&browser, "When do you open?").await;
    browser.see_text(".line.assistant", "We are open").await.unwrap();
}
