use proptest::prelude::*;

use super::*;
use crate::g711;

/// A square wave of `ms` milliseconds at `db` dBFS.
fn tone(db: f32, ms: usize) -> Vec<u8> {
    let height = (32_768.0 * 10f32.powf(db / 20.0)) as i16;
    (0..ms * 8).map(|n| g711::encode_sample(if n % 8 < 4 { height } else { -height })).collect()
}

#[test]
fn without_playing_everything_counts() {
    let guard = EchoGuard::default();
    assert!(guard.allows(0, level::SILENCE_DB));
    assert_eq!(guard.threshold_db(5_000), None);
}

#[test]
fn echo_within_the_return_loss_does_not_count_and_speech_above_does() {
    let mut guard = EchoGuard::default();
    guard.played(1_000, &tone(-20.0, 1_000));
    for at in [1_020, 1_500, 2_000, 2_390] {
        assert!(!guard.allows(at, -45.0), "echo at -25 dB, {at} ms");
        assert!(!guard.allows(at, -40.0), "echo at -20 dB, {at} ms");
        assert!(guard.allows(at, -25.0), "speech, {at} ms");
    }
}

#[test]
fn the_guard_ends_when_the_last_echo_has_passed() {
    let mut guard = EchoGuard::default();
    guard.played(0, &tone(-20.0, 200));
    assert!(!guard.allows(599, -60.0));
    assert!(guard.allows(620, -60.0));
}

#[test]
fn what_is_cleared_casts_no_echo() {
    let mut guard = EchoGuard::default();
    guard.played(0, &tone(-20.0, 400));
    guard.cleared(100);
    assert!(!guard.allows(499, -60.0));
    assert!(guard.allows(520, -60.0));
}

#[test]
fn protected_words_need_clearly_louder_speech() {
    let mut guard = EchoGuard::default();
    guard.played(0, &tone(-20.0, 2_000));
    guard.protect_until(1_000);
    assert!(!guard.allows(900, -30.0));
    assert!(guard.allows(900, -20.0));
    assert!(guard.allows(1_000, -30.0));
}

#[test]
fn audio_noted_in_pieces_is_one_stretch() {
    let (mut whole, mut pieces) = (EchoGuard::default(), EchoGuard::default());
    let audio = tone(-15.0, 500);
    whole.played(40, &audio);
    for (index, piece) in audio.chunks(160).enumerate() {
        pieces.played(40 + 20 * index as u64, piece);
    }
    for at in (0..1_200).step_by(10) {
        assert_eq!(whole.threshold_db(at), pieces.threshold_db(at));
    }
}

proptest! {
    #[test]
    fn any_times_and_bytes_are_survived(
        pushes in proptest::collection::vec((any::<u64>(), proptest::collection::vec(any::<u8>(), 0..2_000)), 0..8),
        at in any::<u64>(),
        delay in any::<u64>(),
    ) {
        let mut guard = EchoGuard::new(EchoSettings { max_delay_ms: delay, ..EchoSettings::default() });
        for (at_ms, bytes) in &pushes {
            guard.played(*at_ms, bytes);
            guard.cleared(at);
            guard.protect_until(*at_ms);
            let _ = guard.allows(at, -30.0);
        }
        prop_assert!(guard.slots.len() == SLOTS);
    }

    #[test]
    fn a_louder_input_is_never_refused_where_a_softer_one_counts(
        at in 0u64..3_000, soft in -90.0f32..0.0, more in 0.0f32..40.0,
    ) {
        let mut guard = EchoGuard::default();
        guard.played(500, &tone(-18.0, 900));
        prop_assert!(!guard.allows(at, soft) || guard.allows(at, soft + more));
    }
}
