//! Accepts connections, plain or with TLS, until told to stop.

use crate::{Api, router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// A client has this long to shake hands, and to send the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Buffer of one connection, bytes; the largest head of a request.
const HEAD: usize = 16 * 1024;

/// Why the host cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address} ({cause}): stop what uses it, or choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A certificate or key cannot be used.
    #[error("the TLS file {path} cannot be used ({cause}): it must be PEM")]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
}

/// Certificate and key.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads PEM files.
    ///
    /// # Errors
    /// A file cannot be read, or they do not belong together.
    pub fn from_files(cert: &Path, key: &Path) -> Result<Self, ServeError> {
        let fault = |path: &Path, cause: String| ServeError::Tls { path: path.to_owned(), cause };
        let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
            .and_then(Iterator::collect)
            .map_err(|error| fault(cert, error.to_string()))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, error.to_string()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
            .map_err(|error| fault(cert, error.to_string()))?;
        Ok(Self(Arc::new(config)))
    }
}

/// Binds `address` and serves until `stop`; open connections may go on afterwards.
///
/// `bound` is told the address that was bound (port 0 picks one).
///
/// # Errors
/// The address cannot be bound.
pub async fn serve(
    address: SocketAddr,
    tls: Option<Tls>,
    api: Api,
    bound: impl FnOnce(SocketAddr),
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let listener = TcpListener::bind(address).await.map_err(|cause| ServeError::Listen { address, cause })?;
    bound(listener.local_addr().unwrap_or(address));
    let acceptor = tls.map(|tls| TlsAcceptor::from(tls.0));
    let service = TowerToHyperService::new(router(api));
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, or a connection that went away: the next one may do better.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            () = stop.cancelled() => return Ok(()),
        };
        tokio::spawn(connection(stream, acceptor.clone(), service.clone()));
    }
}

type Service = TowerToHyperService<axum::Router>;

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, service: Service) {
    // Audio is small and must not wait for more of it.
    let _ = stream.set_nodelay(true);
    let outcome = match acceptor {
        None => http(TokioIo::new(stream), service).await,
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => http(TokioIo::new(stream), service).await,
            Ok(Err(_)) | Err(_) => Ok(()),
        },
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn http<I>(io: I, service: Service) -> Result<(), hyper::Error>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE)
        .max_buf_size(HEAD)
        .serve_connection(io, service)
        .with_upgrades()
        .await
}
