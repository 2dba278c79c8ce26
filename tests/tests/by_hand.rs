//! The carrier's part done by hand: webhooks and sockets that a correct carrier never sends.

use std::future::Future;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::interval;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use trunkline_tests::host::{Account, Host, HostSpec, Providers};
use trunkline_twilio::form::Form;
use trunkline_twilio::signature::{Algorithm, SIGNATURE_HEADER, sign};
use trunkline_twilio::token::TOKEN_PARAMETER;

use crate::world::NUMBER;

/// Between two looks at something that cannot be waited for, and how many.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: usize = 500;
/// What must happen by itself happens within this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until there is something.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(mut look: impl FnMut() -> F) -> T {
    // A timer because what is looked at cannot be waited for; the number of looks is the limit.
    let mut tick = interval(LOOK_EVERY);
    for _ in 0..LOOKS {
        tick.tick().await;
        if let Some(found) = look().await {
            return found;
        }
    }
    panic!("it did not happen in time")
}

/// An answer of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        Self { status: response.status().as_u16(), kind, body: response.text().await.unwrap() }
    }

    /// The problem document, which every error must be.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!((self.status, self.kind.as_str()), (status, "application/problem+json"), "{self:?}");
        let document: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(document["status"], status, "{document}");
        let words = |name: &str| document[name].as_str().is_some_and(|text| !text.is_empty());
        assert!(words("type") && words("title") && words("detail"), "{document}");
        document
    }
}

#[expect(clippy::disallowed_methods, reason = "tests dial their own host, not what a tenant names")]
pub(crate) fn http() -> reqwest::Client {
    let tls = trunkline_tests::certificate::client_tls(None).unwrap();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

/// The carrier, done by hand.
#[derive(Clone)]
pub(crate) struct Hand {
    pub(crate) http: reqwest::Client,
    pub(crate) origin: String,
    pub(crate) account: Account,
    port: u16,
}

impl Hand {
    pub(crate) fn of(host: &Host) -> Self {
        let account = HostSpec::new(Providers::default()).account;
        Self { http: http(), origin: host.origin(), account, port: host.port() }
    }

    /// What the carrier posts when a call comes in.
    pub(crate) fn form(&self, call_sid: &str, status: &str) -> Form {
        let pairs = [
            ("CallSid", call_sid),
            ("AccountSid", &self.account.sid),
            ("From", "+15550199"),
            ("To", NUMBER),
            ("CallStatus", status),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
        ];
        pairs.into_iter().collect()
    }

    pub(crate) fn voice_path(&self) -> String {
        format!("/twilio/voice/{}", self.account.sid)
    }

    pub(crate) fn status_path(&self) -> String {
        format!("/twilio/status/{}", self.account.sid)
    }

    pub(crate) fn signature(&self, path: &str, form: &Form) -> String {
        sign(Algorithm::HmacSha1, &self.account.auth_token, &format!("{}{path}", self.origin), form)
    }

    /// Posts a form with any signature.
    pub(crate) async fn post(&self, path: &str, form: &Form, signature: Option<&str>) -> Answer {
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        let request = self.http.post(format!("{}{path}", self.origin)).header("content-type", kind).body(form.encode());
        let request = signature.map(|signature| request.try_clone().unwrap().header(SIGNATURE_HEADER, signature));
        let unsigned =
            self.http.post(format!("{}{path}", self.origin)).header("content-type", kind).body(form.encode());
        Answer::of(request.unwrap_or(unsigned)).await
    }

    /// Posts a form as the carrier signs it.
    pub(crate) async fn signed(&self, path: &str, form: &Form) -> Answer {
        self.post(path, form, Some(&self.signature(path, form))).await
    }

    /// A call comes in.
    pub(crate) async fn ring(&self, call_sid: &str) -> Answer {
        self.signed(&self.voice_path(), &self.form(call_sid, "ringing")).await
    }

    /// A call comes in and is taken; its token.
    pub(crate) async fn token(&self, call_sid: &str) -> String {
        let answer = self.ring(call_sid).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        token_of(&answer.body)
    }

    #[expect(clippy::disallowed_methods, reason = "tests dial their own host, not what a tenant names")]
    pub(crate) async fn socket(&self) -> Result<Socket, Error> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let (socket, _) = client_async(format!("ws://127.0.0.1:{}/twilio/media", self.port), stream).await?;
        Ok(Socket(socket))
    }

    /// A `start` that is right but for what the scenario changes.
    pub(crate) fn start(&self, call_sid: &str, token: Option<&str>) -> Value {
        let parameters = token.map(|token| json!({TOKEN_PARAMETER: token})).unwrap_or(json!({}));
        json!({
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": "MZ00000000000000000000000000000001",
            "start": {
                "accountSid": self.account.sid,
                "callSid": call_sid,
                "streamSid": "MZ00000000000000000000000000000001",
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
        })
    }
}

/// The call token in a TwiML document.
pub(crate) fn token_of(twiml: &str) -> String {
    let (_, after) = twiml.split_once(&format!("name=\"{TOKEN_PARAMETER}\" value=\"")).expect(twiml);
    after.split_once('"').unwrap().0.to_owned()
}

/// A media socket without manners.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    /// The code that the host closes with.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let closed = async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Close(frame) = message {
                    return frame.map(|CloseFrame { code, .. }| code.into());
                }
            }
            None
        };
        tokio::time::timeout(PATIENCE, closed).await.expect("the socket stayed open")
    }

    /// The next event that the host sends.
    pub(crate) async fn event(&mut self) -> Value {
        let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the host said nothing");
        serde_json::from_str(message.unwrap().unwrap().to_text().unwrap()).unwrap()
    }
}
