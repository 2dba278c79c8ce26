//! What the providers' emulators share: a listener with or without TLS, modes of failure, and records that tests can
//! wait for.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Where an emulator listens.
#[derive(Debug, Clone, clap::Args)]
pub struct Listen {
    /// Address and port; port 0: any free one.
    #[arg(long = "listen", default_value = "127.0.0.1:0")]
    pub address: String,
    /// PEM file with a certificate: serve TLS.
    #[arg(long, requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with its key.
    #[arg(long, requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: "127.0.0.1:0".to_owned(), tls_cert: None, tls_key: None }
    }
}

/// A running server; dropping it stops it and closes all its connections that are not upgraded.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    secure: bool,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts serving.
    pub async fn start(listen: &Listen, routes: Router) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(&listen.address).await;
        let listener = listener.with_context(|| format!("{} cannot be listened on", listen.address))?;
        let address = listener.local_addr()?;
        let (cert, key) = (listen.tls_cert.as_ref(), listen.tls_key.as_ref());
        let secure = cert.is_some();
        let listener = PlainListener { listener, connections: Arc::default() };
        let connections = Arc::clone(&listener.connections);
        let task = match cert.zip(key) {
            Some((cert, key)) => {
                let listener = TlsListener { listener, acceptor: acceptor(cert, key)?, opening: JoinSet::new() };
                tokio::spawn(async move { drop(axum::serve(listener, routes).await) })
            }
            None => tokio::spawn(async move { drop(axum::serve(listener, routes).await) }),
        };
        Ok(Self { address, secure, connections, task })
    }

    /// `http://...` or `https://...`, without a slash at the end. With TLS the host is `localhost`.
    pub fn http_url(&self) -> String {
        match self.secure {
            true => format!("https://localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// `ws://...` or `wss://...`, without a slash at the end. With TLS the host is `localhost`.
    pub fn ws_url(&self) -> String {
        self.http_url().replacen("http", "ws", 1)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn acceptor(cert: &PathBuf, key: &PathBuf) -> anyhow::Result<TlsAcceptor> {
    let certs = CertificateDer::pem_file_iter(cert)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certs, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

struct PlainListener {
    listener: TcpListener,
    connections: Arc<AtomicUsize>,
}

impl axum::serve::Listener for PlainListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, address)) = self.listener.accept().await {
                self.connections.fetch_add(1, Ordering::Relaxed);
                // Without it only the measured delays would suffer.
                stream.set_nodelay(true).ok();
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

struct TlsListener {
    listener: PlainListener,
    acceptor: TlsAcceptor,
    opening: JoinSet<Option<(TlsStream<TcpStream>, SocketAddr)>>,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                (stream, address) = self.listener.accept() => {
                    let acceptor = self.acceptor.clone();
                    self.opening.spawn(async move { Some((acceptor.accept(stream).await.ok()?, address)) });
                }
                Some(Ok(Some(open))) = self.opening.join_next() => return open,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// How the emulator behaves to connections or requests to come, and what it recorded of those that came.
#[derive(Debug)]
pub struct Control<M, R> {
    modes: Mutex<(M, VecDeque<M>)>,
    records: Mutex<Vec<R>>,
    changed: Notify,
}

impl<M: Clone + Default, R: Clone> Control<M, R> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            modes: Mutex::new((M::default(), VecDeque::new())),
            records: Mutex::new(Vec::new()),
            changed: Notify::new(),
        })
    }

    /// From now on, until something else is said.
    pub fn set_mode(&self, mode: M) {
        lock(&self.modes).0 = mode;
    }

    /// Once, for the next connection or request that has no other mode waiting.
    pub fn next_mode(&self, mode: M) {
        lock(&self.modes).1.push_back(mode);
    }

    pub(super) fn take_mode(&self) -> M {
        let mut modes = lock(&self.modes);
        modes.1.pop_front().unwrap_or_else(|| modes.0.clone())
    }

    /// Everything recorded so far, oldest first.
    pub fn records(&self) -> Vec<R> {
        lock(&self.records).clone()
    }

    /// The records, once they are as wanted. Waits for ever: tests have their own limit.
    pub async fn wait_for(&self, wanted: impl Fn(&[R]) -> bool) -> Vec<R> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let records = self.records();
            if wanted(&records) {
                return records;
            }
            changed.await;
        }
    }

    /// Begins a record.
    pub(super) fn record(self: &Arc<Self>, record: R) -> Recorder<M, R> {
        let index = {
            let mut records = lock(&self.records);
            records.push(record);
            records.len() - 1
        };
        self.changed.notify_waiters();
        Recorder { control: Arc::clone(self), index }
    }
}

/// One record while it grows.
pub(super) struct Recorder<M, R> {
    control: Arc<Control<M, R>>,
    index: usize,
}

impl<M, R> Recorder<M, R> {
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut R) -> T) -> Option<T> {
        let changed = lock(&self.control.records).get_mut(self.index).map(change);
        self.control.changed.notify_waiters();
        changed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of `POST /_mode`.
#[derive(Debug, Deserialize)]
struct SetMode<M> {
    mode: M,
    /// None: from now on.
    #[serde(default)]
    times: Option<u32>,
}

/// `GET /_record` and `POST /_mode`: the same over HTTP, for emulators in other processes.
pub(super) fn control_routes<M, R>(control: Arc<Control<M, R>>) -> Router
where
    M: Clone + Default + DeserializeOwned + Send + 'static,
    R: Clone + Serialize + Send + 'static,
{
    let record = |State(control): State<Arc<Control<M, R>>>| async move { Json(control.records()) };
    let mode = |State(control): State<Arc<Control<M, R>>>, Json(set): Json<SetMode<M>>| async move {
        match set.times {
            None => control.set_mode(set.mode),
            Some(times) => (0..times.min(1_000)).for_each(|_| control.next_mode(set.mode.clone())),
        }
    };
    Router::new().route("/_record", get(record)).route("/_mode", post(mode)).with_state(control)
}

/// Says on standard output where the emulator listens, then serves until the process is ended.
pub(super) async fn run(server: Server) -> anyhow::Result<()> {
    use std::io::Write as _;
    let said = serde_json::json!({"address": server.address, "url": server.http_url(), "ws_url": server.ws_url()});
    writeln!(std::io::stdout(), "{said}")?;
    Ok(tokio::signal::ctrl_c().await?)
}

/// Settings of an emulator as the command line gives them: JSON, or `@` and the path of a file with JSON.
pub(super) fn settings<T: DeserializeOwned + Default>(given: Option<&str>) -> anyhow::Result<T> {
    match given {
        None => Ok(T::default()),
        Some(text) => match text.strip_prefix('@') {
            Some(path) => Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?),
            None => Ok(serde_json::from_str(text)?),
        },
    }
}

/// A random identifier of `bytes` bytes, in hexadecimal digits.
pub(super) fn random_hex(bytes: usize) -> String {
    (0..bytes).map(|_| format!("{:02x}", rand::random::<u8>())).collect()
}
