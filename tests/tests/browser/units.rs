//! The page's modules that need no page: parsers, audio, texts, the projection of a log. They run in the browser as they are.

use crate::browser::receptionist;
use crate::world::World;
use serde_json::json;
use trunkline_tests::browser::{Browser, BrowserSpec};

const RUNNER: &str = include_str!("units/runner.js");
const UNITS: [(&str, &str); 3] = [
    ("sse", include_str!("units/sse.js")),
    ("audio", include_str!("units/audio.js")),
    ("texts", include_str!("units/texts.js")),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_modules_keep_their_rules() {
    let world = World::start(receptionist()).await;
    let browser = Browser::start(&BrowserSpec::default()).await.unwrap();
    browser.open(&format!("{}/", world.host.origin())).await.unwrap();
    browser.see("h1").await.unwrap();
    for (name, checks) in UNITS {
        let script = format!("return (async () => {{ {RUNNER}\n{checks}\nreturn outcome(); }})();");
        let outcome = browser.run(&script, Vec::new()).await.unwrap();
        assert!(outcome["ran"].as_u64().unwrap() > 3, "{name}: {outcome}");
        assert_eq!(outcome["failed"], json!([]), "{name}");
    }
}
