use super::*;
use proptest::prelude::*;

const VOICE: i16 = 4_000;
const MS: Samples = PER_MS;

fn clip(ms: u64) -> Act {
    Act::Clip(vec![VOICE; usize::try_from(ms * MS).unwrap()].into())
}

fn silence(act: Act) -> Step {
    Step { begin: Begin::Silence, act }
}

fn pace() -> Pace {
    Pace { pause: 600 * MS, patience: 10_000 * MS }
}

/// A line on which the agent says so much at these times, ms.
struct World {
    caller: Caller,
    agent: Playout,
    says: Vec<(u64, u64)>,
    now: Samples,
    events: Vec<(u64, Event)>,
    sent: Vec<i16>,
}

impl World {
    fn new(steps: Vec<Step>, says: &[(u64, u64)]) -> Self {
        let caller = Caller::new(steps, pace());
        Self { caller, agent: Playout::default(), says: says.to_vec(), now: 0, events: Vec::new(), sent: Vec::new() }
    }

    fn run(mut self, until_ms: u64) -> Self {
        while self.now < until_ms * MS {
            self.agent.advance(self.now, &mut Vec::new(), |_, _| ());
            let now = self.now / MS;
            self.says.retain(|(at, length)| {
                if *at <= now {
                    assert!(self.agent.push(&vec![VOICE; usize::try_from(length * MS).unwrap()]));
                }
                *at > now
            });
            let mut events = Vec::new();
            self.sent.extend(self.caller.frame(self.now, &self.agent, &mut events));
            self.events.extend(events.into_iter().map(|event| (now, event)));
            self.now += FRAME as u64;
        }
        self
    }

    fn at(&self, wanted: Event) -> Option<u64> {
        self.events.iter().find(|(_, event)| *event == wanted).map(|(at, _)| *at)
    }
}

#[test]
fn the_caller_speaks_when_the_agent_has_finished_and_hangs_up_after_the_last_answer() {
    let world = World::new(vec![silence(clip(500)), silence(clip(300))], &[(200, 1_000), (2_800, 400), (5_000, 200)]);
    let world = world.run(9_000);
    assert_eq!(world.at(Event::Began(0)), Some(1_800));
    assert_eq!(world.at(Event::Done(0)), Some(2_280));
    assert_eq!(world.at(Event::Began(1)), Some(3_800), "0.6 s after the answer has ended");
    assert_eq!(world.at(Event::HungUp), Some(6_700), "1.5 s after the last answer has ended");
    assert_eq!(world.sent.iter().filter(|sample| **sample == VOICE).count(), 800 * 16);
}

#[test]
fn a_caller_whom_nobody_greets_speaks_first() {
    let world = World::new(vec![silence(clip(100))], &[]).run(6_000);
    assert_eq!(world.at(Event::Began(0)), Some(5_000));
}

#[test]
fn a_caller_who_gets_no_answer_gives_up_and_names_the_step_that_waited() {
    let world = World::new(vec![silence(clip(100)), silence(clip(100))], &[(0, 400)]).run(20_000);
    assert_eq!(world.at(Event::Began(0)), Some(1_000));
    assert_eq!(world.at(Event::GaveUp(1)), Some(11_120));
    assert_eq!(world.at(Event::HungUp), None);
    let world = World::new(vec![silence(clip(100))], &[(0, 400)]).run(20_000);
    assert_eq!(world.at(Event::GaveUp(1)), Some(11_120), "the last answer is waited for too");
}

#[test]
fn what_was_said_before_the_callers_words_is_no_answer_to_them() {
    let steps = vec![silence(Act::Listen), silence(clip(200)), silence(clip(200))];
    let world = World::new(steps, &[(0, 400), (4_000, 300)]).run(6_000);
    assert_eq!((world.at(Event::Done(0)), world.at(Event::Began(1))), (Some(1_000), Some(1_000)));
    assert_eq!(world.at(Event::Began(2)), Some(4_900));
}

#[test]
fn an_interruption_begins_while_the_agent_speaks() {
    let barge = Step { begin: Begin::Interrupting(700), act: clip(200) };
    let world = World::new(vec![silence(clip(200)), barge.clone()], &[(0, 400), (2_000, 3_000)]).run(4_000);
    assert_eq!(world.at(Event::Began(1)), Some(2_700));
    assert_eq!(world.at(Event::TooLate(1)), None);
    let world = World::new(vec![silence(clip(200)), barge], &[(0, 400), (2_000, 100)]).run(4_000);
    assert_eq!((world.at(Event::Began(1)), world.at(Event::TooLate(1))), (Some(2_700), Some(2_700)));
}

#[test]
fn a_set_time_is_waited_whatever_the_agent_does() {
    let after = Step { begin: Begin::After(1_000), act: clip(200) };
    let world = World::new(vec![after.clone(), after], &[(0, 9_000)]).run(4_000);
    assert_eq!((world.at(Event::Began(0)), world.at(Event::Began(1))), (Some(1_000), Some(2_200)));
}

#[test]
fn keys_are_pressed_one_after_the_other() {
    let digits = silence(Act::Digits("12".into()));
    let world = World::new(vec![digits, silence(Act::HangUp)], &[(0, 400), (1_500, 100)]).run(4_000);
    let keys = ['1', '2'].map(|key| world.at(Event::Digit(key)));
    assert_eq!(keys, [Some(1_000), Some(1_260)]);
    assert_eq!((world.at(Event::Done(0)), world.at(Event::HungUp)), (Some(1_260), Some(2_200)));
}

proptest! {
    #[test]
    fn every_call_comes_to_an_end(
        begins in prop::collection::vec((0u8..3, 0u64..3_000, 0u8..3, 1u64..800), 0..5),
        says in prop::collection::vec((0u64..15_000, 1u64..2_000), 0..5),
    ) {
        let steps: Vec<Step> = begins.iter().map(|(begin, ms, act, length)| Step {
            begin: match begin { 0 => Begin::Silence, 1 => Begin::After(*ms), _ => Begin::Interrupting(*ms) },
            act: match act { 0 => clip(*length), 1 => Act::Digits("1#".into()), _ => Act::Listen },
        }).collect();
        let world = World::new(steps, &says).run(100_000);
        let ends = world.events.iter().filter(|(_, event)| matches!(event, Event::HungUp | Event::GaveUp(_)));
        prop_assert_eq!(ends.count(), 1);
        prop_assert_eq!(world.sent.len() as u64, world.now);
    }
}
