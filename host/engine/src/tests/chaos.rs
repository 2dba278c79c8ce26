//! Anything at any time: no input breaks a call, and its account of effects is right at the end.

use super::caller::transcript;
use super::ledger::{self, UNREADABLE};
use super::world::{config, fault, generate};
use crate::{
    Call, Command, Control, Decision, Input, InvalidAction, MediaEnd, ProviderFault, Recovered, ToolOutcome, playout,
};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use trunkline_audio::vad::Edge;
use trunkline_contract::action::{AnswerTool, CallTool, Generate, HangUp, Listen, Say, ToolMode};
use trunkline_contract::chat::{Delta, Finish, ToolCall, check_history};
use trunkline_contract::event::{Custom, Usage};
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::speech::WordSpan;
use trunkline_contract::{Action, ActionKind, EffectId, Ms};

const TEXTS: &[&str] = &["", "Hello there.", "I see", "mm-hm", "this and", "stop it now please", "no", "…", "日本語。"];
const TOOLS: &[&str] = &["look_up", "book", "weather", "end_call", "save_data", "none"];

/// One thing that happens, made of raw numbers: `pick` chooses among what is known, or nonsense.
#[derive(Clone, Debug)]
struct Step {
    after: Ms,
    what: u8,
    pick: u8,
    number: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let after = prop_oneof![4 => 0u64..60, 3 => 60u64..600, 1 => 600u64..9_000];
    let number = prop_oneof![3 => 0u32..40, 2 => 40u32..4_000, 1 => any::<u32>()];
    let step = (after, 0u8..40, any::<u8>(), number);
    proptest::collection::vec(step.prop_map(|(after, what, pick, number)| Step { after, what, pick, number }), 0..120)
}

struct Chaos {
    call: Call,
    now: Ms,
    rows: Vec<Row>,
    states: BTreeMap<u64, Vec<u8>>,
    stream_ms: u64,
    deciding: Option<u64>,
    generations: Vec<u64>,
    passages: Vec<u32>,
    tools: Vec<String>,
    marks: Vec<String>,
    finished: bool,
    next_effect: EffectId,
}

impl Chaos {
    fn new(call: Call, now: Ms, rows: Vec<Row>, states: BTreeMap<u64, Vec<u8>>) -> Self {
        Self {
            call,
            now,
            rows,
            states,
            stream_ms: 0,
            deciding: None,
            generations: vec![0],
            passages: vec![0],
            tools: vec!["tool-0".to_owned()],
            marks: vec!["seg:1".to_owned(), "clr:x".to_owned(), "\u{0}".to_owned()],
            finished: false,
            next_effect: 0,
        }
    }

    fn give(&mut self, input: Input) {
        for command in self.call.handle(self.now, input) {
            assert!(!self.finished, "after the end: {command:?}");
            match command {
                Command::Append { row, state, .. } => {
                    assert_eq!(row.seq, self.rows.len() as u64 + 1);
                    self.states.extend(state.map(|state| (row.seq, state)));
                    self.rows.push(row);
                }
                Command::Decide { event_seq, .. } => {
                    assert!(matches!(&self.rows[usize::try_from(event_seq).unwrap() - 1].entry, Entry::Event { .. }));
                    self.deciding = Some(event_seq);
                }
                Command::Generate { generation, request } => {
                    check_history(&request.messages).unwrap();
                    self.generations.push(generation);
                }
                Command::Speak { context, .. } => self.passages.push(context),
                Command::RunTool { request_id, after_seq, .. } => {
                    assert!(after_seq.is_none_or(|seq| seq <= self.rows.len() as u64));
                    self.tools.push(request_id);
                }
                Command::Carrier(playout::Out::Mark(name)) => self.marks.push(name),
                Command::Finished { .. } => self.finished = true,
                _ => {}
            }
        }
    }

