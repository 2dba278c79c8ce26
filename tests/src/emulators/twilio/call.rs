//! One call from the first webhook to its end: asks the host for TwiML and does what it says.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use trunkline_twilio::form::{CallStatus, DialOutcome, Direction, Form, Place, VoiceWebhook};

use super::clock::{CallClock, rfc2822_now};
use super::document::{self, Verb};
use super::record::{CallRecord, Dialled, Outcome, StreamRecord};
use super::script::Caller;
use super::spec::{AfterLoss, CallSpec};
use super::stream::{Parts, Stream, StreamEnd};
use super::web::{Answer, Post, Signer, post};
use super::{Control, Network, Redirection, new_sid, socket};

/// A host whose TwiML sends the call round in circles is stopped after this many documents.
const MAX_DOCUMENTS: usize = 50;
/// How long the reports about the call may take after its end.
const REPORT_PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Call {
    network: Arc<Network>,
    spec: CallSpec,
    sid: String,
    placed: Instant,
    clock: Option<CallClock>,
    caller: Caller,
    control: mpsc::Receiver<Control>,
    record: CallRecord,
    reports: JoinSet<Answer>,
    report_number: u64,
    status: CallStatus,
    seed: u64,
}

/// What follows a verb.
enum Flow {
    Next,
    Document(Vec<Verb>),
    End(Outcome),
}

impl Call {
    pub(super) fn new(
        network: Arc<Network>,
        spec: CallSpec,
        sid: String,
        control: mpsc::Receiver<Control>,
        seed: u64,
    ) -> Self {
        let record = CallRecord {
            call_sid: sid.clone(),
            account_sid: spec.account_sid.clone(),
            from: spec.from.clone(),
            to: spec.to.clone(),
            ..CallRecord::default()
        };
        Self {
            caller: Caller::new(spec.script.clone(), spec.patience_ms),
            network,
            spec,
            sid,
            placed: Instant::now(),
            clock: None,
            control,
            record,
            reports: JoinSet::new(),
            report_number: 0,
            status: CallStatus::Queued,
            seed,
        }
    }

    /// Carries the call to its end and gives the record of it.
    pub(super) async fn run(mut self) -> CallRecord {
        self.report("initiated", CallStatus::Initiated);
        self.report("ringing", CallStatus::Ringing);
        let outcome = match self.first_document().await {
            Ok(first) => self.follow(first).await,
            Err(outcome) => outcome,
        };
        let last = match &outcome {
            Outcome::Rejected(reason) if reason == "busy" => CallStatus::Busy,
            Outcome::Rejected(_) => CallStatus::NoAnswer,
            Outcome::Failed(_) => CallStatus::Failed,
            _ => CallStatus::Completed,
        };
        self.record.lasted_ms = self.elapsed_ms();
        self.report("completed", last);
        self.collect_reports().await;
        if let Outcome::Failed(why) | Outcome::CallerGaveUp(why) = &outcome {
            self.record.errors.push(why.clone());
        }
        self.record.outcome = outcome;
        let end = self.record.streams.last().map_or(0, |stream| stream.end);
        for speech in &mut self.record.caller_speech {
            speech.end = speech.end.min(end);
        }
        self.record.caller_speech.retain(|speech| speech.begin < speech.end);
        self.record
    }

    fn elapsed_ms(&self) -> f64 {
        self.placed.elapsed().as_secs_f64() * 1_000.0
    }

    async fn first_document(&mut self) -> Result<Vec<Verb>, Outcome> {
        // An outbound call asks when it was answered, an inbound one while it rings.
        if self.spec.direction != Direction::Inbound {
            self.report("answered", CallStatus::InProgress);
        }
        if let Some(twiml) = &self.spec.twiml {
            return document::parse(twiml).map_err(Outcome::Failed);
        }
        let url = self.spec.url.clone();
        let first = self.ask("voice", &url, None, Duration::ZERO).await;
        if self.spec.faults.webhook_twice {
            let _ = self.ask("voice-again", &url, None, Duration::ZERO).await;
        }
        let first = first?;
        if self.spec.direction == Direction::Inbound && !matches!(first.first(), Some(Verb::Reject(_))) {
            self.report("answered", CallStatus::InProgress);
        }
        Ok(first)
    }

    async fn follow(&mut self, mut document: Vec<Verb>) -> Outcome {
        for _ in 0..MAX_DOCUMENTS {
            let mut next = None;
            for verb in document {
                match self.perform(verb).await {
                    Flow::Next => {}
                    Flow::Document(other) => {
                        next = Some(other);
                        break;
                    }
                    Flow::End(outcome) => return outcome,
                }
            }
            match next {
                Some(other) => document = other,
                None => return Outcome::HostHungUp,
            }
        }
        Outcome::Failed(format!("the host sent the call through {MAX_DOCUMENTS} documents"))
    }

