//! The try-out of voices and recognisers.

use crate::browser::signed_in;
use trunkline_tests::browser::{BrowserSpec, Heard, microphone_file};
use trunkline_tests::host::{Host, HostSpec, Providers};

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_is_heard_and_a_recording_understood() {
    let host = Host::start(HostSpec::new(Providers::default())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let course = [Heard::Silence(500), Heard::Speech("Good morning, how are you?"), Heard::Silence(60_000)];
    let microphone = Some(microphone_file(folder.path(), &course).unwrap());
    let browser = signed_in(&host, &BrowserSpec { microphone, ..BrowserSpec::default() }).await;
    browser.run("location.hash = '#/speech';", Vec::new()).await.unwrap();
    browser.press("#say-it").await.unwrap();
    browser.see_text(".card .facts", "First sound after").await.unwrap();
    let played = "const sound = document.querySelector('.card audio'); return sound.duration > 1 && !sound.error;";
    browser.until("it can be played", played).await.unwrap();
    browser.press("#record").await.unwrap();
    browser.see_text(".recording", "0:03 of 1:00").await.unwrap();
    browser.press("#record").await.unwrap();
    browser.see_text(".heard-text", "morning").await.unwrap();
    browser.see_text(".answer .facts", "Took").await.unwrap();
}