    /// Time passes; every deadline on the way is kept, and each moves on.
    fn pass(&mut self, until: Ms) {
        let (mut at, mut stuck) = (self.now, 0);
        while let Some(deadline) = self.call.deadline().filter(|deadline| *deadline <= until) {
            stuck = if deadline > at { 0 } else { stuck + 1 };
            assert!(stuck < 4, "busy at {at}: {:?}", self.call);
            at = deadline.max(at);
            self.now = at;
            self.give(Input::Tick);
        }
        self.now = self.now.max(until);
    }

    fn step(&mut self, step: &Step) {
        self.pass(self.now + step.after);
        let Step { what, pick, number, .. } = *step;
        let text = TEXTS[usize::from(pick) % TEXTS.len()];
        let broken = ProviderFault { retryable: number % 20 != 0, ..fault("unavailable") };
        let input = match what {
            0 => Input::Begin,
            1 | 2 => Input::Committed { seq: if pick < 200 { self.rows.len() as u64 } else { number.into() } },
            3 => {
                self.stream_ms = 0;
                Input::MediaStarted { stream_id: text.to_owned() }
            }
            4 if pick < 20 => Input::MediaStopped { end: MediaEnd::Stopped },
            4 if pick < 120 => Input::MediaStopped { end: MediaEnd::Lost },
            4 => Input::SttFailed(broken),
            5..=12 => self.audio(step),
            13 => Input::Digit(if pick < 128 { '5' } else { char::from(pick) }),
            14..=16 => {
                let name = self.marks[number as usize % self.marks.len()].clone();
                Input::Mark { name }
            }
            17..=20 => self.words(step),
            21..=24 => self.llm(step),
            25..=27 => self.speech(step),
            28 => Input::SpeechDone { context: self.passages[number as usize % self.passages.len()] },
            29 if pick < 60 => Input::SpeechFailed { context: None, fault: broken },
            29 if pick < 128 => Input::SpeechFailed {
                context: Some(self.passages[number as usize % self.passages.len()]),
                fault: broken,
            },
            29 => Input::SpeechFailed { context: Some(number), fault: broken },
            30..=35 => self.decided(step),
            36 => {
                let request_id = self.tools[number as usize % self.tools.len()].clone();
                Input::ToolDone { request_id, outcome: ToolOutcome { status: "ok".to_owned(), value: json!(text) } }
            }
            37 if pick < 10 => Input::Control(Control::HangUp { reason: "drained".to_owned() }),
            37 => Input::Control(Control::PatchContext(json!({"name": text}).as_object().unwrap().clone())),
            38 if pick < 100 => {
                let mut next = config();
                next.call.agent_id = format!("agent-{number}");
                Input::Control(Control::Switch(Box::new(next)))
            }
            38 => Input::Control(Control::Inject(json!(text))),
            _ => Input::Tick,
        };
        self.give(input);
    }

    fn audio(&mut self, step: &Step) -> Input {
        self.stream_ms = match step.pick {
            0 => step.number.into(),
            1 => u64::MAX,
            _ => self.stream_ms.saturating_add(step.after.max(20)),
        };
        let sane = self.stream_ms.saturating_sub(u64::from(step.number % 500));
        let at = if step.pick.is_multiple_of(16) { u64::from(step.number) << 16 } else { sane };
        let edges = match step.pick % 5 {
            0 | 1 => vec![Edge::SpeechStarted { onset_ms: at, detected_ms: self.stream_ms }],
            2 | 3 => vec![Edge::SpeechEnded { last_speech_ms: at, detected_ms: self.stream_ms }],
            _ => Vec::new(),
        };
        Input::Audio { stream_ms: self.stream_ms, edges }
    }

    fn words(&self, step: &Step) -> Input {
        let (start, end) = match step.pick % 7 {
            0 => (u64::from(step.number), 0),
            1 => (0, u64::MAX),
            _ => (self.stream_ms.saturating_sub(600), self.stream_ms),
        };
        let mut words =
            transcript(TEXTS[usize::from(step.pick) % TEXTS.len()], step.number.is_multiple_of(2), start, end);
        words.from_finalize = step.number.is_multiple_of(3);
        Input::Transcript(words)
    }

