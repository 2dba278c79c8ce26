//! The real binary as a process: `trunkline serve` with its own folder, port and configuration.

mod api;
mod config;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::emulators::twilio::CallSpec;
use crate::process::{Process, Usage};

pub use api::Api;
pub use config::{Account, HostSpec, Providers};

/// What the host says once, at its first run.
const TOKEN_LINE: &str = "operator token:";
/// Between two looks whether the host is ready.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a host may take to be ready; a first run compiles its components.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// Ports of hosts, and how many are tried.
const PORTS: std::ops::Range<u16> = 10_000..32_000;
const PORT_TRIES: usize = 100;
/// How long one request may take.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);

/// A host. Dropping it kills the process and removes its folder.
pub struct Host {
    spec: HostSpec,
    folder: TempDir,
    port: u16,
    process: Process,
    token: Option<String>,
    http: reqwest::Client,
}

impl Host {
    /// Starts a host and waits until it takes calls.
    pub async fn start(spec: HostSpec) -> Result<Self> {
        let mut host = Self::launch(spec).await?;
        host.wait_until_ready().await?;
        Ok(host)
    }

    /// Starts a host and returns at once.
    pub async fn launch(spec: HostSpec) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("trunkline-host-").tempdir()?;
        let port = free_port().await?;
        let http = client(spec.tls.as_ref().map(|certificate| certificate.pem.as_str()))?;
        let process = spawn(&spec, folder.path(), port)?;
        Ok(Self { spec, folder, port, process, token: None, http })
    }

    /// Waits until the host takes calls, and has said its token.
    pub async fn wait_until_ready(&mut self) -> Result<()> {
        let ready = format!("{}/readyz", self.origin());
        let looks = async {
            // A timer because a port that is not open yet cannot be waited for.
            let mut tick = interval(LOOK_EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                self.process.check()?;
                // Until the port is open the connection is refused; until the host is ready the answer is 503.
                let answer = self.http.get(&ready).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return Ok(());
                }
            }
        };
        let outcome: Result<Result<()>, _> = timeout(START_PATIENCE, looks).await;
        outcome.map_err(|_| anyhow!("the host was not ready in {START_PATIENCE:?}:{}", self.process.output()))??;
        if self.token.is_none() {
            let line = self.process.announced(TOKEN_LINE, REQUEST_PATIENCE).await?;
            let token = line.split_whitespace().next().context("the host's token is empty")?;
            self.token = Some(token.to_owned());
        }
        Ok(())
    }

    /// The origin that carriers and operators use, without a slash at its end.
    pub fn origin(&self) -> String {
        self.spec.origin(self.port)
    }

    /// The port it listens on, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the carrier asks what to do with a call.
    pub fn webhook(&self) -> String {
        format!("{}/twilio/voice/{}", self.origin(), self.spec.account.sid)
    }

    /// An inbound call to `number` that this host answers.
    pub fn inbound(&self, number: &str) -> CallSpec {
        let mut call = CallSpec::inbound(self.webhook(), &self.spec.account.sid, &self.spec.account.auth_token);
        number.clone_into(&mut call.to);
        call
    }

    /// The folder with its configuration and data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its REST interface, as the operator.
    pub fn api(&self) -> Result<Api> {
        let token = self.token.clone().context("the host has not said its operator token yet")?;
        Ok(Api::new(self.http.clone(), format!("{}/api/v1", self.origin()), token))
    }

    /// Prometheus' text.
    pub async fn metrics(&self) -> Result<String> {
        let answer = self.http.get(format!("{}/metrics", self.origin())).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// What the process has used since it was started.
    pub fn usage(&self) -> Result<Usage> {
        self.process.usage()
    }

    /// The newest lines of its output.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Fails with its output when it has ended.
    pub fn check(&mut self) -> Result<()> {
        self.process.check()
    }

    /// `kill -9`.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// SIGTERM; waits until the live calls are finished, at most the drain time and a little more.
    pub async fn terminate(&mut self) -> Result<std::process::ExitStatus> {
        let patience = Duration::from_secs(self.spec.drain_s) + REQUEST_PATIENCE;
        self.process.terminate(patience).await
    }

    /// Starts it again on the same data and port, once it has ended; returns at once.
    pub fn relaunch(&mut self) -> Result<()> {
        if self.process.check().is_ok() {
            bail!("the host is still running");
        }
        self.process = spawn(&self.spec, self.folder.path(), self.port)?;
        Ok(())
    }

    /// Kills it if it runs, and starts it again on the same data and port.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill().await?;
        self.relaunch()?;
        self.wait_until_ready().await
    }

    /// What the next start runs with; takes effect with [`Self::relaunch`] or [`Self::restart`].
    pub fn spec_mut(&mut self) -> &mut HostSpec {
        &mut self.spec
    }
}

fn spawn(spec: &HostSpec, folder: &Path, port: u16) -> Result<Process> {
    let config = folder.join("trunkline.toml");
    let text = spec.to_toml(port, &folder.join("data"))?;
    std::fs::write(&config, text).with_context(|| format!("{} cannot be written", config.display()))?;
    let mut command = Command::new(program("trunkline", "TRUNKLINE_BIN")?);
    command.arg("serve").arg("--config").arg(&config).current_dir(folder);
    // The host's own settings may not come from the tester's environment.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("TRUNKLINE_") || name == "RUST_LOG") {
            command.env_remove(&name);
        }
    }
    command.env("RUST_LOG", &spec.log).envs(spec.env.iter().map(|(name, value)| (name, value)));
    Process::start("trunkline serve", command, &[TOKEN_LINE])
}

/// A program of this workspace: where the environment says, or beside the running one.
pub fn program(name: &str, variable: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(PathBuf::from(path));
    }
    let own = std::env::current_exe()?;
    // Tests lie in `deps`, one below the programs.
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    beside.with_context(|| format!("there is no `{name}`: build it with `cargo build -p trunkline -p trunkline-tests`, or name it in {variable}"))
}

/// The folder with the compiled components: where the environment says, or the repository's.
pub fn components() -> PathBuf {
    std::env::var_os("TRUNKLINE_COMPONENTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../components/dist"), PathBuf::from)
}

/// A port that nobody uses, outside of the range from which the machine gives ports to outgoing connections: a host that
/// is started again finds it free again.
pub(crate) async fn free_port() -> Result<u16> {
    for _ in 0..PORT_TRIES {
        let port = rand::random_range(PORTS);
        if tokio::net::TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return Ok(port);
        }
    }
    bail!("no port in {PORTS:?} is free")
}

/// Waits until somebody listens on a port of this machine, to a precision of a millisecond.
#[expect(clippy::disallowed_methods, reason = "tests dial their own host, not what a tenant names")]
pub(crate) async fn wait_for_port(port: u16) -> Result<()> {
    let tries = async {
        // A timer because a port that is not open yet cannot be waited for.
        let mut tick = interval(Duration::from_millis(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tick.tick().await;
        }
    };
    timeout(START_PATIENCE, tries).await.with_context(|| format!("nobody listens on port {port}"))
}

#[expect(clippy::disallowed_methods, reason = "tests dial their own host, not what a tenant names")]
fn client(trusted_pem: Option<&str>) -> Result<reqwest::Client> {
    let tls = crate::certificate::client_tls(trusted_pem)?;
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(REQUEST_PATIENCE)
        .build()?)
}
