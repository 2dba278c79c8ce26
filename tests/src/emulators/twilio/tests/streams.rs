//! What happens on a media stream.

use std::sync::{Arc, Mutex};

use super::super::*;
use super::host::{ACCOUNT, Got, Host, HostSocket, TOKEN};
use trunkline_twilio::media::FRAME_BYTES;

const CONNECT: &str = r#"<Connect><Stream url="MEDIA"><Parameter name="k" value="a&amp;b"/></Stream></Connect>"#;
const VOICE: u8 = 0x10;

fn carrier(settings: CarrierSettings) -> Carrier {
    Carrier::new(settings).unwrap()
}

fn spec(host: &Host) -> CallSpec {
    CallSpec { patience_ms: 5_000, ..CallSpec::inbound(host.url("voice"), ACCOUNT, TOKEN) }
}

/// A caller who waits for the agent to have spoken, and hangs up.
fn listener(host: &Host) -> CallSpec {
    spec(host).step(When::AgentSilent(100), What::HangUp)
}

#[tokio::test]
async fn marks_are_echoed_after_what_was_sent_before_has_been_played() {
    let host = Host::start(|mut socket: HostSocket| async move {
        socket.started().await;
        socket.audio(&[VOICE; 1_600]).await;
        socket.mark("a").await;
        socket.audio(&[VOICE; 800]).await;
        socket.mark("b").await;
        socket.until_mark("a").await;
        socket.until_mark("b").await;
        socket.mark("c").await;
        socket.until_mark("c").await;
        socket.rest().await;
    });
    let host = host.await.document("voice", CONNECT);
    let call = carrier(CarrierSettings::default()).place_call(listener(&host));
    let record = call.finished().await;
    assert_eq!(record.outcome, Outcome::CallerHungUp, "{:?}", record.errors);
    assert!(record.succeeded(), "{:?}", record.errors);
    let [a, b, c] = record.marks.as_slice() else { panic!("{:?}", record.marks) };
    assert_eq!((a.played, b.played, c.played), (1_600, 2_400, 2_400));
    let begin = record.timeline[0].at;
    assert_eq!((a.echoed, b.echoed), (Some(begin + 1_600), Some(begin + 2_400)));
    assert_eq!(c.echoed, Some(c.arrived));
    assert_eq!(record.timeline, [Passage { at: begin, bytes: 2_400 }]);
    assert_eq!(record.played, [VOICE; 2_400]);
    assert!(record.underruns.is_empty());
}

#[tokio::test]
async fn a_clear_flushes_the_audio_and_echoes_all_marks() {
    let echoed = Arc::new(Mutex::new(Vec::new()));
    let sink = echoed.clone();
    let host = Host::start(move |mut socket: HostSocket| {
        let sink = sink.clone();
        async move {
            socket.started().await;
            for name in ["a", "b", "c"] {
                socket.audio(&[VOICE; 8_000]).await;
                socket.mark(name).await;
            }
            // The caller's words are the time to stop.
            while !matches!(socket.next().await, Got::Media { audio, .. } if audio.iter().any(|&code| code != 0xff)) {}
            socket.clear().await;
            socket.mark("behind").await;
            loop {
                match socket.next().await {
                    Got::Mark(name) => sink.lock().unwrap().push(name),
                    Got::Closed => break,
                    _ => {}
                }
            }
        }
    });
    let host = host.await.document("voice", CONNECT);
    let barge_in = spec(&host)
        .step(When::AgentSpeaks(200), What::Say(Clip::tone("stop", 400, 100)))
        .step(When::Then(200), What::HangUp);
    let record = carrier(CarrierSettings::default()).place_call(barge_in).finished().await;
    assert_eq!(*echoed.lock().unwrap(), ["a", "b", "c", "behind"]);
    assert_eq!(record.clears.len(), 1);
    let clear = &record.clears[0];
    assert_eq!(clear.played + clear.dropped, 24_000);
    assert_eq!(clear.played, record.played.len() as u64);
    let [barge_in] = record.barge_ins()[..] else { panic!("{:?}", record.barge_ins()) };
    assert_eq!(barge_in.clear_at, Some(clear.at));
    assert!(record.underruns.is_empty());
}

