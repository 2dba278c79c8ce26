use proptest::prelude::*;

use super::*;

/// Bursts of a rough voice-like buzz between silences, without any program's help.
fn bursts(rate: Rate) -> Vec<i16> {
    let length = rate.per_ms() * 3_000;
    let period = rate.per_ms() * 8;
    let mut noise = 1u32;
    (0..length)
        .map(|n| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let voiced = (n / (rate.per_ms() * 500)) % 2 == 1;
            let pulse = 14_000.0 * (-((n % period) as f64) / (period as f64 / 6.0)).exp();
            let ring = (n as f64 * std::f64::consts::TAU * 700.0 / f64::from(rate.hz())).cos();
            if voiced { (pulse * ring) as i16 } else { ((noise >> 28) as i16) - 8 }
        })
        .collect()
}

fn edges_of(rate: Rate, audio: &[i16], chunks: &[usize]) -> Vec<Edge> {
    let mut listener = Listener::new(rate, &VadSettings::default()).unwrap();
    let mut edges = Vec::new();
    let mut rest = audio;
    let mut sizes = chunks.iter().copied().chain(std::iter::repeat(rate.per_ms() * 20));
    while !rest.is_empty() {
        let (now, later) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
        edges.extend_from_slice(listener.push_pcm(now).unwrap());
        rest = later;
    }
    assert_eq!(listener.audio_ms(), (audio.len() / rate.per_ms()) as u64);
    edges
}

#[test]
fn audio_time_counts_samples_and_gaps() {
    let mut listener = Listener::new(Rate::Hz8000, &VadSettings::default()).unwrap();
    listener.push_mulaw(&[0xFF; 164]).unwrap();
    assert_eq!(listener.audio_ms(), 20);
    listener.push_mulaw(&[0xFF; 156]).unwrap();
    assert_eq!(listener.audio_ms(), 40);
    listener.skip_to(30);
    assert_eq!(listener.audio_ms(), 40);
    listener.skip_to(1_000);
    listener.push_mulaw(&[0xFF; 80]).unwrap();
    assert_eq!(listener.audio_ms(), 1_010);
}

#[test]
fn every_rate_hears_the_same_bursts() {
    let counts = [Rate::Hz8000, Rate::Hz16000, Rate::Hz24000, Rate::Hz48000]
        .map(|rate| edges_of(rate, &bursts(rate), &[]).len());
    assert!(counts[0] >= 2, "{counts:?}");
    assert!(counts.iter().all(|&count| count == counts[0]), "{counts:?}");
}

#[test]
fn a_gap_ends_speech_that_was_going_on() {
    let audio = bursts(Rate::Hz8000);
    let mut listener = Listener::new(Rate::Hz8000, &VadSettings::default()).unwrap();
    listener.push_pcm(&audio[..8 * 900]).unwrap();
    assert!(listener.speaking());
    assert!(listener.skip_to(950).is_empty());
    let edges = listener.skip_to(2_000).to_vec();
    assert!(matches!(edges[..], [Edge::SpeechEnded { last_speech_ms, detected_ms: 2_000 }] if last_speech_ms <= 900));
    assert!(!listener.speaking());
}

#[test]
fn the_end_of_time_is_survived() {
    let mut listener = Listener::new(Rate::Hz8000, &VadSettings::default()).unwrap();
    listener.skip_to(u64::MAX);
    listener.push_pcm(&bursts(Rate::Hz8000)).unwrap();
    assert_eq!(listener.audio_ms(), u64::MAX);
}

#[test]
fn steady_listening_allocates_no_more() {
    let audio = bursts(Rate::Hz8000);
    let mut listener = Listener::new(Rate::Hz8000, &VadSettings::default()).unwrap();
    let before = (listener.edges.capacity(), listener.frame.capacity());
    for frame in audio.chunks(160) {
        listener.push_pcm(frame).unwrap();
    }
    assert_eq!((listener.edges.capacity(), listener.frame.capacity()), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn chunking_does_not_change_edges(
        chunks in proptest::collection::vec(0usize..900, 0..60),
        rate in prop_oneof![Just(Rate::Hz8000), Just(Rate::Hz16000)],
    ) {
        let audio = bursts(rate);
        prop_assert_eq!(edges_of(rate, &audio, &chunks), edges_of(rate, &audio, &[]));
    }

    #[test]
    fn any_bytes_gaps_and_playing_are_survived(
        pushes in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..2_000), 0u64..4_000, any::<bool>()), 0..16,
        ),
    ) {
        let mut listener = Listener::new(Rate::Hz8000, &VadSettings::default()).unwrap();
        let mut speaking = false;
        for (bytes, at, gap) in &pushes {
            if let Some(guard) = listener.echo_guard() {
                guard.played(*at, bytes);
            }
            let edges =
                if *gap { listener.skip_to(*at).to_vec() } else { listener.push_mulaw(bytes).unwrap().to_vec() };
            for edge in edges {
                prop_assert_eq!(speaking, matches!(edge, Edge::SpeechEnded { .. }));
                speaking = !speaking;
            }
            prop_assert_eq!(listener.speaking(), speaking);
        }
    }
}