    async fn perform(&mut self, verb: Verb) -> Flow {
        match verb {
            Verb::Hangup => Flow::End(Outcome::HostHungUp),
            Verb::Reject(reason) => Flow::End(Outcome::Rejected(reason)),
            Verb::Say(text) => {
                self.record.said.push(text);
                Flow::Next
            }
            Verb::Pause(seconds) => self.wait(Duration::from_secs(seconds)).await,
            Verb::Dial { number, caller_id, action, timeout_s } => {
                self.record.dialled.push(Dialled { number, caller_id, timeout_s });
                self.dial(action).await
            }
            Verb::Connect { action, url, status_callback, parameters } => {
                self.connect(action, &url, status_callback, &parameters).await
            }
        }
    }

    /// Lets time pass in a verb without a stream; control still works.
    async fn wait(&mut self, time: Duration) -> Flow {
        match timeout(time, self.control.recv()).await {
            Err(_) | Ok(None) => Flow::Next,
            Ok(Some(Control::Complete)) => Flow::End(Outcome::Completed),
            Ok(Some(Control::CallerHangsUp)) => Flow::End(Outcome::CallerHungUp),
            Ok(Some(Control::LoseSocket)) => Flow::Next,
            Ok(Some(Control::Redirect(to))) => self.redirect(to).await,
        }
    }

    async fn dial(&mut self, action: Option<String>) -> Flow {
        let behaviour = self.network.settings.dial.clone();
        match self.wait(Duration::from_millis(behaviour.lasts_ms)).await {
            Flow::Next => {}
            other => return other,
        }
        let Some(action) = action else { return Flow::Next };
        let dial = DialOutcome {
            status: CallStatus::from_word(&behaviour.status),
            call_sid: Some(new_sid("CA")),
            duration_s: u32::try_from(behaviour.lasts_ms / 1_000).ok(),
        };
        self.goto("dial-action", &action, Some(dial)).await
    }

    async fn connect(
        &mut self,
        action: Option<String>,
        url: &str,
        status_callback: Option<String>,
        parameters: &[(String, String)],
    ) -> Flow {
        let stream_sid = new_sid("MZ");
        let end = match self.open(url, &stream_sid).await {
            Ok(socket) => {
                self.report_stream(status_callback.as_deref(), &stream_sid, "stream-started");
                let summary = StreamRecord { stream_sid: stream_sid.clone(), url: url.to_owned(), ..socket.1 };
                let answered_after_ms = self.elapsed_ms();
                self.record.answered_after_ms.get_or_insert(answered_after_ms);
                let clock = *self.clock.get_or_insert_with(CallClock::starting_now);
                self.seed = self.seed.wrapping_add(1);
                let parts = Parts {
                    settings: &self.network.settings,
                    spec: &self.spec,
                    call_sid: &self.sid,
                    clock,
                    record: &mut self.record,
                    caller: &mut self.caller,
                    control: &mut self.control,
                    seed: self.seed,
                };
                Stream::new(parts, socket.0, summary).run(parameters).await
            }
            Err(error) => {
                self.record.errors.push(format!("the media socket {url} could not be opened: {error}"));
                self.report_stream(status_callback.as_deref(), &stream_sid, "stream-error");
                return self.after_stream(action).await;
            }
        };
        self.report_stream(status_callback.as_deref(), &stream_sid, "stream-stopped");
        match end {
            StreamEnd::Over(outcome) => Flow::End(outcome),
            StreamEnd::Redirected(to) => self.redirect(to).await,
            StreamEnd::Lost if self.network.settings.after_loss == AfterLoss::Hangup => {
                Flow::End(Outcome::Failed("the media socket was lost".into()))
            }
            StreamEnd::HostClosed | StreamEnd::Lost => self.after_stream(action).await,
        }
    }

    async fn open(&mut self, url: &str, stream_sid: &str) -> anyhow::Result<(socket::Socket, StreamRecord)> {
        let begin = Instant::now();
        let signer = Signer::of(&self.spec, self.spec.faults.wrong_socket_signature);
        let patience = Duration::from_millis(self.network.settings.webhook_timeout_ms);
        let opening = socket::open(url, &signer, &self.spec.faults, self.network.tls.clone());
        let socket = timeout(patience, opening).await??;
        let opened_in_ms = begin.elapsed().as_secs_f64() * 1_000.0;
        Ok((socket, StreamRecord { stream_sid: stream_sid.to_owned(), opened_in_ms, ..StreamRecord::default() }))
    }

    async fn after_stream(&mut self, action: Option<String>) -> Flow {
        match action {
            Some(action) => self.goto("action", &action, None).await,
            None => Flow::Next,
        }
    }

    async fn redirect(&mut self, to: Redirection) -> Flow {
        match to {
            Redirection::Url(url) => self.goto("redirect", &url, None).await,
            Redirection::Twiml(twiml) => match document::parse(&twiml) {
                Ok(document) => Flow::Document(document),
                Err(why) => Flow::End(Outcome::Failed(why)),
            },
        }
    }

    async fn goto(&mut self, purpose: &str, url: &str, dial: Option<DialOutcome>) -> Flow {
        let retry = Duration::from_millis(self.network.settings.retry_ms);
        match self.ask(purpose, url, dial, retry).await {
            Ok(document) => Flow::Document(document),
            Err(outcome) => Flow::End(outcome),
        }
    }