#[tokio::test]
async fn the_caller_is_heard_frame_by_frame_on_the_streams_clock() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = heard.clone();
    let host = Host::start(move |mut socket: HostSocket| {
        let sink = sink.clone();
        async move {
            let start = socket.started().await;
            assert_eq!(start.custom_parameters.get("k").map(String::as_str), Some("a&b"));
            let all = socket.rest().await;
            *sink.lock().unwrap() = all;
        }
    });
    let host = host.await.document("voice", CONNECT);
    let clip = Clip::tone("hello", 300, 60);
    let caller = spec(&host)
        .step(When::At(100), What::Say(clip.clone()))
        .step(When::Then(20), What::Digits("7".into()))
        .step(When::Then(20), What::HangUp);
    let settings = CarrierSettings { round_trip_ms: 60, jitter_ms: 15, ..CarrierSettings::default() };
    let record = carrier(settings).place_call(caller).finished().await;
    assert_eq!(record.digits, "7");
    assert_eq!(record.caller_speech.len(), 1);
    let all = heard.lock().unwrap().clone();
    let frames: Vec<(u64, Vec<u8>)> = all
        .iter()
        .filter_map(|got| match got {
            Got::Media { timestamp_ms, audio } => Some((*timestamp_ms, audio.clone())),
            _ => None,
        })
        .collect();
    assert!(
        frames.iter().enumerate().all(|(index, (at, audio))| *at == index as u64 * 20 && audio.len() == FRAME_BYTES)
    );
    let said: Vec<u8> =
        frames.iter().filter(|(at, _)| (100..160).contains(at)).flat_map(|(_, audio)| audio.clone()).collect();
    assert_eq!(said, clip.audio());
    assert!(all.contains(&Got::Dtmf("7".into())));
    assert_eq!(all.last(), Some(&Got::Stop));
}

#[tokio::test]
async fn marks_can_be_lost_and_doubled() {
    for (marks, expected) in [
        (MarkFaults { lose: 1.0, ..MarkFaults::default() }, 0),
        (MarkFaults { duplicate: 1.0, ..MarkFaults::default() }, 2),
        (MarkFaults { delay: 1.0, delay_ms: 50, ..MarkFaults::default() }, 1),
    ] {
        let count = Arc::new(Mutex::new(0));
        let sink = count.clone();
        let host = Host::start(move |mut socket: HostSocket| {
            let sink = sink.clone();
            async move {
                socket.started().await;
                socket.audio(&[VOICE; 160]).await;
                socket.mark("a").await;
                let all = socket.rest().await;
                *sink.lock().unwrap() = all.iter().filter(|got| matches!(got, Got::Mark(_))).count();
            }
        });
        let host = host.await.document("voice", CONNECT);
        let record =
            carrier(CarrierSettings { marks, ..CarrierSettings::default() }).place_call(listener(&host)).finished();
        let record = record.await;
        assert_eq!(*count.lock().unwrap(), expected, "{marks:?}");
        assert_eq!(record.marks[0].lost, expected == 0);
    }
}

#[tokio::test]
async fn hostile_frames_are_sent_and_a_faulty_host_is_noted() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = heard.clone();
    let host = Host::start(move |mut socket: HostSocket| {
        let sink = sink.clone();
        async move {
            socket.started().await;
            socket.send("nonsense".into()).await;
            socket.send(r#"{"event":"clear","streamSid":"MZother"}"#.into()).await;
            let all = socket.rest().await;
            *sink.lock().unwrap() = all;
        }
    });
    let host = host.await.document("voice", CONNECT);
    let send = |hostile| What::Send(hostile);
    let caller = spec(&host)
        .step(When::At(0), send(Hostile::NotJson))
        .step(When::Then(0), send(Hostile::UnknownEvent))
        .step(When::Then(0), send(Hostile::WrongBase64))
        .step(When::Then(0), send(Hostile::Binary(vec![1, 2])))
        .step(When::Then(0), send(Hostile::Huge(200_000)))
        .step(When::Then(0), send(Hostile::Flood { per_second: 5_000, for_ms: 100 }))
        .step(When::Then(200), What::HangUp);
    let record = carrier(CarrierSettings::default()).place_call(caller).finished().await;
    let all = heard.lock().unwrap().clone();
    assert_eq!(all.iter().filter(|got| **got == Got::Bad).count(), 4, "not JSON, base64, binary, huge");
    assert!(all.contains(&Got::Unknown("weather".into())));
    assert!(all.iter().filter(|got| matches!(got, Got::Media { .. })).count() > 400);
    assert_eq!(record.errors.len(), 2, "{:?}", record.errors);
}

#[tokio::test]
async fn many_calls_at_once_keep_their_time() {
    let host = Host::start(|mut socket: HostSocket| async move {
        socket.started().await;
        socket.audio(&[VOICE; 4_000]).await;
        socket.mark("a").await;
        socket.until_mark("a").await;
        socket.rest().await;
    });
    let host = host.await.document("voice", CONNECT);
    let carrier = carrier(CarrierSettings { keep_audio: false, ..CarrierSettings::default() });
    let calls: Vec<LiveCall> = (0..20).map(|_| carrier.place_call(listener(&host))).collect();
    for call in calls {
        let record = call.finished().await;
        assert!(record.succeeded(), "{:?} {:?}", record.outcome, record.errors);
        assert_eq!(record.timeline.iter().map(|passage| passage.bytes).sum::<u64>(), 4_000);
        assert!(record.played.is_empty());
    }
}
