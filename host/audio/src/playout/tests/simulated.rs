//! Random calls against the simulated carrier.

use super::{
    call::{Call, Deed},
    carrier::{Dice, Faults},
};
use crate::playout::{Config, Ms, PassageId, WordTiming};

#[derive(Clone, Copy, Debug)]
struct Net {
    down: (Ms, Ms),
    up: (Ms, Ms),
}

impl Net {
    /// Round trips between 0 and `most`, jitter included.
    fn random(most: Ms, dice: &mut Dice) -> Self {
        let round_trip = dice.within(0, most);
        let down = dice.within(0, round_trip);
        let mut split = |ms: Ms| {
            let jitter = dice.within(0, ms.min(100));
            (ms - jitter, jitter)
        };
        Self { down: split(down), up: split(round_trip - down) }
    }

    fn round_trip(&self) -> Ms {
        self.down.0 + self.down.1 + self.up.0 + self.up.1
    }
}

/// A call of a few passages with interruptions of all kinds.
fn random_call(seed: u64, faults: impl FnOnce(&mut Dice) -> Faults) -> (Call, Net) {
    let mut dice = Dice::new(seed);
    let net = Net::random(300, &mut dice);
    let faults = faults(&mut dice);
    let mut call = Call::new(Config::default(), (net.down, net.up), faults, &mut dice);
    let mut at = dice.within(0, 1_500);
    let mut passage: PassageId = 0;
    for _ in 0..dice.within(1, 5) {
        for _ in 0..dice.within(1, 2) {
            passage += 1;
            let (words, speed, timed) = (dice.within(0, 14), dice.within(60, 600), dice.percent(70));
            call.plan_speech(at, passage, words, speed, timed, &mut dice);
        }
        let mut then = at + dice.within(0, 4_000);
        for _ in 0..dice.within(0, 2) {
            call.plan(then, Deed::Hold);
            then += dice.within(0, 700);
            call.plan(then, Deed::Resume);
            then += dice.within(0, 2_000);
        }
        if dice.percent(80) {
            if dice.percent(50) {
                call.plan(then, Deed::Hold);
                then += dice.within(0, 500);
            }
            call.plan(then, Deed::Cut);
            then += dice.within(0, 400);
        }
        at = then;
    }
    call.run();
    call.check();
    (call, net)
}

#[derive(Default)]
struct Errors(Vec<i64>);

impl Errors {
    fn percentile(&self, percent: usize) -> i64 {
        let mut sorted: Vec<_> = self.0.iter().map(|e| e.abs()).collect();
        sorted.sort_unstable();
        sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
    }

    fn print(&self, name: &str) {
        let mean = self.0.iter().sum::<i64>() as f64 / self.0.len().max(1) as f64;
        println!(
            "{name:>24}: {:5} cuts, |error| ms p50 {:3} p90 {:3} p99 {:3} max {:3}, mean {mean:+.1}",
            self.0.len(),
            self.percentile(50),
            self.percentile(90),
            self.percentile(99),
            self.percentile(100),
        );
    }
}

const BANDS: [(Ms, Ms); 4] = [(0, 40), (41, 120), (121, 240), (241, 300)];

/// Errors of all cuts where something was or should have been heard: all, and by round trip.
fn errors(seeds: std::ops::Range<u64>, faults: fn(&mut Dice) -> Faults) -> (Errors, [Errors; 4]) {
    let (mut all, mut bands): (Errors, [Errors; 4]) = Default::default();
    for seed in seeds {
        let (call, net) = random_call(seed, faults);
        for (passage, heard, cut) in call.endings() {
            if cut && (heard.ms > 0 || call.carrier.played_of(passage) > 0) {
                let error = call.error_ms(passage, heard);
                all.0.push(error);
                let band = BANDS.iter().position(|(_, hi)| net.round_trip() <= *hi).unwrap_or(3);
                bands[band].0.push(error);
            }
        }
    }
    all.print("all");
    for ((lo, hi), band) in BANDS.iter().zip(&bands) {
        band.print(&format!("round trip {lo}-{hi} ms"));
    }
    (all, bands)
}

fn clean(_: &mut Dice) -> Faults {
    Faults::default()
}

fn scattered(_: &mut Dice) -> Faults {
    Faults { scattered: true, ..Faults::default() }
}

fn framewise(_: &mut Dice) -> Faults {
    Faults { framewise: true, ..Faults::default() }
}

fn losing_marks(dice: &mut Dice) -> Faults {
    Faults { lost_marks: dice.within(5, 100), ..Faults::default() }
}

fn without_inbound_media(dice: &mut Dice) -> Faults {
    let from = dice.within(0, 3_000);
    Faults { silent: Some((from, from + dice.within(100, 60_000))), ..Faults::default() }
}

