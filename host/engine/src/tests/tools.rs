//! Tools: who runs them, and that each request is answered.

use super::world::{Answer, World, asks, config, external, generate, says};
use crate::{Command, Input, Runner, ToolOutcome};
use serde_json::json;
use trunkline_contract::ActionKind;
use trunkline_contract::action::{CallTool, Generate, ToolMode};
use trunkline_contract::chat::{Delta, Finish, ToolCall};
use trunkline_contract::event::{Event, Usage};
use trunkline_contract::log::Entry;

fn generates(event: &Event, answer: &mut Answer) {
    if matches!(event, Event::Started(_)) {
        answer.generate();
    }
}

fn tool_rounds(world: &World) -> usize {
    world.count(|c| matches!(c, Command::Generate { .. }))
}

#[test]
fn several_tools_at_once_are_all_answered_before_the_model_goes_on() {
    let mut world = World::new(generates);
    world.tool("look_up", 500, json!({"price": 3}));
    world.tool("weather", 100, json!("sunny"));
    world.model(|_, n| if n == 0 { asks("One moment.", &["look_up", "weather"]) } else { says("Three, and sunny.") });
    world.run_until(6_000);
    assert_eq!(
        world.asked(),
        ["agent: One moment.", "asks: look_up, weather", r#"look_up: {"price":3}"#, r#"weather: "sunny""#,]
    );
    assert_eq!(world.heard(), "One moment. Three, and sunny.");
    assert_eq!(
        world.story()[1..],
        ["tool-finished weather: ok", "tool-finished look_up: ok", "generated 1: One moment. Three, and sunny."]
    );
    world.finish();
}

#[test]
fn a_model_that_only_calls_tools_is_stopped_at_the_limit() {
    let mut config = config();
    config.limits.max_tool_rounds = 3;
    let mut world = World::with(config, generates);
    world.tool("look_up", 10, json!(1));
    world.model(|_, _| asks("", &["look_up"]));
    world.run_until(6_000);
    assert_eq!(tool_rounds(&world), 3);
    assert_eq!(world.story().last().unwrap(), "generated 1: ");
    world.finish();
}

#[test]
fn in_ask_mode_the_behaviour_answers() {
    let mut world = World::new(|event, answer| match event {
        Event::Started(_) => {
            answer.act(ActionKind::Generate(Generate { tools: ToolMode::Ask, ..generate() }));
        }
        Event::ToolRequested(request) => {
            answer.answer_tool(&request.request_id, json!({"for": request.name}));
            answer.answer_tool(&request.request_id, json!("twice"));
        }
        _ => {}
    });
    world.model(|_, n| if n == 0 { asks("", &["look_up"]) } else { says("Done.") });
    world.run_until(3_000);
    assert_eq!(world.asked()[1], r#"look_up: {"for":"look_up"}"#);
    assert_eq!(world.story()[1..], ["tool-requested look_up", "denied 3: invalid", "generated 1: Done."]);
    assert!(world.tool_runs.is_empty());
    world.finish();
}

#[test]
fn a_behaviour_that_never_answers_does_not_silence_the_agent() {
    let mut world = World::new(|event, answer| {
        if let Event::Started(_) = event {
            answer.act(ActionKind::Generate(Generate { tools: ToolMode::Ask, speak: false, ..generate() }));
            answer.generate();
        }
    });
    world.model(|_, n| if n == 0 { asks("", &["look_up"]) } else { says("Done.") });
    world.run_until(40_000);
    assert!(world.heard().starts_with("Done."), "{}", world.heard());
    world.finish();
}

#[test]
fn a_tool_that_writes_is_logged_before_it_runs() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.tool("book");
        }
    });
    world.tool("book", 100, json!("booked"));
    world.forget_commits();
    world.run_until(1_000);
    assert!(world.tool_runs.is_empty(), "not durable yet");
    let intent = world.rows.iter().position(|row| matches!(row.entry, Entry::EffectIntent { .. })).unwrap();
    let key = world.commands.iter().find_map(|(_, c)| match c {
        Command::RunTool { idempotency_key, after_seq, .. } => {
            assert_eq!(*after_seq, Some(intent as u64 + 1));
            Some(idempotency_key.clone())
        }
        _ => None,
    });
    assert!(
        matches!(&world.rows[intent].entry, Entry::EffectIntent { idempotency_key, .. } if Some(idempotency_key) == key.as_ref())
    );
    world.input_at(1_000, Input::Committed { seq: intent as u64 + 1 });
    world.run_until(1_500);
    assert_eq!(world.tool_runs.len(), 1);
    assert_eq!(world.story()[1], "tool-finished book: ok");
    assert!(
        matches!(world.entries().find(|e| e.kind() == "effect-outcome"), Some(Entry::EffectOutcome { status, .. }) if status == "ok")
    );
    world.finish();
}

