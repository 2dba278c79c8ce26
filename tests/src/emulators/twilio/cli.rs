//! The emulator as a process of its own: places calls and sums them up, serves the REST interface, or echoes media.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::task::JoinSet;
use tokio::time::Instant;
use trunkline_twilio::rest::IncomingPhoneNumber;

use super::rest::{RestServer, RestSettings};
use super::summary::Summary;
use super::{CallSpec, Carrier, CarrierSettings, Clip, What, When, echo};

/// What the process does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Places calls to a host, waits for their end and prints a summary as JSON.
    Calls(Box<Calls>),
    /// Serves the REST interface; calls that are made through it are carried like any other.
    Rest(Rest),
    /// Serves a host that sends the caller's audio back: the yardstick for benchmarks.
    Echo {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:4010")]
        listen: String,
    },
}

/// Who calls whom, over what network.
#[derive(Debug, Args)]
pub struct Line {
    /// The account that owns the calls.
    #[arg(long, default_value = "AC00000000000000000000000000000001")]
    account: String,
    /// The account's token; signs webhooks and sockets.
    #[arg(long, default_value = "token")]
    token: String,
    /// Round-trip time to the host, in ms.
    #[arg(long, default_value_t = 0)]
    round_trip_ms: u64,
    /// Jitter per message and direction, in ms.
    #[arg(long, default_value_t = 0)]
    jitter_ms: u64,
    /// A PEM certificate to trust, for `https` and `wss`.
    #[arg(long)]
    root_cert: Option<PathBuf>,
    /// Clips that callers say, in turn: WAV, or raw mu-law at 8 kHz. Without any, a tone.
    #[arg(long = "say")]
    clips: Vec<PathBuf>,
    /// How often each caller speaks.
    #[arg(long, default_value_t = 4)]
    turns: usize,
    /// How long the agent must have been silent before the caller speaks, in ms.
    #[arg(long, default_value_t = 700)]
    pause_ms: u64,
    /// From the second turn on the caller speaks this long after the agent began, in ms, instead of waiting for silence.
    #[arg(long)]
    barge_in_after_ms: Option<u64>,
    /// The caller speaks first, this many ms after the stream started, instead of waiting for a greeting.
    #[arg(long)]
    speak_first_after_ms: Option<u64>,
    /// How long a caller waits for the agent before giving up, in ms.
    #[arg(long, default_value_t = 15_000)]
    patience_ms: u64,
}

/// Places calls.
#[derive(Debug, Args)]
pub struct Calls {
    #[command(flatten)]
    line: Line,
    /// The host's voice webhook.
    #[arg(long)]
    url: String,
    /// The number that is called.
    #[arg(long, default_value = "+15550100")]
    to: String,
    /// The number that calls.
    #[arg(long, default_value = "+15550199")]
    from: String,
    /// How many calls.
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// The calls begin evenly over this time, in ms.
    #[arg(long, default_value_t = 0)]
    over_ms: u64,
    /// Where the records of the calls are written, one JSON object per line.
    #[arg(long)]
    records: Option<PathBuf>,
    /// Keeps the played audio in the records.
    #[arg(long)]
    keep_audio: bool,
}

/// Serves the REST interface.
#[derive(Debug, Args)]
pub struct Rest {
    #[command(flatten)]
    line: Line,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:4011")]
    listen: String,
    /// Numbers of the account, E.164.
    #[arg(long = "number")]
    numbers: Vec<String>,
}

/// Does it; for servers, until the process is ended.
pub async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Calls(calls) => place(*calls).await,
        Command::Rest(rest) => serve_rest(rest).await,
        Command::Echo { listen } => echo::serve(&listen).await,
    }
}

impl Line {
    fn settings(&self, keep_audio: bool) -> anyhow::Result<CarrierSettings> {
        let root_cert_pem = self.root_cert.as_ref().map(std::fs::read).transpose()?;
        let (round_trip_ms, jitter_ms) = (self.round_trip_ms, self.jitter_ms);
        Ok(CarrierSettings { round_trip_ms, jitter_ms, root_cert_pem, keep_audio, ..CarrierSettings::default() })
    }

    fn spec(&self, url: &str) -> anyhow::Result<CallSpec> {
        let mut clips: Vec<Clip> = self.clips.iter().map(|path| Clip::from_file(path)).collect::<Result<_, _>>()?;
        if clips.is_empty() {
            clips.push(Clip::tone("tone", 440, 600));
        }
        let mut spec = CallSpec::inbound(url, self.account.as_str(), self.token.as_str());
        spec.patience_ms = self.patience_ms;
        for (turn, clip) in clips.into_iter().cycle().take(self.turns).enumerate() {
            let when = match (turn, self.speak_first_after_ms, self.barge_in_after_ms) {
                (0, Some(ms), _) => When::At(ms),
                (0, None, _) | (_, _, None) => When::AgentSilent(self.pause_ms),
                (_, _, Some(ms)) => When::AgentSpeaks(ms),
            };
            spec = spec.step(when, What::Say(clip));
        }
        Ok(spec.step(When::AgentSilent(self.pause_ms), What::HangUp))
    }
}

async fn place(calls: Calls) -> anyhow::Result<()> {
    let carrier = Carrier::new(calls.line.settings(calls.keep_audio)?)?;
    let spec = CallSpec { to: calls.to, from: calls.from, ..calls.line.spec(&calls.url)? };
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for index in 0..calls.count {
        let share = f64::from(index) / f64::from(calls.count);
        tokio::time::sleep_until(begin + Duration::from_millis(calls.over_ms).mul_f64(share)).await;
        let call = carrier.place_call(spec.clone());
        running.spawn(call.finished());
    }
    let records = running.join_all().await;
    if let Some(path) = &calls.records {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for record in &records {
            serde_json::to_writer(&mut file, record)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
    }
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &Summary::of(&records))?;
    writeln!(out)?;
    Ok(())
}

async fn serve_rest(rest: Rest) -> anyhow::Result<()> {
    let carrier = Carrier::new(rest.line.settings(false)?)?;
    let number = |(index, phone_number): (usize, String)| IncomingPhoneNumber {
        sid: format!("PN{index:032}"),
        account_sid: rest.line.account.clone(),
        phone_number,
        ..IncomingPhoneNumber::default()
    };
    let settings = RestSettings {
        accounts: vec![(rest.line.account.clone(), rest.line.token.clone())],
        numbers: rest.numbers.into_iter().enumerate().map(number).collect(),
        callee: rest.line.spec("")?,
    };
    let server = RestServer::start(&rest.listen, carrier, settings).await?;
    writeln!(std::io::stdout(), "{}", server.base_url)?;
    Ok(tokio::signal::ctrl_c().await?)
}
