//! The dialler against real sockets on the loopback interface, with name resolution made up.

use crate::*;
use ::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, SinkExt, StreamExt};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers every name with the same addresses, and counts the questions.
struct Fixed(Vec<IpAddr>, AtomicUsize);

impl Lookup for Fixed {
    fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let answers = self.0.clone();
        async move { Ok(answers) }.boxed()
    }
}

fn egress(answers: &[&str]) -> Egress {
    egress_with(answers, vec![])
}

fn egress_with(answers: &[&str], roots: Vec<CertificateDer<'static>>) -> Egress {
    let answers = answers.iter().map(|a| a.parse().unwrap()).collect();
    Egress::with_lookup(roots, Arc::new(Fixed(answers, AtomicUsize::new(0)))).unwrap()
}

fn local() -> Vec<IpNet> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { break };
        head.push(byte);
    }
    String::from_utf8(head).unwrap()
}

/// Serves one fixed answer to every connection; tells the heads of the requests.
async fn server(answer: String) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heads, seen) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, heads) = (answer.clone(), heads.clone());
            tokio::spawn(async move {
                heads.send(read_head(&mut stream).await).ok();
                stream.write_all(answer.as_bytes()).await.ok();
                // Stay open until the client is done with it.
                stream.read_u8().await.ok();
            });
        }
    });
    (address, seen)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_name_that_resolves_to_a_forbidden_address_is_not_connected_to() {
    for answer in ["127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "169.254.169.254", "fd00::1"] {
        let egress = egress(&[answer]);
        let client = egress.http(Policy::tenant(vec![])).unwrap();
        let error = client.send(get("https://tenant.example/v1"), &HttpLimits::default()).await.unwrap_err();
        assert!(matches!(error, EgressError::Denied(Denied::Forbidden { .. })), "{answer}: {error:?}");

        let url = Url::parse("wss://tenant.example/").unwrap();
        let error = egress
            .websocket(&Policy::tenant(vec![]), &url, HeaderMap::new(), &WebSocketLimits::default())
            .await
            .unwrap_err();
        assert!(matches!(error, EgressError::Denied(Denied::Forbidden { .. })), "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_connected_to() {
    let (address, _) = server(ok("here")).await;
    // The first answer is out of bounds; the second is the listed network.
    let egress = egress(&["10.9.9.9", "127.0.0.1"]);
    let client = egress.http(Policy::tenant_with_plain(local())).unwrap();
    let url = format!("http://Tenant.Example.:{}/", address.port());
    let answer = client.send(get(&url), &HttpLimits::default()).await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "here");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (target, mut target_seen) = server(ok("secret")).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _) = server(redirect).await;
    let client = egress(&["127.0.0.1"]).http(Policy::trusted()).unwrap();
    let answer = client.send(get(&format!("http://{address}/")), &HttpLimits::default()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert!(target_seen.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_beyond_the_limits_is_cut_off() {
    let (address, _) = server(ok(&"x".repeat(5_000))).await;
    let client = egress(&[]).http(Policy::trusted()).unwrap();
    let url = format!("http://{address}/");
    let limits = HttpLimits { max_body_bytes: 1_000, ..HttpLimits::default() };
    let answer = client.send(get(&url), &limits).await.unwrap();
    assert!(matches!(answer.bytes().await, Err(EgressError::TooLarge { what: "the body", .. })));

    let header = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(3_000));
    let (address, _) = server(header).await;
    let limits = HttpLimits { max_header_bytes: 1_000, ..HttpLimits::default() };
    let error = client.send(get(&format!("http://{address}/")), &limits).await.unwrap_err();
    assert!(matches!(error, EgressError::TooLarge { what: "the header", .. }));
}

#[tokio::test]
async fn a_silent_server_runs_into_the_time_limits() {
    let short = Duration::from_millis(50);
    let client = egress(&[]).http(Policy::trusted()).unwrap();
    let (address, _) = server(String::new()).await;
    let limits = HttpLimits { headers_within: short, ..HttpLimits::default() };
    let error = client.send(get(&format!("http://{address}/")), &limits).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { what: "the answer", .. }));

    let (address, _) = server("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned()).await;
    let limits = HttpLimits { idle: short, ..HttpLimits::default() };
    let mut answer = client.send(get(&format!("http://{address}/")), &limits).await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "half");
    assert!(matches!(answer.chunk().await, Err(EgressError::Timeout { what: "the body", .. })));
}

