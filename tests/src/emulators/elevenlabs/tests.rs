use proptest::prelude::*;
use trunkline_audio::level;

use super::parse;
use super::voice::{Format, Voice, speak};

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn words_are_loud_and_gaps_are_silent() {
    let speech = speak(Voice::Synthetic, Format::Mulaw, 65, "Hello, you").await.unwrap();
    assert_eq!(speech.audio.len(), 10 * 65 * 8);
    for (c, start, end) in &speech.characters {
        let db = level::mulaw_db(&speech.audio[Format::Mulaw.bytes(*start)..Format::Mulaw.bytes(*end)]);
        assert_eq!(db > -35.0, c.is_alphanumeric(), "{c}: {db} dB");
    }
}

#[tokio::test]
async fn a_real_voice_speaks_when_it_is_installed() {
    let Ok(speech) = speak(Voice::Flite, Format::Mulaw, 65, "Hello there, how are you?").await else { return };
    assert!(level::mulaw_db(&speech.audio) > -40.0);
    assert_eq!(speech.characters.last().unwrap().2, speech.audio.len() as u64 / 8);
}

#[test]
fn undocumented_queries_are_refused() {
    let good = "model_id=eleven_flash_v2_5&output_format=ulaw_8000&auto_mode=true&sync_alignment=true\
        &inactivity_timeout=180&language_code=en";
    assert!(parse(&pairs(good)).is_ok());
    for (from, to) in [
        ("ulaw_8000", "ulaw_16000"),
        ("auto_mode=true", "auto_mode=1"),
        ("inactivity_timeout=180", "inactivity_timeout=600"),
        ("eleven_flash_v2_5", "eleven_multilingual_v2"),
        ("sync_alignment", "alignment"),
    ] {
        assert!(parse(&pairs(&good.replace(from, to))).is_err(), "{to}");
    }
}

proptest! {
    #[test]
    fn audio_is_as_long_as_its_characters(text in "\\PC{0,40}", char_ms in 1u64..100, hz in prop::sample::select(vec![8_000u32, 22_050, 24_000, 44_100])) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let speech = runtime.block_on(speak(Voice::Synthetic, Format::Pcm(hz), char_ms, &text)).unwrap();
        let end = speech.characters.last().map_or(0, |(_, _, end)| *end);
        prop_assert_eq!(speech.audio.len(), Format::Pcm(hz).bytes(end));
        prop_assert_eq!(speech.characters.len(), text.chars().count());
    }
}
