//! Decisions: events go to the behaviour one at a time, and what it answers comes back as actions.
//!
//! A behaviour that fails does not stop the call: the caller hears the fallback line, the event is tried once more, then
//! with the next component, and at last dropped.

use crate::{Call, CallConfig, Command, Component, Decision};
use std::collections::VecDeque;
use trunkline_contract::Ms;
use trunkline_contract::event::{Event, Resumption};
use trunkline_contract::log::Entry;

/// The fallback line is said at most this often, ms.
const FALLBACK_EVERY_MS: Ms = 10_000;
/// So many dropped events in a row end the call.
const MAX_DROPPED: u32 = 3;
/// At most so many decisions begin within `PACE_MS`: a behaviour that answers every answer cannot run hot.
const PACE: u32 = 100;
const PACE_MS: Ms = 1_000;

/// An event that waits for its decision.
#[derive(Debug)]
struct Waiting {
    event: Event,
    /// What it was about is superseded when the turn has changed since.
    turn: u32,
    retried: bool,
}

#[derive(Debug)]
struct Deciding {
    event_seq: u64,
    /// As in its row.
    at_ms: Ms,
    event: Event,
    turn: u32,
    retried: bool,
}

/// Events that wait and the one that is being decided.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    queue: VecDeque<Waiting>,
    deciding: Option<Deciding>,
    state: Vec<u8>,
    component: usize,
    /// Grows when what was decided before is superseded: a turn of the caller, a confirmed interruption.
    turn: u32,
    fallback_at: Option<Ms>,
    dropped: u32,
    answering_denial: bool,
    /// Begin of the stretch in which decisions are counted, and how many began in it.
    paced: (Ms, u32),
    /// The agent that takes over before the next decision begins.
    successor: Option<Box<CallConfig>>,
}

impl Decisions {
    pub(crate) fn answering_denial(&self) -> bool {
        self.answering_denial
    }

    pub(crate) fn restore(&mut self, state: Vec<u8>, component: usize, pending: Option<(u64, Ms, Event)>) {
        self.state = state;
        self.component = component;
        self.deciding =
            pending.map(|(event_seq, at_ms, event)| Deciding { event_seq, at_ms, event, turn: 0, retried: false });
    }

    pub(crate) fn deadline(&self) -> Option<Ms> {
        let waits = self.deciding.is_none() && !self.queue.is_empty();
        (waits && self.paced.1 >= PACE).then(|| self.paced.0 + PACE_MS)
    }

    fn may_begin(&mut self, now: Ms) -> bool {
        if now >= self.paced.0 + PACE_MS {
            self.paced = (now, 0);
        }
        self.paced.1 < PACE
    }

    fn wait(&mut self, event: Event) {
        self.queue.push_back(Waiting { event, turn: self.turn, retried: false });
    }

    pub(crate) fn idle(&self) -> bool {
        self.queue.is_empty() && self.deciding.is_none() && self.successor.is_none()
    }

    /// The newest wish counts.
    pub(crate) fn switch_to(&mut self, config: Box<CallConfig>) {
        self.successor = Some(config);
    }

    /// Whoever takes over, once nothing is being decided.
    pub(crate) fn take_successor(&mut self) -> Option<Box<CallConfig>> {
        if self.deciding.is_some() { None } else { self.successor.take() }
    }

    /// Begins anew for another behaviour; gives what waited and was meant for the former one.
    pub(crate) fn begin_anew(&mut self, first: Event) -> Vec<Event> {
        self.supersede();
        (self.state, self.component, self.dropped, self.answering_denial) = (Vec::new(), 0, 0, false);
        let waiting = std::mem::take(&mut self.queue);
        let (theirs, ours): (VecDeque<_>, VecDeque<_>) =
            waiting.into_iter().partition(|waiting| is_of_the_behaviour(&waiting.event));
        self.wait(first);
        self.queue.extend(ours.into_iter().map(|waiting| Waiting { turn: self.turn, retried: false, ..waiting }));
        theirs.into_iter().map(|waiting| waiting.event).collect()
    }

    pub(crate) fn supersede(&mut self) {
        self.turn += 1;
    }
}

impl Call {
    /// The component that decides now.
    pub(crate) fn component(&self) -> &Component {
        let list = &self.config.components;
        list.get(self.decisions.component)
            .or(list.first())
            .unwrap_or(const { &Component { digest: String::new(), reason: String::new() } })
    }

    /// Queues an event for the behaviour.
    pub(crate) fn enqueue(&mut self, event: Event) {
        if self.ending.told() {
            if ends_an_effect(&event) {
                self.log_dropped(event, "it came after the end");
            }
        } else if !self.ending.over() || ends_an_effect(&event) {
            if matches!(event, Event::UserTurn(_)) {
                self.decisions.supersede();
            }
            self.decisions.wait(event);
        }
    }

    /// Starts the next decision when none is running.
    pub(crate) fn pump(&mut self) {
        self.take_over();
        if self.decisions.deciding.is_some() || !self.decisions.may_begin(self.now) {
            return;
        }
        if let Some(waiting) = self.decisions.queue.pop_front() {
            self.decide(waiting);
        } else if let Some(event) = self.last_event() {
            self.decide(Waiting { event, turn: self.decisions.turn, retried: false });
        }
    }

    fn decide(&mut self, waiting: Waiting) {
        let Waiting { event, turn, retried } = waiting;
        self.decisions.paced.1 += 1;
        let seed = splitmix(self.config.seed, self.next_seq);
        let urgent = matches!(event, Event::Started(_) | Event::Resumed(_));
        let event_seq = self.append_with(Entry::Event { event: event.clone(), seed }, None, urgent);
        if urgent {
            self.speak_after = event_seq;
        }
        self.ask(Deciding { event_seq, at_ms: self.now, event, turn, retried });
    }

