//! `trunkline call`.

use super::PageArgs;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use std::path::PathBuf;

const SIMULATE: &str = "\
The caller is played over the same media socket as a browser's: 16 kHz audio in frames of 20 ms, in real time, with
marks that come back when they have been played. Each text is said when the agent has answered the one before and has
been silent for --pause. After the last answer the caller hangs up.

A script is TOML:
  agent = \"Survey\"               # all keys of the top are optional
  voice = \"slt\"
  pause_ms = 600                 # silence of the agent that ends its answer
  patience_ms = 20000            # no answer for so long: the call has failed
  [[step]]
  expect = \"do you have a minute\"          # words, in any case; or a regular expression: \"/minutes?/\"
  [[step]]
  say = \"Yes.\"                   # or: wav = \"yes.wav\"  digits = \"1#\"  hang_up = true
  wait = \"silence\"               # or so many ms after the caller's last words
  expect = [\"how old\", \"/years?/\"]         # all of them; expect_not = ... for what must not be said
  [[step]]
  say = \"Forty-two.\"
  interrupt_after_ms = 400       # speaks into the agent's words
  expect_result = { age = 42 }
  [end]
  expect_reason = \"agent-hangup\"
  expect_result = { done = true }

Exit codes:
  0  everything that was expected has happened
  1  something has not, or the agent did not answer
  2  it could not be played at all: a fault in the script, no server, no speech

Examples:
  trunkline call simulate --say \"When are you open?\" --say \"Thank you, good-bye.\"
  trunkline call simulate --agent Survey --script survey.toml --record survey.wav
  trunkline call simulate --agent Survey --script survey.toml --text --json";

#[derive(Debug, Subcommand)]
pub(crate) enum CallCommand {
    /// Calls, latest first.
    List {
        /// Only calls in this state.
        #[arg(long)]
        state: Option<StateArg>,
        /// Only calls over this channel.
        #[arg(long)]
        channel: Option<ChannelArg>,
        /// Only calls of this agent: its id or its name.
        #[arg(long)]
        agent: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One call: its transcript, its result and how long its answers took.
    Show {
        /// Its id.
        call: String,
    },
    /// The log of a call; a live call is followed to its end.
    Tail {
        /// Its id.
        call: String,
        /// First row.
        #[arg(long, default_value_t = 1, value_name = "SEQ")]
        from: u64,
    },
    /// Everything about a call in one file.
    Export {
        /// Its id.
        call: String,
        /// Where to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// One document, or one line for each thing.
        #[arg(long, default_value = "json")]
        format: ExportFormat,
    },
    /// End a live call.
    Hangup {
        /// Its id.
        call: String,
    },
    /// Play a caller over a real media socket, and check what the agent says.
    #[command(after_long_help = SIMULATE)]
    Simulate(Simulate),
    /// Run the behaviour over the log of a call: exit code 0 when it decides the same, 1 when not, 2 when it cannot run.
    Replay {
        /// Its id.
        call: String,
        /// Another behaviour: a `.wasm` file or a digest; without it, what the call ran.
        #[arg(long, value_name = "FILE|DIGEST")]
        component: Option<String>,
        /// Last row.
        #[arg(long, value_name = "SEQ")]
        until: Option<u64>,
    },
}

/// A simulated caller.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["say", "wav", "script"]))]
pub(crate) struct Simulate {
    /// Who is called: an agent's id or its name [default: the script's, else the default agent].
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Say this; may be given again for what is said next.
    #[arg(long, value_name = "TEXT")]
    pub(crate) say: Vec<String>,
    /// Play this recording: PCM WAV.
    #[arg(long, value_name = "FILE")]
    pub(crate) wav: Vec<PathBuf>,
    /// Do what this file says; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// Over the chat interface: the same script in writing, without audio.
    #[arg(long, conflicts_with_all = ["wav", "record"])]
    pub(crate) text: bool,
    /// Voice of the caller, by the provider's name for it.
    #[arg(long)]
    pub(crate) voice: Option<String>,
    /// Provider of the caller's voice.
    #[arg(long, value_name = "PROVIDER", default_value = "local")]
    pub(crate) tts: String,
    /// Silence of the agent that ends its answer, ms [default: the script's, else 600].
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(..=600_000))]
    pub(crate) pause: Option<u64>,
    /// Write both sides to this file: stereo WAV, the caller left, the agent right.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum StateArg {
    Ringing,
    Active,
    Ended,
}

impl StateArg {
    /// As in the interface.
    pub(crate) fn name(self) -> &'static str {
        match self {
            StateArg::Ringing => "ringing",
            StateArg::Active => "active",
            StateArg::Ended => "ended",
        }
    }
}

/// What a call comes over.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum ChannelArg {
    PhoneInbound,
    WebVoice,
    Chat,
}

impl ChannelArg {
    /// As in the interface.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ChannelArg::PhoneInbound => "phone-inbound",
            ChannelArg::WebVoice => "web-voice",
            ChannelArg::Chat => "chat",
        }
    }
}

/// How a call is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One document.
    Json,
    /// One object on each line, named by its `type`.
    Jsonl,
}