#[test]
fn what_was_heard_is_known_to_within_20_ms_at_p99() {
    let (all, bands) = errors(0..3_000, clean);
    assert!(all.0.len() > 3_000);
    assert!(all.percentile(99) <= 20);
    assert!(bands.iter().all(|band| band.percentile(99) <= 20));
}

#[test]
fn messages_that_travel_apart_cost_little_precision() {
    let (all, _) = errors(0..1_000, scattered);
    assert!(all.percentile(99) <= 40);
}

#[test]
fn a_carrier_that_plays_whole_frames_is_known_to_within_a_frame_more() {
    let (all, _) = errors(0..1_000, framewise);
    assert!(all.percentile(99) <= 30);
}

/// Before any echo came back the way is taken to be 200 ms, so a shorter one may be missed by as much.
#[test]
fn missing_marks_cost_at_p99_no_more_than_the_round_trip_or_the_guess_at_it() {
    let (all, bands) = errors(0..1_500, losing_marks);
    assert!(all.percentile(100) <= 320);
    assert!(bands.iter().zip(BANDS).all(|(band, (_, most))| band.percentile(99) <= most.max(200) as i64 + 20));
}

#[test]
fn missing_inbound_media_costs_at_p99_no_more_than_the_round_trip() {
    let (all, bands) = errors(0..1_500, without_inbound_media);
    assert!(all.percentile(100) <= 320);
    assert!(bands.iter().zip(BANDS).all(|(band, (_, most))| band.percentile(99) <= most as i64 + 20));
}

#[test]
fn a_false_alarm_loses_no_audio_and_repeats_a_word_at_most() {
    let longest_word = 9 * 50 + 90;
    for seed in 0..1_500 {
        let (call, _) = random_call(seed, clean);
        for (passage, speech) in &call.spoken {
            let (lost, again) = call.jumps(*passage);
            assert_eq!(lost, 0, "seed {seed}, passage {passage}");
            if speech.timed {
                assert!(again <= longest_word + 60, "seed {seed}, passage {passage}: {again} ms again");
            }
        }
    }
}

#[test]
fn heard_text_is_right_to_within_a_word() {
    for seed in 0..1_500 {
        let (call, _) = random_call(seed, clean);
        for (passage, heard, _) in call.endings() {
            let speech = &call.spoken[&passage];
            let played = call.carrier.played_of(passage);
            let middle = |w: &&WordTiming| w.start_ms + (w.end_ms - w.start_ms) / 2 <= played;
            let really = speech.words.iter().filter(middle).count();
            let told = speech.words.iter().filter(|w| w.text_end <= heard.text_end).count();
            assert!(!speech.timed || told.abs_diff(really) <= 1, "seed {seed}, passage {passage}: {told}, {really}");
        }
    }
}

#[test]
fn no_more_than_the_allowance_and_one_message_lies_at_the_carrier() {
    let config = Config::default();
    for faults in [clean, scattered, losing_marks, without_inbound_media] {
        let most = (0..500).map(|seed| random_call(seed, faults).0.carrier.most_buffered_ms).max();
        println!("most at the carrier: {most:?} ms");
        assert!(most <= Some(u64::from(config.ahead_ms + config.message_ms)));
    }
}

#[test]
fn uninterrupted_speech_is_played_whole_and_in_order() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let net = Net::random(300, &mut dice);
        let faults = if seed % 2 == 0 { clean(&mut dice) } else { losing_marks(&mut dice) };
        let mut call = Call::new(Config::default(), (net.down, net.up), faults, &mut dice);
        for passage in 1..=3 {
            let (at, words, speed) = (dice.within(0, 3_000), dice.within(1, 14), dice.within(60, 600));
            call.plan_speech(at, passage, words, speed, true, &mut dice);
        }
        call.run();
        call.check();
        for (passage, speech) in &call.spoken {
            let played: Vec<_> = call.carrier.record.iter().filter(|(p, _)| p == passage).map(|(_, ms)| *ms).collect();
            assert_eq!(played, (0..speech.audio_ms.next_multiple_of(20)).collect::<Vec<_>>(), "seed {seed}");
        }
        assert!(call.endings().iter().all(|(_, _, cut)| !cut));
        assert!(call.carrier.record.is_sorted_by_key(|(passage, _)| call.order(*passage)));
    }
}

#[test]
fn a_steady_synthesis_never_lets_the_carrier_run_dry() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let net = Net::random(300, &mut dice);
        let mut call = Call::new(Config::default(), (net.down, net.up), clean(&mut dice), &mut dice);
        call.plan_speech(dice.within(500, 1_000), 1, 60, 3_000, true, &mut dice);
        call.run();
        // The first frames go out at once, however few they are; jitter may tear them from the next.
        let dry: Vec<_> = call.carrier.dry_at_ms.iter().filter(|ms| **ms > 200).collect();
        assert_eq!(dry, [&call.carrier.record.len()], "seed {seed}: only at the end; {net:?}");
    }
}