    /// Asks again for an event that is in the log without an answer.
    pub(crate) fn decide_pending(&mut self) {
        if let Some(pending) = self.decisions.deciding.take() {
            self.ask(pending);
        }
    }

    fn ask(&mut self, deciding: Deciding) {
        self.out.push(Command::Decide {
            event_seq: deciding.event_seq,
            at_ms: deciding.at_ms,
            component: self.decisions.component,
            event: Box::new(deciding.event.clone()),
            state: self.decisions.state.clone(),
            seed: splitmix(self.config.seed, deciding.event_seq),
        });
        self.decisions.deciding = Some(deciding);
    }

    /// The behaviour gave no answer in time to what came before the end: the log keeps it as dropped.
    pub(crate) fn drop_undecided(&mut self) {
        let reason = "the call was over";
        if let Some(deciding) = self.decisions.deciding.take() {
            self.append(Entry::Dropped { event_seq: deciding.event_seq, reason: reason.to_owned() });
        }
        let waiting: Vec<Event> = self.decisions.queue.drain(..).map(|waiting| waiting.event).collect();
        for event in waiting.into_iter().chain(self.last_event()) {
            self.log_dropped(event, reason);
        }
    }

    /// An event that the behaviour does not get; the log has it all the same.
    pub(crate) fn log_dropped(&mut self, event: Event, reason: &str) {
        let seed = splitmix(self.config.seed, self.next_seq);
        let event_seq = self.append(Entry::Event { event, seed });
        self.append(Entry::Dropped { event_seq, reason: reason.to_owned() });
    }

    pub(crate) fn decided(&mut self, event_seq: u64, outcome: Result<Decision, String>) {
        let Some(deciding) = self.decisions.deciding.take_if(|d| d.event_seq == event_seq) else { return };
        match outcome {
            Ok(decision) => self.decision(&deciding, decision),
            Err(reason) => self.decision_failed(deciding, reason),
        }
    }

    fn decision(&mut self, deciding: &Deciding, decision: Decision) {
        self.decisions.dropped = 0;
        self.decisions.state = decision.state.clone();
        let entry = Entry::Actions { event_seq: deciding.event_seq, actions: decision.actions.clone() };
        self.append_with(entry, Some(decision.state), false);
        for text in decision.notes {
            self.append(Entry::Note { level: "debug".to_owned(), text });
        }
        let superseded = deciding.turn != self.decisions.turn;
        self.mark_decision(&deciding.event);
        // A behaviour that answers a denial with what is denied again would go on for ever.
        self.decisions.answering_denial = matches!(deciding.event, Event::Denied(_));
        for invalid in decision.invalid {
            if self.claim(invalid.effect, &invalid.action) {
                self.deny(invalid.effect, &invalid.action, "invalid", &invalid.message);
            }
        }
        for action in decision.actions {
            self.act(action, superseded);
        }
        if matches!(deciding.event, Event::Ended(_)) {
            self.ending_decided();
        }
    }

    fn decision_failed(&mut self, deciding: Deciding, reason: String) {
        self.append(Entry::Dropped { event_seq: deciding.event_seq, reason });
        if matches!(deciding.event, Event::Ended(_)) {
            self.ending_decided();
            return;
        }
        if self.decisions.fallback_at.is_none_or(|at| self.now >= at + FALLBACK_EVERY_MS) {
            self.decisions.fallback_at = Some(self.now);
            let line = self.config.fallback.clone();
            self.say_line(&line);
        }
        if !deciding.retried {
            let Deciding { event, turn, .. } = deciding;
            self.decisions.queue.push_front(Waiting { event, turn, retried: true });
        } else if self.decisions.component + 1 < self.config.components.len() {
            self.next_component(deciding);
        } else {
            self.decisions.dropped += 1;
            if self.decisions.dropped >= MAX_DROPPED || matches!(deciding.event, Event::Started(_)) {
                self.end_politely("failed");
            }
        }
    }

    /// Goes on with the next component of the ladder. Its state starts empty, so it is told about the call first.
    fn next_component(&mut self, deciding: Deciding) {
        self.decisions.component += 1;
        self.decisions.state.clear();
        let component = self.component().clone();
        self.append(Entry::Component { digest: component.digest, reason: component.reason });
        let call = self.config.call.clone();
        let Deciding { event, turn, .. } = deciding;
        let began = matches!(event, Event::Started(_));
        self.decisions.queue.push_front(Waiting { event, turn, retried: false });
        if !began {
            let resumed = Resumption { reason: "component-changed".to_owned(), call };
            let event = Event::Resumed(Box::new(resumed));
            self.decisions.queue.push_front(Waiting { event, turn: self.decisions.turn, retried: false });
        }
    }
}

/// These have to be told, or at least logged, whatever state the call is in.
fn ends_an_effect(event: &Event) -> bool {
    matches!(
        event,
        Event::Said(_)
            | Event::Interrupted(_)
            | Event::Generated(_)
            | Event::ToolFinished(_)
            | Event::Failed(_)
            | Event::Denied(_)
            | Event::EffectDone(_)
    )
}

/// What only the behaviour understands that asked for it, or was told of the call before.
fn is_of_the_behaviour(event: &Event) -> bool {
    let about_itself = matches!(
        event,
        Event::Started(_)
            | Event::Resumed(_)
            | Event::Configured(_)
            | Event::Timer { .. }
            | Event::ToolRequested(_)
            | Event::Swapped { .. }
            | Event::Transferred(_)
    );
    about_itself || ends_an_effect(event)
}

/// SplitMix64 (Steele, Lea, Flood 2014): independent seeds from one.
fn splitmix(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
