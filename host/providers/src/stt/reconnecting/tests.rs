use super::*;
use crate::error::ErrorKind;
use crate::stt::{Command, Ends};
use std::sync::Mutex;
use trunkline_contract::speech::{AudioFormat, Transcript};

/// A provider whose connections are played by the test.
#[derive(Default)]
struct Played {
    connections: Mutex<VecDeque<(SttRequest, Ends)>>,
}

impl Stt for Played {
    fn connect(&self, request: SttRequest) -> SttStream {
        let (stream, ends) = SttStream::new(&request);
        self.connections.lock().unwrap().push_back((request, ends));
        stream
    }
}

impl Played {
    fn connection(&self) -> (SttRequest, Ends) {
        self.connections.lock().unwrap().pop_front().unwrap()
    }
}

fn request() -> SttRequest {
    let stt = serde_json::from_str(r#"{"provider":"deepgram"}"#).unwrap();
    SttRequest { batch_ms: 100, ..SttRequest::new(&stt, "en-US", AudioFormat::Mulaw8k) }
}

fn start() -> (Arc<Played>, ReconnectingStt) {
    let played = Arc::new(Played::default());
    let rules = Reconnect { keep_ms: 1_000, ..Reconnect::default() };
    (Arc::clone(&played), ReconnectingStt::connect(played, request(), rules))
}

fn lost() -> ProviderError {
    ProviderError::new("deepgram", ErrorKind::Closed, "gone")
}

fn transcript(is_final: bool, from_finalize: bool, end_ms: u64) -> SttEvent {
    SttEvent::Transcript(Transcript {
        text: "x".into(),
        is_final,
        from_finalize,
        confidence: None,
        language: None,
        start_ms: 0,
        end_ms,
        words: vec![],
    })
}

/// Lengths of the audio messages sent, with 0 for each request to finalise.
fn sent(ends: &mut Ends) -> Vec<usize> {
    let mut sent = Vec::new();
    while let Ok(command) = ends.0.try_recv() {
        match command {
            Command::Audio { audio, .. } => sent.push(audio.len()),
            Command::Finalize => sent.push(0),
            Command::Expect(_) | Command::Close => {}
        }
    }
    sent
}

async fn event(stt: &mut ReconnectingStt) -> SttEvent {
    stt.next().await.unwrap().unwrap()
}

#[tokio::test]
async fn audio_without_a_final_transcript_is_sent_again_and_times_go_on() {
    let (played, mut stt) = start();
    let (_, first) = played.connection();
    for _ in 0..5 {
        stt.send(&[0; 800]);
    }
    // Covers two of the five messages, and half of the third.
    first.1.send(Ok(transcript(true, false, 250))).await.unwrap();
    event(&mut stt).await;
    first.1.send(Err(lost())).await.unwrap();
    assert!(matches!(event(&mut stt).await, SttEvent::Reconnecting { .. }));
    stt.send(&[0; 800]);
    let (waiting, ()) = tokio::join!(event(&mut stt), async {
        let (request, mut second) = loop {
            if let Some(connection) = played.connections.lock().unwrap().pop_front() {
                break connection;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(request.time_offset_ms, 200);
        assert_eq!(sent(&mut second), [800; 4]);
        second.1.send(Ok(SttEvent::Opened)).await.unwrap();
    });
    assert_eq!(waiting, SttEvent::Reconnected { replayed_ms: 400, lost_ms: 0 });
}

#[tokio::test]
async fn a_lost_request_to_finalise_is_made_again_at_its_place() {
    let (played, mut stt) = start();
    let (_, first) = played.connection();
    stt.send(&[0; 800]);
    stt.finalize();
    first.1.send(Ok(transcript(true, true, 100))).await.unwrap();
    event(&mut stt).await;
    stt.send(&[0; 900]);
    stt.finalize();
    stt.send(&[0; 800]);
    first.1.send(Err(lost())).await.unwrap();
    event(&mut stt).await;
    stt.reopen();
    let (request, mut second) = played.connection();
    assert_eq!(request.time_offset_ms, 100);
    assert_eq!(sent(&mut second), [900, 0, 800]);
}

#[tokio::test]
async fn no_more_than_the_limit_is_kept_and_the_rest_is_reported_lost() {
    let (played, mut stt) = start();
    let (_, first) = played.connection();
    for _ in 0..13 {
        stt.send(&[0; 800]);
    }
    first.1.send(Err(lost())).await.unwrap();
    event(&mut stt).await;
    stt.reopen();
    let (request, second) = played.connection();
    assert_eq!(request.time_offset_ms, 300);
    second.1.send(Ok(SttEvent::Opened)).await.unwrap();
    assert_eq!(event(&mut stt).await, SttEvent::Reconnected { replayed_ms: 1_000, lost_ms: 300 });
}

#[tokio::test]
async fn an_error_that_cannot_be_helped_is_final() {
    let (played, mut stt) = start();
    let (_, first) = played.connection();
    let error = ProviderError::new("deepgram", ErrorKind::Unauthorised, "no");
    first.1.send(Err(error.clone())).await.unwrap();
    assert_eq!(stt.next().await, Some(Err(error)));
    assert_eq!(stt.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited() {
    let (played, mut stt) = start();
    let mut attempts = 0;
    loop {
        let Some((_, ends)) = played.connections.lock().unwrap().pop_front() else { panic!() };
        ends.1.send(Err(lost())).await.unwrap();
        match stt.next().await.unwrap() {
            Ok(SttEvent::Reconnecting { .. }) => attempts += 1,
            Err(error) => break assert_eq!(error, lost()),
            other => panic!("{other:?}"),
        }
        if let Link::Waiting(pause) = &mut stt.link {
            pause.as_mut().await;
        }
        stt.reopen();
    }
    assert_eq!(attempts, 8);
}

#[tokio::test]
async fn closing_does_not_reconnect() {
    let (played, mut stt) = start();
    let (_, first) = played.connection();
    stt.close();
    first.1.send(Err(lost())).await.unwrap();
    assert_eq!(stt.next().await, Some(Err(lost())));
}
