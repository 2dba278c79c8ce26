//! The ledger's rules, one by one, on a line without delay unless the rule is about delay.

use crate::playout::{Config, Event, Heard, Ms, Out, PassageId, Playout, WordTiming};

/// A ledger that is driven by hand.
struct Hand {
    ledger: Playout,
    now: Ms,
    /// The carrier's stream is so far ahead of the call.
    ahead: u64,
}

impl Hand {
    fn new() -> Self {
        Self::on_stream(0)
    }

    fn on_stream(ahead: u64) -> Self {
        let mut ledger = Playout::new(Config::default());
        ledger.on_stream_clock(0, ahead);
        Self { ledger, now: 0, ahead }
    }

    /// Begins a passage of these words, 200 ms each, and gives all its audio.
    fn say(&mut self, passage: PassageId, words: &[&str]) -> Vec<Out> {
        self.ledger.begin(passage);
        let (mut timings, mut text) = (Vec::new(), String::new());
        for (start_ms, word) in (0..).step_by(200).zip(words) {
            let text_start = text.len();
            text.push_str(word);
            timings.push(WordTiming { text_start, text_end: text.len(), start_ms, end_ms: start_ms + 200 });
            text.push(' ');
        }
        self.ledger.push_text(passage, text.trim_end());
        self.ledger.push_audio(passage, &vec![passage as u8; words.len() * 1_600], &timings);
        self.ledger.finish(passage);
        self.poll()
    }

    fn poll(&mut self) -> Vec<Out> {
        let mut out = Vec::new();
        self.ledger.poll(self.now, &mut out);
        out
    }

    /// Moves on, sends what falls due meanwhile, and tells the carrier's time every 20 ms.
    fn wait(&mut self, ms: Ms) -> Vec<Out> {
        let until = self.now + ms;
        let mut out = Vec::new();
        while self.now < until {
            self.now += 1;
            if self.now.is_multiple_of(20) {
                self.ledger.on_stream_clock(self.now, self.now + self.ahead);
            }
            if self.ledger.next_due().is_some_and(|due| due <= self.now) {
                self.ledger.poll(self.now, &mut out);
            }
        }
        out
    }

    fn echo(&mut self, name: &str) -> Vec<Out> {
        self.ledger.on_mark(self.now, None, name);
        self.poll()
    }

    fn hold(&mut self) -> Vec<Out> {
        let mut out = Vec::new();
        self.ledger.hold(self.now, &mut out);
        out
    }

    fn resume(&mut self) -> Vec<Out> {
        let mut out = Vec::new();
        self.ledger.resume(self.now, &mut out);
        out
    }

    fn cut(&mut self) -> Vec<Out> {
        let mut out = Vec::new();
        self.ledger.cut(self.now, &mut out);
        out
    }

    fn events(&mut self) -> Vec<Event> {
        self.ledger.take_events().collect()
    }

    /// Where passages ended, and whether the carrier told.
    fn cuts(&mut self) -> Vec<(PassageId, u32, bool)> {
        let cut = |event| match event {
            Event::Cut { passage, heard } => Some((passage, heard.ms, heard.exact)),
            _ => None,
        };
        self.events().into_iter().filter_map(cut).collect()
    }
}

fn marks(out: &[Out]) -> Vec<&str> {
    let mut names = Vec::new();
    for message in out {
        if let Out::Mark(name) = message {
            names.push(name.as_str());
        }
    }
    names
}

fn media_ms(out: &[Out]) -> Vec<usize> {
    let length = |message: &Out| match message {
        Out::Media { audio, .. } => Some(audio.len() / 8),
        _ => None,
    };
    out.iter().filter_map(length).collect()
}

#[test]
fn the_first_frame_goes_out_at_once_behind_a_mark_that_tells_when_it_starts() {
    let mut hand = Hand::new();
    hand.ledger.begin(1);
    hand.ledger.push_audio(1, &[1; 159], &[]);
    assert_eq!(hand.poll(), [], "not a whole frame");
    hand.ledger.push_audio(1, &[1; 2], &[]);
    let out = hand.poll();
    assert!(matches!(&out[..], [Out::Mark(_), Out::Media { audio, .. }] if audio.len() == 160), "{out:?}");
    assert_eq!(hand.events(), [Event::Started { passage: 1 }]);
}

#[test]
fn only_the_end_of_a_passage_is_padded() {
    let mut hand = Hand::new();
    hand.ledger.begin(1);
    hand.ledger.push_audio(1, &[1; 200], &[]);
    hand.poll();
    hand.ledger.finish(1);
    let out = hand.poll();
    let expected = [vec![1; 40], vec![0xFF; 120]].concat();
    assert!(out.iter().any(|m| matches!(m, Out::Media { audio, .. } if **audio == expected[..])), "{out:?}");
}

#[test]
fn no_more_is_sent_than_may_lie_ahead() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["word"; 20]);
    assert_eq!(media_ms(&out), [160, 160]);
    let first = marks(&out)[0].to_owned();
    hand.echo(&first);
    assert_eq!(media_ms(&hand.wait(79)), []);
    assert_eq!(media_ms(&hand.wait(1)), [160]);
    assert_eq!(media_ms(&hand.wait(160)), [160]);
}

