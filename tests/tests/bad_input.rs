//! What the outside does wrong, and that the host and the other calls do not suffer from it.

mod components;
mod frames;
mod overload;
mod providers;
mod sockets;
mod webhooks;

use serde_json::{Value, json};
use trunkline_tests::emulators::twilio::{CallRecord, CallSpec, What, When};
use trunkline_tests::host::Api;
use trunkline_tests::speech;

use crate::by_hand::until;
use crate::world::{World, of_kind};

/// What the stock behaviour says when the model fails.
const APOLOGY: &str = "Sorry, I did not get that. Could you say it again?";

/// A caller who says these, one after the other when the agent is silent, and hangs up after the last answer.
fn caller(world: &World, lines: &[&str]) -> CallSpec {
    let call = world.host.inbound(crate::world::NUMBER);
    let says = |call: CallSpec, line: &&str| call.step(When::AgentSilent(400), What::Say(speech::say(line).unwrap()));
    lines.iter().fold(call, says).step(When::AgentSilent(400), What::HangUp)
}

/// Every turn was answered in time, and nothing was broken off.
fn assert_undisturbed(record: &CallRecord) {
    assert!(record.succeeded(), "{:#?}", record.errors);
    assert!(record.turns().iter().all(|turn| turn.reply_at.is_some()), "{:?}", record.turns());
    assert!(record.underruns.is_empty(), "{:?}", record.underruns);
    assert_eq!(record.streams.len(), 1);
}

/// The host takes new calls.
async fn assert_ready(world: &World) {
    let hand = crate::by_hand::Hand::of(&world.host);
    let answer = crate::by_hand::Answer::of(hand.http.get(format!("{}/readyz", hand.origin))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The rows of a call, once it has ended: whatever went wrong in it, its log is whole.
async fn rows_of(api: &Api, carrier_sid: &str) -> Vec<Value> {
    let call = api.ended(carrier_sid).await.unwrap();
    let rows = api.events(call["id"].as_str().unwrap()).await.unwrap();
    crate::logs::assert_whole(&rows);
    rows
}

/// What was said in a call, once it has ended: who and what.
async fn lines_of(api: &Api, carrier_sid: &str) -> Vec<(String, String)> {
    let call = api.ended(carrier_sid).await.unwrap();
    let lines = api.transcript(call["id"].as_str().unwrap()).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines.iter().map(|line| (text(&line["role"]), text(&line["text"]))).filter(|(_, text)| !text.is_empty()).collect()
}

/// Waits until a call's log has a row of this kind.
async fn logged(api: &Api, carrier_sid: &str, kind: &str) {
    until(|| async {
        let call = api.call_of(carrier_sid).await.unwrap()?;
        let rows = api.events(call["id"].as_str().unwrap()).await.unwrap();
        (!of_kind(&rows, kind).is_empty()).then_some(())
    })
    .await;
}

/// The `failed` events of a part.
fn failures<'a>(rows: &'a [Value], part: &str) -> Vec<&'a Value> {
    let failed = of_kind(rows, "event").into_iter().filter(|row| row["event"]["event"] == "failed");
    failed.map(|row| &row["event"]["data"]).filter(|data| data["part"] == part).collect()
}

/// Rows about a provider: what happened.
fn provider_rows(rows: &[Value], part: &str) -> Vec<Value> {
    of_kind(rows, "provider").into_iter().filter(|row| row["part"] == part).map(|row| json!(row["what"])).collect()
}
