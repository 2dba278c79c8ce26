//! Webhooks that nobody signed, that come twice or that make no sense.

use trunkline_tests::emulators::twilio::Outcome;
use trunkline_twilio::form::Form;
use trunkline_twilio::signature::{Algorithm, SIGNATURE_HEADER, sign};

use super::logged;
use crate::by_hand::{Answer, Hand};
use crate::world::{Setting, World};

const SID: &str = "CA00000000000000000000000000000007";
const FOREIGN: &str = "AC00000000000000000000000000000099";

fn for_account(form: &Form, account: &str) -> Form {
    form.pairs().map(|(name, value)| (name, if name == "AccountSid" { account } else { value })).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_carrier_did_not_sign_creates_nothing() {
    let world = World::start(Setting::default()).await;
    let hand = Hand::of(&world.host);
    let form = hand.form(SID, "ringing");
    let foreign = for_account(&form, FOREIGN);
    let after = format!("/twilio/after/{}", world.agent);
    for path in [hand.voice_path(), hand.status_path(), after] {
        let right = hand.signature(&path, &form);
        let wrong = sign(Algorithm::HmacSha1, "another secret", &format!("{}{path}", hand.origin), &form);
        let elsewhere = hand.signature("/twilio/other", &form);
        let mut changed = form.clone();
        changed.push("Added", "later");
        let of_foreign = sign(Algorithm::HmacSha1, "their secret", &format!("{}{path}", hand.origin), &foreign);
        let cases: [(&str, &Form, Option<&str>); 8] = [
            ("unsigned", &form, None),
            ("empty", &form, Some("")),
            ("no base64", &form, Some("*****")),
            ("another secret", &form, Some(&wrong)),
            ("for another address", &form, Some(&elsewhere)),
            ("changed on its way", &changed, Some(&right)),
            ("of a foreign account", &foreign, Some(&of_foreign)),
            ("for a foreign account", &foreign, Some(&hand.signature(&path, &foreign))),
        ];
        for (what, form, signature) in cases {
            let problem = hand.post(&path, form, signature).await.problem(403);
            assert_eq!(problem["type"], "urn:trunkline:problem:signature", "{path}, {what}");
        }
    }
    let foreign_path = format!("/twilio/voice/{FOREIGN}");
    hand.signed(&foreign_path, &form).await.problem(403);
    assert_eq!(world.api.calls().await.unwrap(), Vec::<serde_json::Value>::new());
    assert!(world.host.metrics().await.unwrap().contains("trunkline_calls_started_total 0"));
    assert!(world.host.output().contains("refused a webhook"), "{}", world.host.output());
    assert!(world.deepgram.control.records().is_empty() && world.elevenlabs.control.records().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_comes_twice_is_one_call_with_one_answer() {
    let world = World::start(Setting::default()).await;
    let hand = Hand::of(&world.host);
    let (first, second) = tokio::join!(hand.ring(SID), hand.ring(SID));
    let third = hand.ring(SID).await;
    assert_eq!((first.status, &first, &first), (200, &second, &third));
    assert_eq!(world.api.calls().await.unwrap().len(), 1);

    let mut call = super::caller(&world, &["When do you open?"]);
    call.faults.webhook_twice = true;
    let record = world.carrier.place_call(call).finished().await;
    super::assert_undisturbed(&record);
    assert_eq!(record.requests[0].body, record.requests[1].body);
    assert_eq!(world.api.calls().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_sense_is_refused() {
    let world = World::start(Setting::default()).await;
    let hand = Hand::of(&world.host);
    for missing in ["CallSid", "From", "To", "CallStatus"] {
        let form: Form = hand.form(SID, "ringing").pairs().filter(|(name, _)| *name != missing).collect();
        let answer = hand.signed(&hand.voice_path(), &form).await;
        assert!(answer.problem(400)["detail"].as_str().unwrap().contains(missing), "{answer:?}");
    }
    let account: Form = [("AccountSid", hand.account.sid.as_str())].into_iter().collect();
    hand.signed(&hand.voice_path(), &account).await.problem(400);
    hand.signed(&hand.status_path(), &account).await.problem(400);
    // Nobody to ask for the secret.
    hand.signed(&hand.voice_path(), &Form::default()).await.problem(403);
    let mut large = hand.form(SID, "ringing");
    large.push("Padding", "x".repeat(80_000));
    hand.signed(&hand.voice_path(), &large).await.problem(413);
    let url = format!("{}{}", hand.origin, hand.voice_path());
    let post = |kind: &str, body: &[u8]| {
        let signature = hand.signature(&hand.voice_path(), &Form::default());
        let request = hand.http.post(&url).header("content-type", kind).header(SIGNATURE_HEADER, signature);
        Answer::of(request.body(body.to_vec()))
    };
    post("application/json", br#"{"AccountSid":"AC1"}"#).await.problem(403);
    post("application/x-www-form-urlencoded", b"%ff%fe&&==&\0").await.problem(403);
    assert_eq!(Answer::of(hand.http.get(&url)).await.problem(405)["status"], 405);
    assert!(world.api.calls().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_nobody_answers_is_not_in_service() {
    let world = World::start(Setting::default()).await;
    let record = world.carrier.place_call(world.host.inbound("+15550777")).finished().await;
    assert_eq!(record.said, ["The number you have called is not in service."]);
    assert_eq!(record.outcome, Outcome::HostHungUp);
    assert!(world.api.calls().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_carriers_word_that_a_call_is_over_ends_one_that_lost_its_socket() {
    let world = World::start(Setting::default()).await;
    let hand = Hand::of(&world.host);
    let token = hand.token(SID).await;
    let mut socket = hand.socket().await.unwrap();
    socket.send(hand.start(SID, Some(&token)).to_string()).await;
    logged(&world.api, SID, "media-started").await;
    drop(socket);
    logged(&world.api, SID, "media-stopped").await;
    assert_eq!(world.api.call_of(SID).await.unwrap().unwrap()["state"], "active");

    let reported = hand.signed(&hand.status_path(), &hand.form(SID, "completed")).await;
    assert_eq!(reported.status, 204);
    let call = world.api.ended(SID).await.unwrap();
    assert_eq!(call["end_reason"], "caller-hangup");
    // Told again, and asked what is next: it stays ended.
    assert_eq!(hand.signed(&hand.status_path(), &hand.form(SID, "completed")).await.status, 204);
    let after = format!("/twilio/after/{}", call["id"].as_str().unwrap());
    let next = hand.signed(&after, &hand.form(SID, "in-progress")).await;
    assert!(next.body.contains("<Hangup/>") && !next.body.contains("<Stream"), "{next:?}");
}
