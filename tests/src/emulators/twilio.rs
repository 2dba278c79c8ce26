//! Twilio, emulated: the carrier that calls a host and talks to it, and the REST interface that a host calls.
//!
//! A call is one task on the carrier's own clock. It does what Twilio does with what the host answers, and keeps its own
//! record of what the caller would have heard, which is what scenarios and benchmarks compare the host with.

mod call;
pub mod cli;
mod clip;
mod clock;
mod document;
mod echo;
mod hostile;
mod link;
mod messages;
mod playout;
mod record;
pub mod rest;
mod script;
mod socket;
mod spec;
mod stream;
pub mod summary;
#[cfg(test)]
mod tests;
mod web;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use trunkline_twilio::form::CallStatus;
use trunkline_twilio::rest::CallResource;

pub use clip::{Clip, ClipError};
pub use clock::{PER_MS, Samples, ms};
pub use record::{
    BargeInTiming, CallRecord, CallerSpeech, ClearRecord, Dialled, MarkRecord, Outcome, Passage, Span, StreamRecord,
    TurnTiming, Underrun, WebRequest,
};
pub use spec::{AfterLoss, CallSpec, CarrierSettings, DialBehaviour, Faults, Hostile, MarkFaults, Step, What, When};

/// Commands that wait for one call; a test sends a handful, what does not fit is refused.
const CONTROL_QUEUE: usize = 16;

/// The carrier. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Carrier {
    network: Arc<Network>,
}

/// What all calls of a carrier share.
pub(crate) struct Network {
    settings: CarrierSettings,
    http: reqwest::Client,
    tls: Arc<rustls::ClientConfig>,
    calls: Mutex<HashMap<String, Known>>,
    placed: AtomicU64,
}

/// What the REST interface knows about a call.
struct Known {
    resource: CallResource,
    control: mpsc::Sender<Control>,
}

/// What happens to a call from outside its script.
#[derive(Debug)]
pub(crate) enum Control {
    Complete,
    CallerHangsUp,
    LoseSocket,
    Redirect(Redirection),
}

/// Where a call is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirection {
    /// To the TwiML that this address answers with.
    Url(String),
    /// To this TwiML.
    Twiml(String),
}

/// A call that was placed.
pub struct LiveCall {
    sid: String,
    control: mpsc::Sender<Control>,
    task: JoinHandle<CallRecord>,
}

impl Carrier {
    /// A carrier with its own HTTP client and its own register of calls.
    pub fn new(settings: CarrierSettings) -> anyhow::Result<Self> {
        let tls = web::tls(settings.root_cert_pem.as_deref())?;
        let http = web::client(&tls, Duration::from_millis(settings.webhook_timeout_ms))?;
        let calls = Mutex::new(HashMap::new());
        Ok(Self { network: Arc::new(Network { settings, http, tls, calls, placed: AtomicU64::new(0) }) })
    }

    /// Places a call; it runs by itself.
    pub fn place_call(&self, spec: CallSpec) -> LiveCall {
        let sid = spec.call_sid.clone().unwrap_or_else(|| new_sid("CA"));
        let (control, commands) = mpsc::channel(CONTROL_QUEUE);
        self.network.register(&sid, &spec, control.clone());
        let number = self.network.placed.fetch_add(1, Ordering::Relaxed);
        let seed = self.network.settings.seed.wrapping_add(number.wrapping_mul(0x9e37_79b9));
        let call = call::Call::new(self.network.clone(), spec, sid.clone(), commands, seed);
        LiveCall { sid, control, task: tokio::spawn(call.run()) }
    }

    /// A call as the REST interface describes it.
    pub fn call(&self, sid: &str) -> Option<CallResource> {
        self.network.known(|calls| calls.get(sid).map(|known| known.resource.clone()))
    }

    /// Every call as the REST interface describes it, in no particular order.
    pub fn calls(&self) -> Vec<CallResource> {
        self.network.known(|calls| calls.values().map(|known| known.resource.clone()).collect())
    }

    /// Sends a command to a call; false when there is no such call, or it is over.
    pub(crate) fn command(&self, sid: &str, control: Control) -> bool {
        self.network.known(|calls| {
            let live = calls.get(sid).filter(|known| !known.resource.status.is_final());
            live.is_some_and(|known| known.control.try_send(control).is_ok())
        })
    }
}

impl Network {
    fn known<T>(&self, read: impl FnOnce(&mut HashMap<String, Known>) -> T) -> T {
        read(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn register(&self, sid: &str, spec: &CallSpec, control: mpsc::Sender<Control>) {
        let resource = CallResource {
            sid: sid.to_owned(),
            account_sid: Some(spec.account_sid.clone()),
            status: CallStatus::Queued,
            direction: Some(spec.direction.clone()),
            from: Some(spec.from.clone()),
            to: Some(spec.to.clone()),
            start_time: Some(clock::rfc2822_now()),
            end_time: None,
            duration: None,
            price: None,
            price_unit: Some("USD".into()),
            answered_by: None,
            queue_time: Some("0".into()),
            parent_call_sid: None,
        };
        self.known(|calls| calls.insert(sid.to_owned(), Known { resource, control }));
    }

    fn note_status(&self, sid: &str, status: &CallStatus, lasted_ms: f64) {
        self.known(|calls| {
            let Some(known) = calls.get_mut(sid) else { return };
            known.resource.status = status.clone();
            if status.is_final() {
                known.resource.end_time = Some(clock::rfc2822_now());
                known.resource.duration = Some(((lasted_ms / 1_000.0).round() as u64).to_string());
            }
        });
    }
}

impl LiveCall {
    /// The call's identifier.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The caller hangs up.
    pub fn hang_up(&self) {
        let _ = self.control.try_send(Control::CallerHangsUp);
    }

    /// The media socket breaks without a close.
    pub fn lose_socket(&self) {
        let _ = self.control.try_send(Control::LoseSocket);
    }

    /// The call is sent elsewhere, as by REST.
    pub fn redirect(&self, to: Redirection) {
        let _ = self.control.try_send(Control::Redirect(to));
    }

    /// Waits for the end of the call and gives the record of it.
    pub async fn finished(self) -> CallRecord {
        match self.task.await {
            Ok(record) => record,
            Err(error) => CallRecord {
                call_sid: self.sid,
                outcome: Outcome::Failed(format!("the emulated call broke: {error}")),
                ..CallRecord::default()
            },
        }
    }
}

/// Makes up an identifier of Twilio's form.
pub(crate) fn new_sid(prefix: &str) -> String {
    format!("{prefix}{:032x}", rand::random::<u128>())
}
