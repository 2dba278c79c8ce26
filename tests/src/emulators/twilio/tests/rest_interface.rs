//! The REST interface.

use serde_json::Value;
use trunkline_twilio::form::CallStatus;
use trunkline_twilio::rest::{
    self, CallResource, CreateCall, ErrorAnswer, IncomingPhoneNumber, NumberPage, UpdateCall, UpdateNumber,
};
use trunkline_twilio::twiml::{Response, Say, Verb};

use super::super::rest::{RestServer, RestSettings};
use super::super::*;
use super::host::{ACCOUNT, Host, HostSocket, TOKEN};

struct Client {
    http: reqwest::Client,
    base: String,
    token: &'static str,
}

impl Client {
    fn new(server: &RestServer) -> Self {
        let http = web::client(&web::tls(None).unwrap(), Duration::from_secs(5)).unwrap();
        Self { http, base: server.base_url.clone(), token: TOKEN }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    async fn post(&self, path: &str, body: String) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.base));
        self.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.basic_auth(ACCOUNT, Some(self.token)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn number(index: usize) -> IncomingPhoneNumber {
    IncomingPhoneNumber {
        sid: format!("PN{index}"),
        account_sid: ACCOUNT.into(),
        phone_number: format!("+1555010{index}"),
        trunk_sid: Some("TK1".into()),
        ..IncomingPhoneNumber::default()
    }
}

async fn server(script: impl FnOnce(CallSpec) -> CallSpec) -> (RestServer, Client) {
    let settings = RestSettings {
        accounts: vec![(ACCOUNT.into(), TOKEN.into())],
        numbers: (0..5).map(number).collect(),
        callee: script(CallSpec::inbound("", "", "")),
    };
    let carrier = Carrier::new(CarrierSettings::default()).unwrap();
    let server = RestServer::start("127.0.0.1:0", carrier, settings).await.unwrap();
    let client = Client::new(&server);
    (server, client)
}

fn read<T: serde::de::DeserializeOwned>((status, body): (u16, Value), expected: u16) -> T {
    assert_eq!(status, expected, "{body}");
    serde_json::from_value(body).unwrap()
}

#[tokio::test]
async fn a_call_is_made_redirected_and_ended() {
    let host = Host::start(|mut socket: HostSocket| async move {
        socket.rest().await;
    });
    let host = host.await.document("voice", r#"<Connect><Stream url="MEDIA"/></Connect>"#);
    let (server, client) = server(|callee| callee.step(When::At(10_000), What::HangUp)).await;
    let create = CreateCall {
        to: "+15550001".into(),
        from: "+15550100".into(),
        url: Some(host.url("voice")),
        status_callback: Some(host.url("status")),
        ..CreateCall::default()
    };
    let call: CallResource = read(client.post(&rest::calls_path(ACCOUNT), create.to_form().encode()).await, 201);
    let path = rest::call_path(ACCOUNT, &call.sid);
    let read_back: CallResource = read(client.get(&path).await, 200);
    assert_eq!(read_back.to.as_deref(), Some("+15550001"));

    let twiml = Response::new().then(Say::new("One moment")).then(Verb::Pause(10)).to_xml().unwrap();
    let _: CallResource = read(client.post(&path, UpdateCall::Twiml(twiml).to_form().encode()).await, 200);
    let _: CallResource = read(client.post(&path, UpdateCall::Complete.to_form().encode()).await, 200);
    let live = server.take_calls().remove(0);
    let record = live.finished().await;
    assert_eq!(record.outcome, Outcome::Completed, "{:?}", record.errors);
    assert_eq!(record.said, ["One moment"]);
    assert_eq!(host.seen().last().unwrap().form.get("CallStatus"), Some("completed"));

    let over: CallResource = read(client.get(&path).await, 200);
    assert_eq!(over.status, CallStatus::Completed);
    let gone: ErrorAnswer = read(client.post(&path, UpdateCall::Complete.to_form().encode()).await, 404);
    assert_eq!(gone.code, rest::NOT_FOUND);
    assert_eq!(server.requests().len(), 6);
    assert_eq!(server.requests()[0].form[0], ("To".into(), "+15550001".into()));
}

#[tokio::test]
async fn a_call_can_bring_its_own_twiml() {
    let (server, client) = server(|callee| callee).await;
    let twiml = Response::new().then(Say::new("Hello")).to_xml().ok();
    let create = CreateCall { to: "+1".into(), from: "+2".into(), twiml, ..CreateCall::default() };
    let _: CallResource = read(client.post(&rest::calls_path(ACCOUNT), create.to_form().encode()).await, 201);
    assert_eq!(server.take_calls().remove(0).finished().await.said, ["Hello"]);
}

#[tokio::test]
async fn numbers_come_in_pages_and_can_be_changed() {
    let (server, client) = server(|callee| callee).await;
    let mut next = Some(format!("{}?PageSize=2", rest::numbers_path(ACCOUNT)));
    let mut found = Vec::new();
    while let Some(uri) = next {
        let page: NumberPage = read(client.get(&uri).await, 200);
        found.extend(page.incoming_phone_numbers.into_iter().map(|number| number.sid));
        next = page.next_page_uri;
    }
    assert_eq!(found, ["PN0", "PN1", "PN2", "PN3", "PN4"]);
    let update = UpdateNumber {
        voice_url: Some("https://h/v".into()),
        trunk_sid: Some(String::new()),
        ..UpdateNumber::default()
    };
    let changed: IncomingPhoneNumber =
        read(client.post(&rest::number_path(ACCOUNT, "PN3"), update.to_form().encode()).await, 200);
    assert_eq!((changed.voice_url.as_deref(), changed.override_of_voice_url()), (Some("https://h/v"), None));
    assert_eq!(server.numbers()[3], changed);
}

#[tokio::test]
async fn faults_have_twilios_shape() {
    let (server, mut client) = server(|callee| callee).await;
    let path = rest::numbers_path(ACCOUNT);
    server.fail_next(&[429, 503]);
    let busy: ErrorAnswer = read(client.get(&path).await, 429);
    assert!(busy.is_temporary() && busy.code == rest::TOO_MANY_REQUESTS);
    let _: ErrorAnswer = read(client.get(&path).await, 503);
    let missing: ErrorAnswer = read(client.get(&rest::call_path(ACCOUNT, "CAnone")).await, 404);
    assert!(missing.is_gone());
    let _: ErrorAnswer = read(client.post(&rest::calls_path(ACCOUNT), "To=1".into()).await, 400);
    client.token = "wrong";
    let unauthorized: ErrorAnswer = read(client.get(&path).await, 401);
    assert_eq!(unauthorized.code, rest::UNAUTHORIZED);
}
