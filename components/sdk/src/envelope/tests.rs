use super::{first_effect, step};
use crate::bindings::exports::trunkline::agent::behaviour::Input;
use crate::test::Harness;
use crate::{Behaviour, Ctx, Error, Event, Manifest};
use proptest::prelude::*;

struct Dice;

impl Behaviour for Dice {
    type State = Vec<u64>;
    type Settings = Option<bool>;

    fn manifest() -> Manifest {
        Manifest::new("dice", "1.0.0", "{}")
    }

    fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
        if matches!(event, Event::Timer(_)) {
            let roll = ctx.random();
            ctx.state.push(roll);
            ctx.say(format!("{roll}"));
            ctx.say("rolled");
        }
        Ok(())
    }
}

fn input(seq: u64, state: &[u8]) -> Input {
    Input { seq, now_ms: 5, seed: 7, state: state.to_vec(), event: Event::Timer(1) }
}

#[test]
fn equal_inputs_give_equal_outputs() {
    let first = step::<Dice>(input(3, b"")).unwrap();
    let second = step::<Dice>(input(3, b"")).unwrap();
    assert_eq!(first, second);
    assert_ne!(first.actions[0].kind, step::<Dice>(Input { seed: 8, ..input(3, b"") }).unwrap().actions[0].kind);
}

#[test]
fn ids_go_on_from_event_to_event() {
    let first = step::<Dice>(input(1, b"")).unwrap();
    let second = step::<Dice>(input(2, &first.state)).unwrap();
    let ids: Vec<u32> = first.actions.iter().chain(&second.actions).map(|action| action.effect).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}

#[test]
fn a_component_that_takes_over_uses_ids_that_no_earlier_event_can_have_used() {
    assert_eq!(first_effect(1), 1);
    assert_eq!(first_effect(4), 3 * 32 + 1);
    assert_eq!(step::<Dice>(input(4, b"")).unwrap().actions[0].effect, 97);
}

#[test]
fn an_error_keeps_the_state() {
    let mut call = Harness::<Dice>::with_settings("null");
    call.send(Event::Timer(1));
    let before = call.state().to_vec();
    call.call.settings = "7".to_owned();
    let started = Event::Started(call.call.clone());
    assert!(call.try_send(started).unwrap_err().starts_with("settings:"));
    assert_eq!(call.state(), before);
}

#[test]
fn a_state_of_another_layout_is_refused() {
    let state = br#"{"v":9,"n":1,"c":{"id":"","channel":"","caller":null,"callee":null,"locale":"","utc_offset_minutes":0,"speech_mode":"","agent_id":"","agent_version":"","tools":[]},"g":null,"s":[]}"#;
    assert_eq!(step::<Dice>(input(1, state)).unwrap_err().0, "state: written with layout 9, this component knows 1");
}

proptest! {
    #[test]
    fn any_bytes_as_state_give_an_answer_or_an_error(state in proptest::collection::vec(any::<u8>(), 1..200)) {
        let _ = step::<Dice>(input(1, &state));
    }
}
