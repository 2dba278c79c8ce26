use crate::{Place, contract};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

/// A server that gives every request the same answer.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Receiver<String>,
}

impl Server {
    pub(crate) fn answering(status: u16, kind: &str, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (send, seen) = channel();
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut request, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                        break;
                    }
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    request.push_str(&line);
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                request.push_str(&String::from_utf8(body).unwrap());
                if send.send(request).is_err() {
                    return;
                }
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, seen }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.try_iter().collect()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

const AGENT: &str = "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f";

#[test]
fn a_server_is_asked_with_the_token_and_the_tenant() {
    let server = Server::answering(200, "application/json", r#"{"items": [], "next_cursor": null}"#);
    let place = Place::new().env("TRUNKLINE_TOKEN", "trk_1").env("TRUNKLINE_SERVER", &server.url());
    let answer = place.run(&["call", "list", "--state", "active", "--limit", "3", "--json", "--tenant", "acme"]);
    assert_eq!(answer.ok().json(), json!({"items": [], "next_cursor": null}));
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.starts_with("get /api/v1/calls?limit=3&state=active http/1.1"), "{request}");
    assert!(request.contains("authorization: bearer trk_1") && request.contains("x-tenant: acme"), "{request}");
    assert!(!place.data().exists());
}

#[test]
fn a_number_is_assigned_at_a_server() {
    let answer = json!({"e164": "+15550100", "agent_id": AGENT, "assigned_at_ms": 1}).to_string();
    let server = Server::answering(200, "application/json", &answer);
    let place = Place::new().env("TRUNKLINE_TOKEN", "trk_1");
    let ran = place.run(&["number", "assign", "+15550100", AGENT, "--server", &server.url()]).ok();
    assert_eq!(ran.out.trim(), format!("+15550100 is answered by {AGENT}"));
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /api/v1/phone-numbers/+15550100/assign HTTP/1.1"), "{request}");
    assert!(request.ends_with(&json!({"agent_id": AGENT}).to_string()), "{request}");
}

#[test]
fn a_servers_faults_are_shown_like_our_own() {
    let problem = json!({
        "type": "urn:trunkline:problem:invalid", "title": "Unprocessable Entity", "status": 422,
        "detail": "the contract has 1 fault(s)",
        "errors": [{"pointer": "/tts/voice", "code": "missing", "message": "`voice` is required", "severity": "error"}],
    });
    let server = Server::answering(422, "application/problem+json", &problem.to_string());
    let place = Place::new().env("TRUNKLINE_TOKEN", "trk_1").env("TRUNKLINE_SERVER", &server.url());
    place.write("agent.json", contract().to_string());
    let text = place.run(&["agent", "create", "--file", "agent.json"]).failed(1).out;
    assert!(text.contains("/tts/voice  `voice` is required  [missing]"), "{text}");
    let answer = place.run(&["agent", "validate", "agent.json", "--json"]).failed(1).json();
    assert_eq!((&answer["valid"], &answer["errors"][0]["pointer"]), (&json!(false), &json!("/tts/voice")));
}

#[test]
fn what_a_server_refuses_is_one_sentence() {
    let cases = [
        (
            401,
            r#"{"title": "Unauthorized", "detail": "the token is not known"}"#,
            "the server refuses with 401: the token is not known (the token is that of TRUNKLINE_TOKEN)",
        ),
        (
            404,
            r#"{"title": "Not Found", "detail": "there is no such call"}"#,
            "the server refuses with 404: there is no such call",
        ),
        (502, "<html>", "the server refuses with 502: it gives no reason"),
    ];
    for (status, body, expected) in cases {
        let server = Server::answering(status, "application/problem+json", body);
        let place = Place::new().env("TRUNKLINE_TOKEN", "trk_1");
        let ran = place.run(&["call", "show", AGENT, "--server", &server.url()]).failed(1);
        assert_eq!(ran.sentence(), expected);
    }
}

#[test]
fn a_server_needs_an_address_a_token_and_a_process() {
    let place = Place::new();
    let ran = place.run(&["agent", "list", "--server", "http://127.0.0.1:9"]).failed(1);
    assert!(ran.sentence().starts_with("the server wants a token: set TRUNKLINE_TOKEN"), "{}", ran.err);
    let place = place.env("TRUNKLINE_TOKEN", "trk_1");
    let ran = place.run(&["agent", "list", "--server", "127.0.0.1:9"]).failed(1);
    assert!(ran.sentence().starts_with("`127.0.0.1:9` is no server"), "{}", ran.err);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = place.run(&["agent", "list", "--server", &format!("http://{closed}")]).failed(1);
    assert!(ran.sentence().starts_with(&format!("the server http://{closed}/ cannot be reached: ")), "{}", ran.err);
    place.run(&["agent", "list", "--server", "http://127.0.0.1:9", "--data", "d"]).failed(2);
}

#[test]
fn a_live_call_is_followed_to_its_end() {
    let row = |row: serde_json::Value| format!("event: row\nid: {}\ndata: {row}\n\n", row["seq"]);
    let note = json!({"seq": 1, "at_ms": 0, "kind": "note", "level": "info", "text": "hello", "component": null});
    let ended = json!({
        "seq": 2, "at_ms": 1500, "kind": "ended", "reason": "caller-hangup", "duration_ms": 1500, "component": null,
    });
    let partial = r#"{"role": "user", "text": "hel"}"#;
    let stream =
        format!(": hi\n\n{}event: partial\ndata: {partial}\n\n{}event: end\ndata: {{}}\n\n", row(note), row(ended));
    let server = Server::answering(200, "text/event-stream", &stream);
    let place = Place::new().env("TRUNKLINE_TOKEN", "trk_1");
    let ran = place.run(&["call", "tail", AGENT, "--json", "--server", &server.url()]).ok();
    let kinds: Vec<String> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["note", "ended"]);
    let requests = server.requests();
    assert!(requests[0].starts_with(&format!("GET /api/v1/calls/{AGENT}/live?from_seq=1 ")), "{requests:?}");
    assert_eq!(requests.len(), 1, "it is told, not asked for");
}
