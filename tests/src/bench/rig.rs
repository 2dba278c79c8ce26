//! The processes of a run: three providers and the host, which answers one number; the carrier is this process.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::Instant;

use super::load::Stage;
use super::options::Options;
use super::script::Script;
use crate::certificate::Certificate;
use crate::emulators::twilio::{CallSpec, Carrier, CarrierSettings};
use crate::host::{Host, HostSpec, Providers, program};
use crate::process::{Process, Usage};

/// The number that is called.
const NUMBER: &str = "+15550100";
/// Emulators say where they listen in a line of JSON that begins like this.
const ANNOUNCEMENT: &str = r#"{"address":"#;
/// How long an emulator may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that runs.
pub(super) struct Rig {
    pub(super) host: Host,
    pub(super) carrier: Carrier,
    /// How long the host took from its start until it was ready.
    pub(super) host_ready_after: Duration,
    providers: Vec<Process>,
    script: Script,
    _certificates: TempDir,
}

/// What an emulator says about itself.
#[derive(Debug, Deserialize)]
struct Address {
    url: String,
    ws_url: String,
}

impl Rig {
    /// Starts everything for calls of this script.
    pub(super) async fn start(options: &Options, script: &Script, calls: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let tls = options.tls.then(|| Certificate::create(folder.path())).transpose()?;
        let mut providers = Vec::new();
        let mut addresses = Vec::new();
        for (name, settings) in settings(options, script) {
            let process = emulator(name, &settings, tls.as_ref())?;
            addresses.push(address(&process).await?);
            providers.push(process);
        }
        let [deepgram, openai, elevenlabs] = addresses.as_slice() else { anyhow::bail!("an emulator is missing") };
        let mut spec = HostSpec::new(Providers {
            deepgram: deepgram.ws_url.clone(),
            openai: format!("{}/v1", openai.url),
            elevenlabs: elevenlabs.ws_url.clone(),
        });
        spec.max_calls = calls + 50;
        spec.log.clone_from(&options.log);
        spec.tls.clone_from(&tls);
        let begin = Instant::now();
        let host = Host::start(spec).await?;
        let host_ready_after = begin.elapsed();
        let api = host.api()?;
        let agent = api.create_agent(&script.contract(options.endpoint_ms)).await?;
        api.assign(NUMBER, &agent).await?;
        let carrier = Carrier::new(CarrierSettings {
            round_trip_ms: options.round_trip_ms,
            seed: options.seed,
            keep_audio: false,
            root_cert_pem: tls.map(|certificate| certificate.pem.into_bytes()),
            ..CarrierSettings::default()
        })?;
        Ok(Self { host, carrier, host_ready_after, providers, script: script.clone(), _certificates: folder })
    }

    /// A call whose caller does nothing yet.
    pub(super) fn plain_call(&self) -> CallSpec {
        self.host.inbound(NUMBER)
    }

    /// Fails if a process has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        self.host.check()?;
        self.providers.iter_mut().try_for_each(Process::check)
    }

    /// Ends everything, the host in the way it ends in production.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.check()?;
        self.host.terminate().await?;
        for mut process in self.providers {
            process.kill().await?;
        }
        Ok(())
    }
}

impl Stage for Rig {
    fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    fn call(&self) -> CallSpec {
        self.script.played_by(self.plain_call())
    }

    fn server(&self) -> Result<Usage> {
        self.host.usage()
    }

    fn providers_cpu(&self) -> Result<Duration> {
        self.providers.iter().map(|process| Ok(process.usage()?.cpu)).sum()
    }
}

fn settings(options: &Options, script: &Script) -> [(&'static str, Value); 3] {
    [
        ("deepgram", json!({"utterances": script.utterances(), "final_delay_ms": options.stt_ms})),
        (
            "openai",
            json!({
                "script": [{"say": script.reply()}],
                "ttft_ms": options.llm_ms,
                "tokens_per_s": options.tokens_per_s,
            }),
        ),
        ("elevenlabs", json!({"first_byte_ms": options.tts_ms})),
    ]
}

fn emulator(name: &'static str, settings: &Value, tls: Option<&Certificate>) -> Result<Process> {
    let mut command = Command::new(program("trunkline-emulators", "TRUNKLINE_EMULATORS")?);
    command.arg(name).arg("--settings").arg(settings.to_string());
    if let Some(certificate) = tls {
        command.arg("--tls-cert").arg(&certificate.cert).arg("--tls-key").arg(&certificate.key);
    }
    Process::start(name, command, &[ANNOUNCEMENT])
}

async fn address(process: &Process) -> Result<Address> {
    let rest = process.announced(ANNOUNCEMENT, PATIENCE).await?;
    let line = format!("{ANNOUNCEMENT}{rest}");
    serde_json::from_str(&line).with_context(|| format!("an emulator announced {line}"))
}