    fn llm(&self, step: &Step) -> Input {
        let id = self.generations.len() - 1 - (usize::from(step.pick) % 3).min(self.generations.len() - 1);
        let call = |n: u32| ToolCall {
            id: if n.is_multiple_of(3) { String::new() } else { "same".to_owned() },
            name: TOOLS[n as usize % TOOLS.len()].to_owned(),
            arguments: if n.is_multiple_of(5) { "{".to_owned() } else { r#"{"data": {"a": 1}}"#.to_owned() },
        };
        let delta = match step.number % 8 {
            0 => Err(fault("unavailable")),
            1..=3 => Ok(Delta::Text(TEXTS[usize::from(step.pick) % TEXTS.len()].to_owned() + " ")),
            4 | 5 => Ok(Delta::ToolCall(call(step.number / 8))),
            _ => Ok(Delta::Done { finish: Finish::Stop, usage: Usage::default() }),
        };
        Input::Llm { generation: self.generations[id], delta }
    }

    fn speech(&self, step: &Step) -> Input {
        let context = self.passages[step.number as usize % self.passages.len()];
        let wild = step.pick.is_multiple_of(4);
        let span = WordSpan {
            text_start: if wild { step.number as usize } else { 0 },
            text_end: if wild { usize::from(step.pick) } else { 5 },
            start_ms: step.number,
            end_ms: if wild { 0 } else { step.number.saturating_add(100) },
        };
        let words = if step.pick.is_multiple_of(3) { vec![span] } else { Vec::new() };
        Input::Speech { context, audio: Bytes::from(vec![7; usize::from(step.pick) * 37]), words }
    }

    fn decided(&mut self, step: &Step) -> Input {
        let event_seq = if step.pick == 0 { step.number.into() } else { self.deciding.take().unwrap_or(0) };
        if step.pick % 8 == 1 {
            return Input::Decided { event_seq, outcome: Err("trap".to_owned()) };
        }
        let actions: Vec<Action> =
            (0..step.pick % 4).map(|n| self.action(step.number.rotate_left(u32::from(n) * 5))).collect();
        let invalid = step.number.is_multiple_of(9).then(|| InvalidAction {
            effect: UNREADABLE + step.number % 100,
            action: "say".to_owned(),
            message: "no JSON".to_owned(),
        });
        let notes = vec!["a note".to_owned()];
        let state = vec![step.pick];
        let decision = Decision { state, actions, invalid: invalid.into_iter().collect(), notes };
        Input::Decided { event_seq, outcome: Ok(decision) }
    }

    fn action(&mut self, n: u32) -> Action {
        let again = n.is_multiple_of(11) && self.next_effect > 0;
        let effect = if again {
            1 + n % self.next_effect
        } else {
            self.next_effect += 1;
            self.next_effect
        };
        let target = n % (self.next_effect + 1);
        let text = TEXTS[n as usize % TEXTS.len()].to_owned();
        let tools = [ToolMode::Auto, ToolMode::Ask, ToolMode::None][n as usize % 3];
        let kind = match n % 23 {
            0..=4 => ActionKind::Say(Say { text: text + " And so on.", interruptible: !n.is_multiple_of(4) }),
            5 => ActionKind::Say(Say { text, interruptible: true }),
            6..=10 => ActionKind::Generate(Generate {
                tools,
                speak: !n.is_multiple_of(5),
                interruptible: !n.is_multiple_of(3),
                output_schema: n.is_multiple_of(7).then(|| json!({})),
                ..generate()
            }),
            11 => ActionKind::AnswerTool(AnswerTool {
                request_id: self.tools[n as usize % self.tools.len()].clone(),
                status: text,
                value: json!(n),
            }),
            12 | 13 => {
                let name = TOOLS[n as usize % TOOLS.len()].to_owned();
                ActionKind::CallTool(CallTool { name, args: json!({}) })
            }
            14 => ActionKind::Cancel { target },
            15 => ActionKind::SetTimer { after_ms: if n.is_multiple_of(6) { u64::MAX } else { u64::from(n % 5_000) } },
            16 => ActionKind::Listen(Listen {
                hints: vec![text],
                endpointing_ms: n.is_multiple_of(2).then_some(n % 20_000),
            }),
            17 if n.is_multiple_of(4) => ActionKind::HangUp(HangUp { reason: text, after_speech: n.is_multiple_of(8) }),
            17 => ActionKind::SendDigits { digits: text },
            18 => ActionKind::SetResult { name: text, value: json!(n) },
            19 => ActionKind::UpdateContext(if n.is_multiple_of(3) { json!(n) } else { json!({"name": n}) }),
            20 => ActionKind::Emit(Custom { name: text, payload: json!(n) }),
            _ => ActionKind::Custom(Custom { name: text, payload: json!(n) }),
        };
        Action { effect, kind }
    }

    /// The operator ends the call; the behaviour decides, or does not.
    fn end(mut self, decides: bool) -> Self {
        self.give(Input::Control(Control::HangUp { reason: "drained".to_owned() }));
        for _ in 0..100_000 {
            if self.finished {
                break;
            }
            match self.deciding.take().filter(|_| decides) {
                Some(event_seq) => self.give(Input::Decided { event_seq, outcome: Ok(Decision::default()) }),
                None => {
                    let next = self.call.deadline().expect("a call that is not over waits for something");
                    self.pass(next.max(self.now));
                }
            }
        }
        assert!(self.finished, "never finished: {:?}", self.call);
        assert_eq!(self.call.deadline(), None);
        self
    }
}

fn first_life(steps: &[Step]) -> Chaos {
    let mut chaos = Chaos::new(Call::new(config()), 0, Vec::new(), BTreeMap::new());
    let begin = Step { after: 0, what: 0, pick: 0, number: 0 };
    let connect = Step { after: 50, what: 3, pick: 0, number: 0 };
    let whole = [begin, connect];
    // Sometimes things happen before the call begins.
    let early = steps.len() % 5;
    for step in
        steps[..early.min(steps.len())].iter().filter(|_| steps.len().is_multiple_of(2)).chain(&whole).chain(steps)
    {
        chaos.step(step);
    }
    chaos
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_each_effect_ends_once_and_the_call_ends(steps in steps(), decides: bool) {
        let chaos = first_life(&steps).end(decides);
        ledger::check(&chaos.rows);
    }

    #[test]
    fn whatever_happened_the_call_goes_on_from_any_row(steps in steps(), cut: prop::sample::Index, decides: bool) {
        let first = first_life(&steps);
        let count = cut.index(first.rows.len() + 1);
        let rows = first.rows[..count].to_vec();
        prop_assume!(!rows.iter().any(|row| matches!(row.entry, Entry::Ended { .. })));
        let states: BTreeMap<u64, Vec<u8>> =
            first.states.range(..=count as u64).map(|(seq, state)| (*seq, state.clone())).collect();
        let state = states.values().last().cloned().unwrap_or_default();
        let now = first.now + 1_000;
        let call = Call::resume(config(), Recovered { rows: rows.clone(), state }, now, "host-restart").unwrap();
        let mut second = Chaos::new(call, now, rows, states);
        second.next_effect = first.next_effect;
        let begin = Step { after: 0, what: 0, pick: 0, number: 0 };
        let connect = Step { after: 50, what: 3, pick: 0, number: 0 };
        for step in [begin, connect].iter().chain(&steps) {
            second.step(step);
        }
        let second = second.end(decides);
        ledger::check(&second.rows);
    }
}