#[test]
fn a_passage_is_finished_when_its_last_mark_comes_back() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["Hi"]);
    let last = marks(&out).last().map(|m| m.to_string()).unwrap();
    hand.wait(200);
    assert_eq!(hand.events(), [Event::Started { passage: 1 }]);
    hand.echo(&last);
    let heard = Heard { text_end: 2, ms: 200, exact: true };
    assert_eq!(hand.events(), [Event::Finished { passage: 1, heard }]);
    assert!(hand.ledger.idle() && !hand.ledger.playing());
    assert_eq!(hand.ledger.next_due(), None);
}

#[test]
fn a_passage_whose_marks_never_come_back_is_finished_by_the_clock() {
    let mut hand = Hand::new();
    hand.say(1, &["Hi"]);
    hand.wait(2_000);
    assert!(matches!(hand.events()[..], [_, Event::Finished { heard: Heard { ms: 200, exact: false, .. }, .. }]));
    assert!(hand.ledger.idle() && !hand.ledger.playing());
}

#[test]
fn an_agent_whose_last_mark_is_late_is_silent_in_the_end() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["Hi"]);
    let last = marks(&out).last().map(|m| m.to_string()).unwrap();
    // The machine was busy: nothing was read meanwhile, so the carrier's clock does not tell when the mark was reached.
    hand.now += 250;
    hand.echo(&last);
    assert!(matches!(hand.events()[..], [_, Event::Finished { .. }]));
    assert!(hand.ledger.idle() && !hand.ledger.playing());
    let mut out = Vec::new();
    hand.ledger.hold(hand.now, &mut out);
    assert_eq!(out[0], Out::Clear, "in doubt the carrier is cleared all the same");
}

#[test]
fn an_empty_passage_is_finished_when_its_turn_comes() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["Hi"]);
    hand.say(2, &[]);
    assert_eq!(hand.events(), [Event::Started { passage: 1 }]);
    hand.wait(200);
    hand.echo(marks(&out)[2]);
    let heard = Heard { text_end: 0, ms: 0, exact: true };
    assert_eq!(hand.events()[1..], [Event::Finished { passage: 2, heard }]);
}

#[test]
fn a_hold_clears_at_once_and_sends_nothing_more() {
    let mut hand = Hand::new();
    hand.say(1, &["word"; 20]);
    let out = hand.hold();
    assert!(matches!(&out[..], [Out::Clear, Out::Mark(name)] if name.starts_with("clr:")), "{out:?}");
    assert!(hand.ledger.held());
    assert_eq!(hand.hold(), [], "once is enough");
    assert_eq!(hand.wait(5_000), []);
}

#[test]
fn marks_flushed_by_a_clear_acknowledge_nothing() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["one", "two", "three", "four"]);
    hand.echo(marks(&out)[0]);
    hand.wait(100);
    let clear = hand.cut();
    for flushed in &marks(&out)[1..] {
        hand.echo(flushed);
    }
    hand.echo(marks(&clear)[0]);
    let cuts = hand.cuts();
    assert!(matches!(cuts[..], [(1, 90..=110, true)]), "{cuts:?}");
}

#[test]
fn what_plays_while_the_clear_is_under_way_counts_as_heard() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["one", "two", "three", "four"]);
    hand.wait(60);
    hand.echo(marks(&out)[0]);
    hand.wait(100);
    let clear = hand.cut();
    hand.wait(60);
    assert_eq!(hand.cuts(), []);
    hand.echo(marks(&clear)[0]);
    let cuts = hand.cuts();
    assert!(matches!(cuts[..], [(1, 150..=170, true)]), "{cuts:?}");
}

#[test]
fn a_cut_that_is_not_confirmed_is_settled_after_the_time_out_with_the_measured_round_trip() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["one", "two", "three", "four"]);
    hand.wait(60);
    hand.echo(marks(&out)[0]);
    hand.wait(100);
    hand.cut();
    hand.wait(499);
    assert_eq!(hand.cuts(), []);
    hand.wait(1);
    let cuts = hand.cuts();
    assert!(matches!(cuts[..], [(1, 150..=170, false)]), "{cuts:?}");
}

#[test]
fn a_cut_can_be_settled_before_its_time() {
    let mut hand = Hand::new();
    hand.say(1, &["one", "two"]);
    hand.cut();
    hand.ledger.settle();
    assert!(matches!(hand.cuts()[..], [(1, _, false)]));
    assert!(hand.ledger.idle());
}

#[test]
fn a_cut_while_nothing_plays_ends_everything_at_once() {
    let mut hand = Hand::new();
    hand.ledger.begin(1);
    hand.ledger.begin(2);
    assert_eq!(hand.cut(), []);
    assert_eq!(hand.cuts(), [(1, 0, true), (2, 0, true)]);
}

