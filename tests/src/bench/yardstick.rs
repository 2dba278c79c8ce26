//! What media cost at the least: a server that only parses the carrier's messages and sends the audio back.

use std::time::Duration;

use anyhow::Result;
use tokio::process::Command;

use super::load::Stage;
use super::script::Script;
use crate::emulators::twilio::{CallSpec, Carrier, CarrierSettings};
use crate::host::{free_port, program, wait_for_port};
use crate::process::{Process, Usage};

/// The server and the calls to it.
pub(super) struct Yardstick {
    server: Process,
    carrier: Carrier,
    call: CallSpec,
}

impl Yardstick {
    /// Starts the server.
    pub(super) async fn start(script: &Script) -> Result<Self> {
        let port = free_port().await?;
        let mut command = Command::new(program("trunkline-emulators", "TRUNKLINE_EMULATORS")?);
        command.args(["twilio", "echo", "--listen", &format!("127.0.0.1:{port}")]);
        let server = Process::start("the echo server", command, &[])?;
        wait_for_port(port).await?;
        let carrier = Carrier::new(CarrierSettings { keep_audio: false, ..CarrierSettings::default() })?;
        let call = CallSpec::inbound(format!("http://127.0.0.1:{port}/voice"), "AC1", "token");
        Ok(Self { server, carrier, call: script.played_by(call) })
    }
}

impl Stage for Yardstick {
    fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    fn call(&self) -> CallSpec {
        self.call.clone()
    }

    fn server(&self) -> Result<Usage> {
        self.server.usage()
    }

    fn providers_cpu(&self) -> Result<Duration> {
        Ok(Duration::ZERO)
    }
}
