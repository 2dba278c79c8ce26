//! The WebSocket dialler: connects to a pinned address by itself, then speaks TLS and WebSocket over that connection.
//!
//! Buffers are small because every call holds several sockets.

use crate::Egress;
use crate::error::{EgressError, Refusal};
use crate::policy::{Policy, Target};
use crate::resolve::resolve;
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use rustls_pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::{self, handshake::client::generate_key, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_with_config};
use url::Url;

/// An open WebSocket: a stream and sink of [`crate::Message`].
pub type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Bounds of one WebSocket.
#[derive(Clone, Debug)]
pub struct WebSocketLimits {
    /// Until it is open: resolving, connecting, TLS and upgrade together.
    pub open_within: Duration,
    /// Largest message that is accepted, bytes.
    pub max_message_bytes: usize,
    /// What is read at once, bytes; allocated for as long as the socket lives.
    pub read_buffer_bytes: usize,
    /// What may wait to be written, bytes; beyond it sending fails.
    pub max_write_buffer_bytes: usize,
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self {
            open_within: Duration::from_secs(8),
            max_message_bytes: 1024 * 1024,
            read_buffer_bytes: 8 * 1024,
            max_write_buffer_bytes: 256 * 1024,
        }
    }
}

/// One unreachable address must not use up the time of the others.
const PER_ADDRESS: Duration = Duration::from_secs(3);

pub(crate) async fn dial(
    egress: &Egress,
    policy: &Policy,
    url: &Url,
    headers: HeaderMap,
    limits: &WebSocketLimits,
) -> Result<WebSocket, EgressError> {
    let target = policy.check(url)?;
    let open = Box::pin(open(egress, policy, url, &target, headers, limits));
    match timeout(limits.open_within, open).await {
        Ok(outcome) => outcome,
        Err(_) => Err(EgressError::Timeout { host: target.host, what: "opening the WebSocket" }),
    }
}

async fn open(
    egress: &Egress,
    policy: &Policy,
    url: &Url,
    target: &Target,
    headers: HeaderMap,
    limits: &WebSocketLimits,
) -> Result<WebSocket, EgressError> {
    let request = upgrade(url, target, headers)?;
    let addresses = resolve(&*egress.lookup, policy, target).await?;
    let stream = connect(target, &addresses).await?;
    let stream = if target.secure { secure(egress, target, stream).await? } else { MaybeTlsStream::Plain(stream) };
    let config = WebSocketConfig::default()
        .read_buffer_size(limits.read_buffer_bytes)
        .write_buffer_size(0)
        .max_write_buffer_size(limits.max_write_buffer_bytes)
        .max_message_size(Some(limits.max_message_bytes))
        .max_frame_size(Some(limits.max_message_bytes));
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let (parts, body) = response.into_parts();
            let body = Bytes::from(body.unwrap_or_default());
            Err(EgressError::Refused(Box::new(Refusal { status: parts.status, headers: parts.headers, body })))
        }
        Err(tungstenite::Error::Io(_) | tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => {
            Err(EgressError::Closed { host: target.host.clone() })
        }
        Err(e) => Err(EgressError::Protocol { host: target.host.clone(), message: e.to_string() }),
    }
}

fn upgrade(url: &Url, target: &Target, headers: HeaderMap) -> Result<Request<()>, EgressError> {
    let mut url = url.clone();
    let scheme = if target.secure { "wss" } else { "ws" };
    let invalid = || EgressError::Setup("the address cannot be used for a WebSocket".to_owned());
    url.set_scheme(scheme).map_err(|()| invalid())?;
    url.set_fragment(None);
    let host = url.host_str().ok_or_else(invalid)?;
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut request = Request::get(url.as_str())
        .header(header::HOST, host)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, generate_key())
        .body(())
        .map_err(|_| invalid())?;
    request.headers_mut().extend(headers);
    Ok(request)
}

#[allow(clippy::disallowed_methods, reason = "this crate is where connections are made")]
async fn connect(target: &Target, addresses: &[SocketAddr]) -> Result<TcpStream, EgressError> {
    let mut message = String::new();
    for address in addresses {
        match timeout(PER_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A socket that is open at all accepts the option; without it only latency suffers.
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Ok(Err(e)) => message = e.to_string(),
            Err(_) => "no answer".clone_into(&mut message),
        }
    }
    Err(EgressError::Connect { host: target.host.clone(), message })
}

async fn secure(egress: &Egress, target: &Target, stream: TcpStream) -> Result<MaybeTlsStream<TcpStream>, EgressError> {
    let failed = |message: String| EgressError::Tls { host: target.host.clone(), message };
    let name = match target.literal {
        Some(address) => ServerName::from(address),
        None => {
            ServerName::try_from(target.host.trim_end_matches('.').to_owned()).map_err(|e| failed(e.to_string()))?
        }
    };
    let connector = TlsConnector::from(Arc::clone(&egress.tls));
    let stream = connector.connect(name, stream).await.map_err(|e| failed(e.to_string()))?;
    Ok(MaybeTlsStream::Rustls(stream))
}