#[test]
fn a_cut_after_a_hold_clears_only_once() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["one", "two"]);
    hand.echo(marks(&out)[0]);
    let clear = hand.hold();
    assert_eq!(hand.cut(), []);
    hand.echo(marks(&clear)[0]);
    assert!(matches!(hand.cuts()[..], [(1, _, true)]));
}

#[test]
fn a_false_alarm_goes_on_at_the_start_of_the_word_that_was_cut() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["one", "two", "three", "four"]);
    hand.echo(marks(&out)[0]);
    hand.wait(300);
    let clear = hand.hold();
    hand.echo(marks(&clear)[0]);
    hand.wait(1_500);
    let out = hand.resume();
    assert!(!hand.ledger.held());
    hand.echo(marks(&out)[0]);
    hand.wait(100);
    let heard = hand.ledger.position(hand.now, 1).unwrap();
    assert!((290..=310).contains(&heard.ms), "from 200 ms on, 100 ms later: {heard:?}");
    hand.wait(100);
    let heard = hand.ledger.position(hand.now, 1).unwrap();
    assert!((390..=410).contains(&heard.ms), "{heard:?}");
}

#[test]
fn a_false_alarm_before_the_place_is_known_waits_for_it() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["one", "two", "three", "four"]);
    hand.echo(marks(&out)[0]);
    hand.wait(300);
    let clear = hand.hold();
    assert_eq!(hand.resume(), []);
    assert!(hand.ledger.held());
    assert!(!media_ms(&hand.echo(marks(&clear)[0])).is_empty());
    assert!(!hand.ledger.held());
}

#[test]
fn a_passage_begun_while_a_cut_is_unsettled_has_its_own_account() {
    let mut hand = Hand::new();
    let old = hand.say(1, &["one", "two", "three"]);
    hand.echo(marks(&old)[0]);
    hand.wait(100);
    let clear = hand.cut();
    let new = hand.say(2, &["four", "five", "six"]);
    assert!(!media_ms(&new).is_empty(), "it does not wait");
    hand.echo(marks(&clear)[0]);
    hand.echo(marks(&new)[0]);
    hand.wait(200);
    let again = hand.cut();
    hand.echo(marks(&again)[0]);
    let cuts = hand.cuts();
    assert!(matches!(cuts[..], [(1, 90..=110, true), (2, 190..=210, true)]), "{cuts:?}");
}

#[test]
fn audio_of_a_passage_that_was_cut_is_dropped() {
    let mut hand = Hand::new();
    hand.say(1, &["one"]);
    hand.cut();
    hand.ledger.push_audio(1, &[1; 1_600], &[]);
    assert_eq!(hand.poll(), []);
}

#[test]
fn unknown_repeated_and_reordered_marks_do_no_harm() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["Hi"]);
    hand.wait(200);
    for name in ["", "seg:", "clr:7", "seg:99", "hello", marks(&out)[2], marks(&out)[0], marks(&out)[2]] {
        hand.echo(name);
    }
    assert_eq!(hand.events().len(), 2, "started and finished");
}

#[test]
fn a_lost_socket_ends_everything_with_what_must_have_been_played() {
    let mut hand = Hand::new();
    let out = hand.say(1, &["one", "two", "three", "four"]);
    hand.say(2, &["five"]);
    hand.echo(marks(&out)[0]);
    hand.wait(300);
    hand.ledger.lost(hand.now);
    let cuts = hand.cuts();
    assert!(matches!(cuts[..], [(1, 290..=310, false), (2, 0, _)]), "{cuts:?}");
    assert!(hand.ledger.idle() && !hand.ledger.playing() && hand.ledger.next_due().is_none());
    assert!(!media_ms(&hand.say(3, &["again"])).is_empty(), "a new stream can follow");
}

#[test]
fn media_tells_when_it_will_play_on_the_carriers_clock() {
    let mut hand = Hand::on_stream(5_000);
    let out = hand.say(1, &["word"; 20]);
    hand.echo(marks(&out)[0]);
    let [Out::Media { plays_at, .. }, ..] = &hand.wait(200)[..] else { panic!("nothing was sent") };
    assert!((5_310..=5_330).contains(plays_at), "behind 320 ms: {plays_at}");
}

#[test]
fn of_a_passage_that_was_broken_off_only_what_was_spoken_counts() {
    for (timings, heard) in [(true, "one two".len()), (false, "one two".len())] {
        let mut hand = Hand::new();
        hand.ledger.begin(1);
        hand.ledger.push_text(1, "one two three four five");
        let word = |text_start, text_end, start_ms, end_ms| WordTiming { text_start, text_end, start_ms, end_ms };
        let words = [word(0, 3, 0, 200), word(4, 7, 200, 400)];
        hand.ledger.push_audio(1, &vec![1; 500 * 8], if timings { &words } else { &[] });
        hand.ledger.break_off(1);
        hand.poll();
        hand.wait(1_500);
        let events = hand.events();
        let finished = events.iter().find_map(|event| match event {
            Event::Finished { heard, .. } => Some(heard.text_end),
            _ => None,
        });
        assert_eq!(finished, Some(heard), "{events:?}");
    }
}