#[test]
fn a_tool_that_does_not_answer_in_time_has_failed_and_one_that_writes_is_unknown() {
    for (name, status) in [("look_up", "failed"), ("book", "unknown")] {
        let mut world = World::new(move |event, answer| {
            if matches!(event, Event::Started(_)) {
                answer.tool(name);
            }
        });
        world.run_until(4_000);
        assert_eq!(world.story()[1], format!("tool-finished {name}: {status}"));
        assert_eq!(world.count(|c| matches!(c, Command::CancelTool { .. })), 1);
        let request_id = world.tool_runs[0].1.clone();
        let outcome = ToolOutcome { status: "ok".to_owned(), value: json!(1) };
        world.input_at(4_000, Input::ToolDone { request_id, outcome });
        world.run_until(4_100);
        assert_eq!(world.story().len(), 2, "too late");
        world.finish();
    }
}

#[test]
fn what_the_model_cannot_have_is_denied_and_what_it_writes_wrongly_fails() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            let allowed_tools = Some(vec!["look_up".to_owned()]);
            answer.act(ActionKind::Generate(Generate { allowed_tools, ..generate() }));
        }
    });
    world.model(|request, n| {
        assert_eq!(request.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["look_up"]);
        let call = |id: &str, name: &str, arguments: &str| {
            let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
            (10, Ok(Delta::ToolCall(ToolCall { id, name, arguments })))
        };
        match n {
            0 => vec![
                call("same", "weather", "{}"),
                call("same", "look_up", "{not json"),
                call("", "nonsense", ""),
                (10, Ok(Delta::Done { finish: Finish::ToolCalls, usage: Usage::default() })),
            ],
            _ => says("I cannot."),
        }
    });
    world.run_until(4_000);
    let history = world.asked();
    assert!(history[1].contains("denied") && history[2].contains("not JSON") && history[3].contains("denied"));
    assert_eq!(world.heard(), "I cannot.");
    world.finish();
}

#[test]
fn a_tool_of_the_behaviour_must_be_granted() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.tool("nuclear");
        }
    });
    world.run_until(1_000);
    assert_eq!(world.story()[1], "denied 1: not-granted");
    world.finish();
}

#[test]
fn a_tool_of_the_behaviour_can_be_cancelled() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            let effect = answer.tool("look_up");
            answer.act(ActionKind::Cancel { target: effect });
        }
    });
    world.run_until(1_000);
    assert_eq!(world.story()[1], "tool-finished look_up: cancelled");
    world.finish();
}

#[test]
fn a_tool_that_may_not_be_cancelled_reports_after_the_interruption() {
    let mut config = config();
    config.tools.push(external("slow", false, false));
    let mut world = World::with(config, |event, answer| match event {
        Event::Started(_) => {
            answer.generate();
        }
        Event::ToolFinished(result) => {
            answer.say(&format!("It says {}.", result.value));
        }
        _ => {}
    });
    world.tool("slow", 1_900, json!("late"));
    world.model(|_, _| asks("Let me look that up for you, it takes a moment.", &["slow"]));
    world.caller_says(1_100, 1_700, "What else?");
    world.run_until(9_000);
    assert_eq!(world.count(|c| matches!(c, Command::CancelTool { .. })), 0);
    let story = world.story();
    assert!(story[1].starts_with("interrupted 1: Let me"), "{story:?}");
    assert_eq!(story[2..4], ["user-turn 1: What else?", "tool-finished slow: ok"]);
    assert!(world.heard().ends_with(r#"It says "late"."#), "{}", world.heard());
    assert!(world.transcript().contains(&r#"slow: "late""#.to_owned()));
    world.finish();
}

#[test]
fn save_data_fills_the_result() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            let call = |args| ActionKind::CallTool(CallTool { name: "save_data".to_owned(), args });
            answer.act(call(json!({"data": {"name": "Ada", "guests": 3}})));
            answer.act(call(json!({"data": {}})));
            answer.act(ActionKind::SetResult { name: "guests".to_owned(), value: json!(4) });
        }
    });
    world.run_until(1_000);
    assert_eq!(json!(world.call.results()), json!({"name": "Ada", "guests": 4}));
    assert_eq!(world.story()[1..], ["tool-finished save_data: ok", "tool-finished save_data: failed"]);
    world.finish();
}

#[test]
fn a_write_under_way_when_the_caller_hangs_up_is_waited_for() {
    let mut config = config();
    config.tools.push(super::world::external("book_slowly", true, false));
    config.tools.last_mut().unwrap().runner = Runner::External { write: true, cancellable: false, timeout_ms: 8_000 };
    let mut world = World::with(config, |event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.tool("book_slowly");
        }
    });
    world.tool("book_slowly", 4_000, json!("booked"));
    world.hang_up_at(1_000);
    world.run_until(20_000);
    assert_eq!(world.story()[1..], ["tool-finished book_slowly: ok", "ended caller-hangup"]);
    assert!((4_000..4_100).contains(&world.finished.as_ref().unwrap().0));
    assert!(matches!(world.entries().last(), Some(Entry::Ended { duration_ms: 1_000, .. })));
    super::ledger::check(&world.rows);
}
