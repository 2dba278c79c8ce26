//! Opens the media socket the way Twilio does: TLS for `wss`, a signature over the address that was dialled.

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use trunkline_twilio::form::Form;

use super::spec::Faults;
use super::web::Signer;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The largest message that the carrier takes from a host.
const MAX_FROM_HOST: usize = 1024 * 1024;

/// Opens the socket; the error says why not.
#[expect(clippy::disallowed_methods, reason = "the carrier is not the host: nothing it dials is a tenant's")]
pub(super) async fn open(
    url: &str,
    signer: &Signer,
    faults: &Faults,
    tls: Arc<ClientConfig>,
) -> anyhow::Result<Socket> {
    let mut request = url.into_client_request()?;
    if !faults.unsigned_socket {
        for (name, value) in signer.headers(url, &Form::default()) {
            request.headers_mut().insert(name, HeaderValue::from_str(&value)?);
        }
    }
    let host = request.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let secure = request.uri().scheme_str() == Some("wss");
    let port = request.uri().port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    let connector = if secure { Connector::Rustls(tls) } else { Connector::Plain };
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_FROM_HOST))
        .max_frame_size(Some(MAX_FROM_HOST));
    let (socket, _) = client_async_tls_with_config(request, stream, Some(config), Some(connector)).await?;
    Ok(socket)
}