#[tokio::test]
async fn errors_do_not_show_paths_or_queries() {
    let egress = egress(&[]);
    let client = egress.http(Policy::trusted()).unwrap();
    let error = client.send(get("http://127.0.0.1:1/path?key=secret"), &HttpLimits::default()).await.unwrap_err();
    assert!(matches!(error, EgressError::Connect { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_name_without_an_address_is_an_error_of_resolution() {
    let url = Url::parse("ws://nowhere.example/").unwrap();
    let error = egress(&[])
        .websocket(&Policy::trusted(), &url, HeaderMap::new(), &WebSocketLimits::default())
        .await
        .unwrap_err();
    assert!(matches!(error, EgressError::Resolve { .. }), "{error:?}");
}

async fn echo_once(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let message = socket.next().await.unwrap().unwrap();
    socket.send(message).await.unwrap();
    socket.next().await;
}

#[tokio::test]
async fn a_websocket_opens_at_the_pinned_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { echo_once(listener.accept().await.unwrap().0).await });
    let url = Url::parse(&format!("http://tenant.example:{port}/listen?x=1")).unwrap();
    let policy = Policy::tenant_with_plain(local());
    let mut socket =
        egress(&["127.0.0.1"]).websocket(&policy, &url, HeaderMap::new(), &WebSocketLimits::default()).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
}

#[tokio::test]
async fn a_refused_upgrade_tells_status_and_body() {
    let (address, mut seen) =
        server("HTTP/1.1 401 Unauthorized\r\nretry-after: 3\r\ncontent-length: 4\r\n\r\nnope".to_owned()).await;
    let url = Url::parse(&format!("ws://{address}/v1/listen")).unwrap();
    let headers = HeaderMap::from_iter([(::http::header::AUTHORIZATION, "Token t".parse().unwrap())]);
    let error =
        egress(&[]).websocket(&Policy::trusted(), &url, headers, &WebSocketLimits::default()).await.unwrap_err();
    let EgressError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!((refusal.status, &refusal.body[..]), (StatusCode::UNAUTHORIZED, &b"nope"[..]));
    let head = seen.recv().await.unwrap().to_ascii_lowercase();
    assert!(head.contains("authorization: token t") && head.contains(&format!("host: {address}")), "{head}");
}

struct Tls {
    acceptor: tokio_rustls::TlsAcceptor,
    root: CertificateDer<'static>,
}

fn tls(name: &str) -> Tls {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let root = made.cert.der().clone();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![root.clone()], key)
        .unwrap();
    Tls { acceptor: Arc::new(config).into(), root }
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_when_configured() {
    let Tls { acceptor, root } = tls("inside.example");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let head = read_head(&mut stream).await;
                if head.contains("upgrade") {
                    return;
                }
                stream.write_all(ok("sealed").as_bytes()).await.unwrap();
                stream.read_u8().await.ok();
            });
        }
    });
    let url = format!("https://inside.example:{port}/");
    let policy = Policy::tenant(local());
    let stranger = egress(&["127.0.0.1"]);
    let error = stranger.http(policy.clone()).unwrap().send(get(&url), &HttpLimits::default()).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");
    let parsed = Url::parse(&url).unwrap();
    let limits = WebSocketLimits::default();
    let error = stranger.websocket(&policy, &parsed, HeaderMap::new(), &limits).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");

    let friend = egress_with(&["127.0.0.1"], vec![root]);
    let answer = friend.http(policy).unwrap().send(get(&url), &HttpLimits::default()).await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "sealed");
}

#[tokio::test]
async fn a_websocket_speaks_tls() {
    let Tls { acceptor, root } = tls("inside.example");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        echo_once(acceptor.accept(stream).await.unwrap()).await;
    });
    let url = Url::parse(&format!("wss://inside.example:{port}/")).unwrap();
    let mut socket = egress_with(&["127.0.0.1"], vec![root])
        .websocket(&Policy::trusted(), &url, HeaderMap::new(), &WebSocketLimits::default())
        .await
        .unwrap();
    socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::binary(vec![1, 2, 3]));
}

#[test]
fn a_root_file_without_certificates_is_refused() {
    assert!(matches!(roots_from_pem(b"nothing here"), Err(EgressError::Setup(_))));
}
