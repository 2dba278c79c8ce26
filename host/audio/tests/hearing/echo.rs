//! The agent's own voice coming back, and the caller over it.

use trunkline_audio::resample::Rate;
use trunkline_audio::vad::{Listener, VadSettings};

use crate::sound::{Voice, telephone};
use crate::{Seen, hear, mix, starts, true_onset_ms};

const AGENT: &str = "Welcome to the bakery. We have fresh bread today, and you can order until five o'clock.";

/// Listens to `line` while `agent` is played from the beginning of the stream on.
fn listen_while_playing(agent: &[u8], line: &[u8], settings: &VadSettings, protect_ms: u64) -> Vec<Seen> {
    let mut listener = Listener::new(Rate::Hz8000, settings).unwrap();
    if let Some(guard) = listener.echo_guard() {
        guard.protect_until(protect_ms);
    }
    hear(&mut listener, line, |listener, now| {
        let at = now as usize * 8;
        if let (Some(guard), Some(frame)) = (listener.echo_guard(), agent.get(at..(at + 160).min(agent.len()))) {
            guard.played(now, frame);
        }
    })
}

fn agents(test: &str) -> [Vec<u8>; 3] {
    [("slt", Voice::Flite("slt")), ("rms", Voice::Flite("rms")), ("us", Voice::Espeak("en-us"))]
        .map(|(name, voice)| telephone(&format!("{test}-agent-{name}"), voice, AGENT, -6.0, 0))
}

fn silence(like: &[u8]) -> Vec<u8> {
    vec![0xFF; like.len() + 8_000]
}

#[test]
fn the_agents_own_echo_does_not_start_speech() {
    for agent in agents("own") {
        for delay in [20, 120, 380] {
            let line = mix(&silence(&agent), &agent, delay, -25.0);
            let guarded = listen_while_playing(&agent, &line, &VadSettings::default(), 0);
            assert!(guarded.is_empty(), "delay {delay} ms: {guarded:?}");
        }
    }
}

#[test]
fn without_the_guard_the_echo_would_be_taken_for_speech() {
    let unguarded = VadSettings { echo: None, ..VadSettings::default() };
    for agent in agents("unguarded") {
        let line = mix(&silence(&agent), &agent, 120, -25.0);
        assert!(!listen_while_playing(&agent, &line, &unguarded, 0).is_empty());
    }
}

#[test]
fn a_caller_who_speaks_over_the_echo_is_heard() {
    for (index, agent) in agents("over").iter().enumerate() {
        let caller = telephone(&format!("over-caller-{index}"), Voice::Flite("awb"), "No, wait, stop.", -9.0, 1_200);
        let line = mix(&mix(&silence(agent), agent, 120, -25.0), &caller, 0, 0.0);
        let truth = true_onset_ms(&caller) as i64;
        let heard = starts(&listen_while_playing(agent, &line, &VadSettings::default(), 1_000));
        let (onset, seen) = *heard.first().unwrap_or_else(|| panic!("the caller was not heard over agent {index}"));
        println!("agent {index}: onset {truth}, dated {onset}, seen {seen}");
        assert!((onset as i64 - truth).abs() <= 200, "{index}: {onset} {truth}");
        assert!(seen as i64 - truth <= 320, "{index}: {seen} {truth}");
    }
}

#[test]
fn the_protected_greeting_gives_way_only_to_clearly_louder_speech() {
    let agent = &agents("protected")[0];
    let soft = telephone("protected-soft", Voice::Flite("kal"), "Oh yes, right.", -16.0, 300);
    let loud = telephone("protected-loud", Voice::Flite("kal"), "Hello? Hello!", -1.0, 300);
    let over = |caller: &[u8], protect_ms| {
        let line = mix(&silence(agent), caller, 0, 0.0);
        starts(&listen_while_playing(agent, &line, &VadSettings::default(), protect_ms)).len()
    };
    assert_eq!(over(&soft, 2_000), 0);
    assert!(over(&soft, 0) > 0);
    assert!(over(&loud, 2_000) > 0);
}
