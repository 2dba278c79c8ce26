//! A log against the component that wrote it, and against a changed one.

use crate::support::*;
use trunkline_contract::ActionKind;
use trunkline_contract::Event;
use trunkline_contract::log::{Entry, Row};
use trunkline_runtime::{Behaviour, Components, Input, ReplayError, ReplayOutcome, replay};

/// Writes a log as a call would.
#[derive(Default)]
struct Log {
    rows: Vec<Row>,
    state: Vec<u8>,
}

impl Log {
    fn push(&mut self, entry: Entry) -> u64 {
        let seq = self.rows.len() as u64 + 1;
        self.rows.push(Row { seq, at_ms: seq * 10, entry, component: None });
        seq
    }

    fn component(&mut self, behaviour: &Behaviour) {
        self.state.clear();
        self.push(Entry::Component { digest: behaviour.digest().to_string(), reason: "start".to_owned() });
    }

    async fn event(&mut self, behaviour: &Behaviour, event: Event) {
        let event_seq = self.push(Entry::Event { event: event.clone(), seed: 3 });
        let input = Input { seq: event_seq, now_ms: event_seq * 10, seed: 3, state: self.state.clone(), event };
        match behaviour.handle(input).await {
            Ok(output) => {
                self.state = output.state;
                self.push(Entry::Actions { event_seq, actions: output.actions });
            }
            Err(failure) => {
                self.push(Entry::Dropped { event_seq, reason: failure.kind.as_str().to_owned() });
            }
        }
    }

    /// As it comes back from the store.
    fn stored(&self) -> Vec<Row> {
        serde_json::from_str(&serde_json::to_string(&self.rows).unwrap()).unwrap()
    }
}

async fn log() -> Log {
    let (mut log, echo) = (Log::default(), echo());
    log.component(&echo);
    log.event(&echo, started()).await;
    log.event(&echo, turn(1, "one")).await;
    log.event(&echo, custom("trap")).await;
    log.push(Entry::Note { level: "info".to_owned(), text: "a line".to_owned() });
    log.event(&echo, turn(2, "two")).await;
    log.event(&echo, turn(3, "three")).await;
    log.push(Entry::Event { event: turn(4, "cut off"), seed: 3 });
    log
}

fn changed() -> Behaviour {
    runtime().load(ECHO_CHANGED).unwrap().behaviour().unwrap()
}

#[tokio::test]
async fn a_log_replays_equal_against_its_component() {
    let rows = log().await.stored();
    let find = |digest: &str| (digest == echo().digest().to_string()).then(echo);
    let outcome = replay(&Components::Recorded(&find), &rows, None).await;
    assert_eq!(outcome, Ok(ReplayOutcome::Equal { events: 4 }));
}

#[tokio::test]
async fn the_first_difference_of_a_changed_component_is_shown() {
    let rows = log().await.stored();
    let changed = changed();
    let outcome = replay(&Components::Override(&changed), &rows, None).await.unwrap();
    let ReplayOutcome::Differs { seq, event, expected, found } = outcome else { panic!("{outcome:?}") };
    assert_eq!((seq, event), (11, "user-turn"));
    assert!(matches!(&expected[0].kind, ActionKind::Say(say) if say.text == "> You said three"));
    assert!(matches!(&found.unwrap()[0].kind, ActionKind::Say(say) if say.text == "> I heard three"));
    assert_eq!(replay(&Components::Override(&changed), &rows, Some(10)).await, Ok(ReplayOutcome::Equal { events: 3 }));
}

#[tokio::test]
async fn the_state_starts_anew_when_the_component_changes() {
    let mut log = log().await;
    let changed = changed();
    log.component(&changed);
    log.event(&changed, turn(5, "five")).await;
    let find = |digest: &str| [echo(), changed.clone()].into_iter().find(|it| it.digest().to_string() == digest);
    let outcome = replay(&Components::Recorded(&find), &log.stored(), None).await;
    assert_eq!(outcome, Ok(ReplayOutcome::Equal { events: 5 }));
}

#[tokio::test]
async fn a_failure_is_a_difference() {
    let mut log = Log::default();
    log.component(&echo());
    let event_seq = log.push(Entry::Event { event: custom("error"), seed: 0 });
    log.push(Entry::Actions { event_seq, actions: Vec::new() });
    let find = |_: &str| Some(echo());
    let outcome = replay(&Components::Recorded(&find), &log.rows, None).await.unwrap();
    assert!(matches!(outcome, ReplayOutcome::Differs { seq: 2, found: Err(_), .. }));
}

#[tokio::test]
async fn a_log_that_leads_to_no_component_is_an_error() {
    let rows = log().await.rows;
    let outcome = replay(&Components::Recorded(&|_| None), &rows, None).await;
    assert!(matches!(outcome, Err(ReplayError::UnknownComponent { seq: 1, .. })));
    let outcome = replay(&Components::Override(&echo()), &rows[1..], None).await;
    assert_eq!(outcome, Err(ReplayError::NoComponent { seq: 2 }));
}
