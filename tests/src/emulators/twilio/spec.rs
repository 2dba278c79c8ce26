//! What a test asks of the carrier: settings of the network, the call, the caller's script, and misbehaviour.

use trunkline_twilio::form::Direction;

use super::clip::Clip;

/// How the emulated network behaves, for every call of one carrier.
#[derive(Debug, Clone)]
pub struct CarrierSettings {
    /// Time a message needs to the host and its answer back, in ms; half of it in each direction.
    pub round_trip_ms: u64,
    /// Up to this much more per message and direction, in ms, drawn anew for each; the order is kept.
    pub jitter_ms: u64,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// A PEM certificate to trust besides the public ones, for `https` and `wss`.
    pub root_cert_pem: Option<Vec<u8>>,
    /// Keep the played audio in the record. Off for measurements, to save memory.
    pub keep_audio: bool,
    /// A silence between two pieces of agent audio shorter than this is an underrun, in ms.
    pub underrun_gap_ms: u64,
    /// What happens to marks.
    pub marks: MarkFaults,
    /// What the carrier does when the socket is lost without a close.
    pub after_loss: AfterLoss,
    /// How long a webhook that cannot be delivered is tried again while a call waits for it, in ms.
    pub retry_ms: u64,
    /// How long the host has to answer a webhook, in ms.
    pub webhook_timeout_ms: u64,
    /// What becomes of a `<Dial>`.
    pub dial: DialBehaviour,
}

impl Default for CarrierSettings {
    fn default() -> Self {
        Self {
            round_trip_ms: 0,
            jitter_ms: 0,
            seed: 1,
            root_cert_pem: None,
            keep_audio: true,
            underrun_gap_ms: 500,
            marks: MarkFaults::default(),
            after_loss: AfterLoss::Action,
            retry_ms: 10_000,
            webhook_timeout_ms: 15_000,
            dial: DialBehaviour::default(),
        }
    }
}

/// What happens to mark echoes.
#[derive(Debug, Clone, Copy, Default)]
pub struct MarkFaults {
    /// Probability that an echo is never sent.
    pub lose: f64,
    /// Probability that an echo comes late, out of order.
    pub delay: f64,
    /// How late, in ms.
    pub delay_ms: u64,
    /// Probability that an echo is sent twice.
    pub duplicate: f64,
}

/// What the carrier does when the socket is lost without a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLoss {
    /// Goes on as after a close: `action`, or the next verb.
    Action,
    /// Ends the call.
    Hangup,
}

/// What becomes of a `<Dial>`.
#[derive(Debug, Clone)]
pub struct DialBehaviour {
    /// `DialCallStatus` as reported to the `action`.
    pub status: String,
    /// How long the leg lasts, in ms of real time; reported in whole seconds.
    pub lasts_ms: u64,
}

impl Default for DialBehaviour {
    fn default() -> Self {
        Self { status: "completed".into(), lasts_ms: 0 }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct CallSpec {
    /// Who is called.
    pub to: String,
    /// Who calls.
    pub from: String,
    /// The voice webhook.
    pub url: String,
    /// TwiML that is used instead of asking the webhook, as a call made over REST may bring along.
    pub twiml: Option<String>,
    /// The account that owns the call.
    pub account_sid: String,
    /// Signs webhooks and sockets.
    pub auth_token: String,
    /// Signs them instead, with HMAC-SHA256: key identifier and secret.
    pub shared_key: Option<(String, String)>,
    /// The call's identifier; made up when there is none.
    pub call_sid: Option<String>,
    /// Who started the call.
    pub direction: Direction,
    /// What the caller does.
    pub script: Vec<Step>,
    /// When the caller hangs up, whatever the script says, in ms after the first stream started.
    pub hang_up_at_ms: Option<u64>,
    /// How long the caller waits for something the script needs (the agent to speak, or to stop) before giving up, in ms.
    pub patience_ms: u64,
    /// Where the call's progress is reported.
    pub status_callback: Option<String>,
    /// Which progress: `initiated`, `ringing`, `answered`, `completed`.
    pub status_events: Vec<String>,
    /// Misbehaviour.
    pub faults: Faults,
}

impl CallSpec {
    /// An inbound call that says nothing and hangs up when its script is over.
    pub fn inbound(url: impl Into<String>, account_sid: impl Into<String>, auth_token: impl Into<String>) -> Self {
        Self {
            to: "+15550100".into(),
            from: "+15550199".into(),
            url: url.into(),
            twiml: None,
            account_sid: account_sid.into(),
            auth_token: auth_token.into(),
            shared_key: None,
            call_sid: None,
            direction: Direction::Inbound,
            script: Vec::new(),
            hang_up_at_ms: None,
            patience_ms: 15_000,
            status_callback: None,
            status_events: vec!["completed".into()],
            faults: Faults::default(),
        }
    }

    /// Adds a step to the script.
    #[must_use]
    pub fn step(mut self, when: When, what: What) -> Self {
        self.script.push(Step { when, what });
        self
    }
}

/// One step of the caller's script. A step waits for its time only when the one before is done.
#[derive(Debug, Clone)]
pub struct Step {
    /// When it begins.
    pub when: When,
    /// What the caller does.
    pub what: What,
}

/// When a step begins; at the next frame boundary after the time given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This many ms after the first stream started.
    At(u64),
    /// This many ms after the step before ended.
    Then(u64),
    /// When the agent has spoken since the caller's last words and has been silent for this many ms.
    AgentSilent(u64),
    /// This many ms after the agent began to speak, having begun after the caller's last words.
    AgentSpeaks(u64),
}

/// What the caller does in a step.
#[derive(Debug, Clone)]
pub enum What {
    /// Says something.
    Say(Clip),
    /// Presses keys, one each 100 ms.
    Digits(String),
    /// Hangs up.
    HangUp,
    /// Sends something that is not in the protocol.
    Send(Hostile),
}

/// Frames that a correct carrier never sends.
#[derive(Debug, Clone)]
pub enum Hostile {
    /// Any text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A text frame that is no JSON.
    NotJson,
    /// An event that no version of the protocol has.
    UnknownEvent,
    /// A media message whose payload is no base64.
    WrongBase64,
    /// A media message of about this many bytes.
    Huge(usize),
    /// So many media messages a second, for so many ms, beyond the normal ones.
    Flood {
        /// Messages a second.
        per_second: u64,
        /// How long, in ms.
        for_ms: u64,
    },
    /// Drops the connection without a close.
    Reset,
}

/// Misbehaviour of the whole call.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Posts the voice webhook twice and uses the first answer.
    pub webhook_twice: bool,
    /// Signs webhooks with another secret.
    pub wrong_webhook_signature: bool,
    /// Opens the socket without a signature.
    pub unsigned_socket: bool,
    /// Signs the socket with another secret.
    pub wrong_socket_signature: bool,
    /// Never sends `start`.
    pub no_start: bool,
    /// Names this call in `start` instead.
    pub start_call_sid: Option<String>,
    /// Sends these parameters in `start` instead of those of the TwiML.
    pub parameters: Option<Vec<(String, String)>>,
    /// Sends no media from this time of the stream on, in ms.
    pub no_media_after_ms: Option<u64>,
    /// At the end sends no `stop`, only closes the socket.
    pub no_stop: bool,
    /// At the end sends `stop`, but leaves the socket open for this long, in ms.
    pub linger_after_stop_ms: u64,
}
