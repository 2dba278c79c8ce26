//! Inputs in any order and at any time: no panic, and every passage ends exactly once.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use crate::playout::{Config, Event, Format, Ms, Out, PassageId, Playout, WordTiming};

#[derive(Clone, Debug)]
enum Act {
    Begin,
    Text(PassageId, String),
    Audio(PassageId, usize, Vec<WordTiming>),
    Finish(PassageId),
    Poll,
    /// Echoes one of the marks sent so far.
    Echo(usize, Option<u64>),
    Mark(String),
    Stream(u64),
    Hold,
    Resume,
    Cut,
    Settle,
    Lost,
}

fn act() -> impl Strategy<Value = Act> {
    let passage = 0u32..6;
    let word = (0usize..60, 0usize..60, any::<u32>(), 0u32..2_000)
        .prop_map(|(text_start, text_end, start_ms, end_ms)| WordTiming { text_start, text_end, start_ms, end_ms });
    prop_oneof![
        3 => Just(Act::Begin),
        2 => (passage.clone(), "\\PC{0,20}").prop_map(|(p, text)| Act::Text(p, text)),
        6 => (passage.clone(), 0usize..6_000, vec(word, 0..3)).prop_map(|(p, n, words)| Act::Audio(p, n, words)),
        2 => passage.prop_map(Act::Finish),
        8 => Just(Act::Poll),
        8 => (any::<usize>(), proptest::option::of(0u64..20_000)).prop_map(|(n, stamp)| Act::Echo(n, stamp)),
        1 => "(seg|clr|)[:0-9]{0,4}|\\PC{0,8}".prop_map(Act::Mark),
        4 => prop_oneof![8 => 0u64..20_000, 1 => any::<u64>()].prop_map(Act::Stream),
        2 => Just(Act::Hold),
        2 => Just(Act::Resume),
        1 => Just(Act::Cut),
        1 => Just(Act::Settle),
        1 => Just(Act::Lost),
    ]
}

/// Mostly onwards, sometimes back, now and then to the end of time.
fn times() -> impl Strategy<Value = Ms> {
    prop_oneof![20 => 0u64..20_000, 1 => any::<u64>()]
}

fn config() -> impl Strategy<Value = Config> {
    let ordinary = prop_oneof![Just(Config::default()), Just(Config::new(Format::PCM16_16K))];
    let any = any::<(u32, u32, u8, u32, u32, u32, u32)>().prop_map(|(bytes_per_ms, frame_ms, silence, a, m, s, e)| {
        let format = Format { bytes_per_ms: bytes_per_ms % 64, frame_ms: frame_ms % 100, silence };
        Config { format, ahead_ms: a, message_ms: m, segment_ms: s, echo_timeout_ms: e }
    });
    prop_oneof![3 => ordinary, 1 => any]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]
    #[test]
    fn any_inputs_in_any_order_end_every_passage_exactly_once(
        config in config(),
        acts in vec((act(), times()), 0..120),
        ordered in any::<bool>(),
    ) {
        let (mut acts, mut times): (Vec<_>, Vec<_>) = acts.into_iter().unzip();
        if ordered {
            times.sort_unstable();
        }
        acts.push(Act::Lost);
        times.push(30_000);
        let mut ledger = Playout::new(config);
        let (mut out, mut texts, mut ended) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for (act, now) in acts.into_iter().zip(times) {
            match act {
                Act::Begin => {
                    let passage = texts.len() as PassageId;
                    texts.insert(passage, String::new());
                    ledger.begin(passage);
                }
                Act::Text(passage, text) => {
                    ledger.push_text(passage, &text);
                    texts.entry(passage).and_modify(|t| if !ended.contains_key(&passage) { t.push_str(&text) });
                }
                Act::Audio(passage, bytes, words) => ledger.push_audio(passage, &vec![7; bytes], &words),
                Act::Finish(passage) => ledger.finish(passage),
                Act::Poll => {
                    ledger.poll(now, &mut out);
                    prop_assert!(now > 1 << 40 || ledger.next_due().is_none_or(|due| due > now));
                }
                Act::Echo(n, stamp) => {
                    let marks: Vec<_> = out.iter().filter_map(|m| match m { Out::Mark(name) => Some(name), _ => None }).collect();
                    if let Some(name) = marks.get(n % marks.len().max(1)) {
                        ledger.on_mark(now, stamp, name);
                    }
                }
                Act::Mark(name) => ledger.on_mark(now, None, &name),
                Act::Stream(stamp) => ledger.on_stream_clock(now, stamp),
                Act::Hold => ledger.hold(now, &mut out),
                Act::Resume => ledger.resume(now, &mut out),
                Act::Cut => ledger.cut(now, &mut out),
                Act::Settle => ledger.settle(),
                Act::Lost => ledger.lost(now),
            }
            for passage in texts.keys() {
                let heard = ledger.position(now, *passage);
                prop_assert!(heard.is_none_or(|h| texts[passage].is_char_boundary(h.text_end)));
            }
            for event in ledger.take_events() {
                if let Event::Finished { passage, heard } | Event::Cut { passage, heard } = event {
                    prop_assert!(texts[&passage].is_char_boundary(heard.text_end));
                    prop_assert!(ended.insert(passage, heard).is_none(), "{} ended twice", passage);
                }
            }
        }
        prop_assert!(ledger.idle() && ledger.next_due().is_none());
        prop_assert_eq!(ended.keys().collect::<Vec<_>>(), texts.keys().collect::<Vec<_>>());
    }
}
