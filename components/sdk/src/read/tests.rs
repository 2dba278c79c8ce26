use super::render;
use crate::serde_json::json;
use crate::test::Harness;
use crate::{Behaviour, Ctx, Error, Event, Manifest};
use proptest::prelude::*;

struct Clock;

impl Behaviour for Clock {
    type State = ();
    type Settings = ();

    fn manifest() -> Manifest {
        Manifest::new("clock", "1.0.0", "{}")
    }

    fn handle(ctx: &mut Ctx<Self>, _event: Event) -> Result<(), Error> {
        ctx.set_result("now", ctx.unix_ms());
        Ok(())
    }
}

#[test]
fn texts_get_the_contexts_values() {
    let context = json!({"company": "Acme", "hours": {"open": 9}});
    let cases = [
        ("Welcome to {{ company }}.", "Welcome to Acme."),
        ("{{company}} opens at {{ hours.open }}", "Acme opens at 9"),
        ("write {{{{ company }}", "write {{ company }}"),
        ("{{ firm }} and {{ hours.shut }}", "{{ firm }} and {{ hours.shut }}"),
        ("{{ company", "{{ company"),
        ("no braces {}", "no braces {}"),
    ];
    for (text, expected) in cases {
        assert_eq!(render(text, &context), expected);
    }
}

#[test]
fn the_time_of_day_follows_the_calls_id_and_its_clock() {
    let mut call = Harness::<Clock>::with_settings("null");
    call.call.call_id = "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f".to_owned();
    call.start();
    assert_eq!(call.results["now"], 0x0190_b2c4_7d1e_u64 + 1_000);
}

#[test]
fn an_id_that_tells_no_time_gives_none() {
    for id in ["", "demo", "0190b2c4-7d1e-4cc3-98c4-dc0c0c07398f", "éééééééééééé7ééé"] {
        let mut call = Harness::<Clock>::with_settings("null");
        call.call.call_id = id.to_owned();
        call.start();
        assert_eq!(call.results["now"], json!(null), "{id}");
    }
}

proptest! {
    #[test]
    fn any_text_is_rendered(text in "[{} a.é]{0,40}") {
        let context = json!({"a": {"a": "é"}});
        prop_assert!(text.contains("{{") || render(&text, &context) == text);
    }
}