    /// Asks the host what to do.
    async fn ask(
        &mut self,
        purpose: &str,
        url: &str,
        dial: Option<DialOutcome>,
        retry_for: Duration,
    ) -> Result<Vec<Verb>, Outcome> {
        let signer = Signer::of(&self.spec, self.spec.faults.wrong_webhook_signature);
        let url = absolute(&self.spec.url, url);
        let request = Post { purpose: purpose.into(), url: url.clone(), form: self.webhook(dial), retry_for };
        let answer = post(&self.network.http, &signer, self.placed, request).await;
        let failed = |why: String| Err(Outcome::Failed(why));
        let body = answer.request.body.clone();
        let status = answer.request.status;
        self.record.requests.push(answer.request);
        match (status, answer.fault) {
            (_, Some(fault)) => failed(format!("{url} gave no answer: {fault}")),
            (Some(200..=299), _) if answer.is_xml => {
                document::parse(&body).or_else(|why| failed(format!("{url} answered: {why}")))
            }
            (Some(200..=299), _) => failed(format!("{url} answered with a content type that is not XML")),
            (status, _) => failed(format!("{url} answered {}", status.unwrap_or_default())),
        }
    }

    fn webhook(&self, dial: Option<DialOutcome>) -> Form {
        let webhook = VoiceWebhook {
            call_sid: self.sid.clone(),
            account_sid: self.spec.account_sid.clone(),
            from: self.spec.from.clone(),
            to: self.spec.to.clone(),
            call_status: self.status.clone(),
            direction: self.spec.direction.clone(),
            api_version: Some("2010-04-01".into()),
            forwarded_from: None,
            caller_name: None,
            parent_call_sid: None,
            call_token: None,
            from_place: Place { country: Some("US".into()), ..Place::default() },
            to_place: Place { country: Some("US".into()), ..Place::default() },
            dial,
        };
        let mut form = webhook.to_form();
        form.push("Called", self.spec.to.as_str());
        form.push("Caller", self.spec.from.as_str());
        // Twilio sends what it does not know as empty values, and they are signed too.
        form.push("FromCity", "");
        form.push("FromZip", "");
        form
    }

    /// Notes the new state and reports it, if it was asked for; nothing waits for the answer.
    fn report(&mut self, event: &str, status: CallStatus) {
        self.network.note_status(&self.sid, &status, self.record.lasted_ms);
        let (over, busy) = (status.is_final(), status == CallStatus::Busy);
        self.status = status;
        let wanted = self.spec.status_events.iter().any(|wanted| wanted == event);
        let Some(url) = self.spec.status_callback.clone().filter(|_| wanted) else { return };
        let mut form = self.webhook(None);
        form.push("CallbackSource", "call-progress-events");
        form.push("SequenceNumber", self.report_number.to_string());
        form.push("Timestamp", rfc2822_now());
        self.report_number += 1;
        if over {
            let seconds = (self.record.lasted_ms / 1_000.0).round() as u64;
            form.push("CallDuration", seconds.to_string());
            form.push("Duration", seconds.div_ceil(60).to_string());
            form.push("SipResponseCode", if busy { "486" } else { "200" });
        }
        self.send_report(format!("status:{event}"), &url, form);
    }

    fn report_stream(&mut self, url: Option<&str>, stream_sid: &str, event: &str) {
        let Some(url) = url else { return };
        let form = [
            ("AccountSid", self.spec.account_sid.as_str()),
            ("CallSid", &self.sid),
            ("StreamSid", stream_sid),
            ("StreamName", stream_sid),
            ("StreamEvent", event),
            ("Timestamp", &rfc2822_now()),
        ];
        self.send_report(format!("stream:{event}"), url, form.into_iter().collect());
    }

    fn send_report(&mut self, purpose: String, url: &str, form: Form) {
        let signer = Signer::of(&self.spec, self.spec.faults.wrong_webhook_signature);
        let http = self.network.http.clone();
        let url = absolute(&self.spec.url, url);
        let request = Post { purpose, url, form, retry_for: Duration::ZERO };
        let placed = self.placed;
        self.reports.spawn(async move { post(&http, &signer, placed, request).await });
    }

    async fn collect_reports(&mut self) {
        let patience = Instant::now() + REPORT_PATIENCE;
        while let Ok(Some(report)) = tokio::time::timeout_at(patience, self.reports.join_next()).await {
            let Ok(answer) = report else { continue };
            if let Some(fault) = answer.fault {
                self.record.errors.push(format!("{} was not delivered: {fault}", answer.request.purpose));
            }
            self.record.requests.push(answer.request);
        }
    }
}

/// Addresses in TwiML may be relative to the document's own.
fn absolute(base: &str, url: &str) -> String {
    if url.contains("://") {
        return url.to_owned();
    }
    let joined = url::Url::parse(base).and_then(|base| base.join(url));
    joined.map_or_else(|_| url.to_owned(), |url| url.to_string())
}
