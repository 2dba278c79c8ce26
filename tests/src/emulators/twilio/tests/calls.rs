//! What happens around the media stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::*;
use super::host::{ACCOUNT, Host, HostSocket, TOKEN};

const CONNECT: &str = r#"<Connect action="/after"><Stream url="MEDIA"/></Connect>"#;

fn spec(host: &Host) -> CallSpec {
    CallSpec::inbound(host.url("voice"), ACCOUNT, TOKEN).step(When::At(5_000), What::HangUp)
}

fn carrier() -> Carrier {
    Carrier::new(CarrierSettings { retry_ms: 500, ..CarrierSettings::default() }).unwrap()
}

async fn silent_host() -> Host {
    Host::start(|mut socket: HostSocket| async move {
        socket.rest().await;
    })
    .await
}

async fn closing_host() -> Host {
    Host::start(|mut socket: HostSocket| async move {
        socket.started().await;
        socket.close().await;
    })
    .await
}

#[tokio::test]
async fn after_the_host_closed_the_action_decides() {
    let host = closing_host().await.document("voice", CONNECT);
    let host = host
        .document("after", r#"<Say>Bye</Say><Dial callerId="+1" timeout="9" action="/end"><Number>+2</Number></Dial>"#);
    let host = host.document("end", "<Hangup/>");
    let record = carrier().place_call(spec(&host)).finished().await;
    assert!(record.succeeded(), "{:?} {:?}", record.outcome, record.errors);
    assert_eq!(record.said, ["Bye"]);
    assert_eq!(record.dialled[0].number, "+2");
    let seen = host.seen();
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(paths, ["voice", "after", "end"]);
    assert!(seen.iter().all(|seen| seen.verified));
    assert_eq!(seen[0].form.get("CallStatus"), Some("ringing"));
    assert_eq!(seen[1].form.get("CallStatus"), Some("in-progress"));
    assert_eq!(seen[2].form.get("DialCallStatus"), Some("completed"));
    assert_eq!(record.streams[0].close_code, Some(1005));
}

#[tokio::test]
async fn a_lost_socket_is_continued_on_a_new_stream_and_the_clock_goes_on() {
    let streams = Arc::new(AtomicUsize::new(0));
    let count = streams.clone();
    let host = Host::start(move |mut socket: HostSocket| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            socket.started().await;
            socket.audio(&[0x10; 800]).await;
            socket.mark("a").await;
            socket.until_mark("a").await;
            if !first {
                socket.close().await;
            }
            // The first socket is dropped here, without a close.
        }
    });
    let host = host.await.document("voice", CONNECT);
    let host = host.document("after", r#"<Connect><Stream url="MEDIA"/></Connect>"#);
    let record = carrier().place_call(spec(&host)).finished().await;
    assert_eq!(record.outcome, Outcome::HostHungUp, "{:?}", record.errors);
    assert_eq!((record.streams.len(), streams.load(Ordering::SeqCst)), (2, 2));
    assert_eq!(record.streams[0].close_code, None);
    assert!(record.streams[1].begin >= record.streams[0].end);
    assert_eq!(record.marks.len(), 2);
    assert_eq!(record.played.len(), 1_600);
}

#[tokio::test]
async fn the_action_is_tried_again_while_the_host_is_away() {
    let host = closing_host().await;
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let connect = format!(r#"<Connect action="http://{away}/after"><Stream url="MEDIA"/></Connect>"#);
    let host = host.document("voice", &connect);
    let record = carrier().place_call(spec(&host)).finished().await;
    assert!(matches!(record.outcome, Outcome::Failed(_)));
    assert!(record.requests.last().unwrap().tries > 1);
}

#[tokio::test]
async fn progress_is_reported_in_numbered_and_signed_callbacks() {
    let host = silent_host().await.document("voice", r#"<Reject reason="busy"/>"#);
    let events = ["initiated", "ringing", "answered", "completed"].map(str::to_owned).to_vec();
    let spec = CallSpec { status_callback: Some(host.url("status")), status_events: events, ..spec(&host) };
    let record = carrier().place_call(spec).finished().await;
    assert_eq!(record.outcome, Outcome::Rejected("busy".into()));
    let mut reports: Vec<_> = host.seen().into_iter().filter(|seen| seen.path == "status").collect();
    assert!(reports.iter().all(|seen| seen.verified));
    reports.sort_by_key(|seen| seen.form.get("SequenceNumber").map(str::to_owned));
    let states: Vec<_> = reports.iter().map(|seen| seen.form.get("CallStatus").unwrap()).collect();
    assert_eq!(states, ["initiated", "ringing", "busy"]);
}

#[tokio::test]
async fn what_the_host_gets_wrong_is_said() {
    let host = silent_host().await.document("gather", "<Gather/>");
    let table = [
        ("voice", Faults::default(), "answered with a content type that is not XML"),
        ("gather", Faults::default(), "the verb <Gather> is not emulated"),
        ("gather", Faults { wrong_webhook_signature: true, ..Faults::default() }, "answered 403"),
    ];
    for (path, faults, expected) in table {
        let spec = CallSpec { url: host.url(path), faults, ..spec(&host) };
        let record = carrier().place_call(spec).finished().await;
        let Outcome::Failed(why) = &record.outcome else { panic!("{:?}", record.outcome) };
        assert!(why.contains(expected), "{why}");
        assert!(!record.succeeded());
    }
}

#[tokio::test]
async fn a_socket_that_the_host_refuses_is_an_error() {
    for faults in [
        Faults { unsigned_socket: true, ..Faults::default() },
        Faults { wrong_socket_signature: true, ..Faults::default() },
    ] {
        let host = silent_host().await.document("voice", r#"<Connect><Stream url="MEDIA"/></Connect>"#);
        let record = carrier().place_call(CallSpec { faults, ..spec(&host) }).finished().await;
        assert!(record.errors[0].contains("403"), "{:?}", record.errors);
        assert!(record.streams.is_empty());
    }
}

#[tokio::test]
async fn the_record_survives_as_json() {
    let host = closing_host().await.document("voice", r#"<Connect><Stream url="MEDIA"/></Connect>"#);
    let mut record = carrier().place_call(spec(&host)).finished().await;
    record.played = vec![0, 255, 7];
    let json = serde_json::to_string(&record).unwrap();
    let back: CallRecord = serde_json::from_str(&json).unwrap();
    assert_eq!((back.played, back.streams, back.outcome), (record.played, record.streams, record.outcome));
}
