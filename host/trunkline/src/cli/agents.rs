//! `trunkline agent`.

use super::{Between, EffectiveArgs, FieldCommand, PageArgs, RolloutArgs};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use trunkline_contract::shapes::Shape;

const CREATE: &str = "\
On a terminal, what is not given is asked for. Elsewhere the name and everything that a contract needs must be given.

Examples:
  trunkline agent create
  trunkline agent create --file agent.json
  trunkline agent create --name \"Front desk\" --greeting \"Hello!\" --know hours=\"9 to 5\" --know address=\"1 Main St\"";

const SET: &str = "\
A value that is JSON is taken as such (true, 7, [\"a\"], {\"a\": 1}, null takes the field out); anything else is a text.

Examples:
  trunkline agent set Receptionist prompt.greeting=\"Good morning!\"
  trunkline agent set Receptionist tts.voice=slt turn.interruption.enabled=false
  trunkline agent set Receptionist context.hours=\"9 to 5\" context.old=null";

const EDIT: &str = "\
Opens $VISUAL or $EDITOR. What is saved is checked; faults are shown, nothing is lost, and you may go on editing.";

const IMPORT: &str = "\
Each value is told of: mapped, kept as a note in metadata.notes, a secret, dropped, or added because the agent needs it.

Examples:
  trunkline agent import agent.json
  trunkline agent import .env --default
  trunkline agent import https://example.com/agent.json --shape dynamic --dry-run
  curl -s https://example.com/agent.json | trunkline agent import -";

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Agents, newest first.
    List(PageArgs),
    /// The latest version of one agent.
    Show {
        /// Its id or its name [default: the default agent].
        agent: Option<String>,
    },
    /// Make an agent.
    #[command(after_help = CREATE)]
    Create(NewAgent),
    /// Change an agent's contract in an editor.
    #[command(after_help = EDIT)]
    Edit {
        /// Its id or its name [default: the default agent].
        agent: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Change fields of an agent's contract.
    #[command(after_help = SET)]
    Set {
        /// Its id or its name.
        agent: String,
        /// A field by its path, and what it becomes.
        #[arg(required = true, value_name = "PATH=VALUE")]
        fields: Vec<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Check a contract and name every fault.
    Validate {
        /// The contract, JSON; `-` reads standard input.
        file: PathBuf,
    },
    /// All versions of an agent, newest first.
    Versions {
        /// Its id or its name.
        agent: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Write an agent to a file, as its contract or in the shape of another system.
    Export(ExportArgs),
    /// Make an agent of a contract or of what another system says, or the next version of the agent that has its name.
    #[command(after_help = IMPORT)]
    Import(ImportArgs),
    /// What differs between two versions of an agent.
    Diff(Between),
    /// Make an old version's contract the newest one.
    Rollback {
        /// Its id or its name.
        agent: String,
        /// Number of the old version.
        #[arg(value_name = "VERSION")]
        number: u32,
        #[command(flatten)]
        why: Why,
    },
    /// Which versions of an agent answer.
    Serving {
        /// Its id or its name.
        agent: String,
    },
    /// Let one version answer whatever comes after it.
    Pin {
        /// Its id or its name.
        agent: String,
        /// Number of the version.
        #[arg(value_name = "VERSION")]
        number: u32,
    },
    /// Let the latest version answer again; a rollout ends.
    Unpin {
        /// Its id or its name.
        agent: String,
    },
    /// Let a version answer a share of callers.
    Rollout(RolloutArgs),
    /// The contract in force: the tenant's defaults, templates, the agent, a session.
    Effective(EffectiveArgs),
    /// Fields of an agent's answers.
    #[command(subcommand)]
    Field(FieldCommand),
    /// Put an agent away: it answers nobody and its name is free.
    Archive {
        /// Its id or its name.
        agent: String,
    },
    /// Take an archived agent back.
    Restore {
        /// Its id or its name.
        agent: String,
    },
    /// Say which agent answers whoever names none, or change it.
    Default {
        /// The id or the name of the agent that it shall be.
        agent: Option<String>,
    },
}

/// A shape that agents are described in, by its name.
fn shape() -> impl TypedValueParser<Value = Shape> {
    let shapes = Shape::ALL.map(|shape| PossibleValue::new(shape.name()).help(shape.says()));
    PossibleValuesParser::new(shapes).try_map(|name| Shape::named(&name).ok_or("no shape"))
}

/// What is written, and where to.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Its id or its name [default: the default agent].
    pub(crate) agent: Option<String>,
    /// Where to [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// In which shape [default: its contract, exactly].
    #[arg(long, value_parser = shape())]
    pub(crate) shape: Option<Shape>,
    /// Number of a version [default: the latest].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) of: Option<u32>,
}

/// What is read, and what becomes of it.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// A file, `-` for standard input, or an address (http, https).
    pub(crate) source: String,
    /// What it is read as [default: found out].
    #[arg(long, value_parser = shape())]
    pub(crate) shape: Option<Shape>,
    /// The agent that becomes this, whatever its name.
    #[arg(long, value_name = "AGENT")]
    pub(crate) into: Option<String>,
    /// Make it the agent of whoever names none.
    #[arg(long)]
    pub(crate) default: bool,
    /// Keys and passwords do not become secrets. The server is sent the whole source all the same.
    #[arg(long)]
    pub(crate) no_secrets: bool,
    /// Say what would become of it, and keep nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) why: Why,
}

/// What a version is for.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// What changes and why, for `agent versions`; at most 200 characters.
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) summary: Option<String>,
}

/// A new agent.
#[derive(Debug, Default, Args)]
pub(crate) struct NewAgent {
    /// The contract, JSON; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "name", "greeting", "instructions", "know", "llm", "stt", "tts", "voice"])]
    pub(crate) file: Option<PathBuf>,
    /// Begin with a template, or with a copy of an agent of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) from: Option<String>,
    /// What it is called.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Its first words.
    #[arg(long, value_name = "TEXT")]
    pub(crate) greeting: Option<String>,
    /// What it is and how it shall behave.
    #[arg(long, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,
    /// Something that it knows.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) know: Vec<String>,
    /// Language model: a provider, or provider/model.
    #[arg(long, value_name = "PROVIDER[/MODEL]")]
    pub(crate) llm: Option<String>,
    /// Speech recognition: a provider, or provider/model.
    #[arg(long, value_name = "PROVIDER[/MODEL]")]
    pub(crate) stt: Option<String>,
    /// Speech synthesis: a provider, or provider/model.
    #[arg(long, value_name = "PROVIDER[/MODEL]")]
    pub(crate) tts: Option<String>,
    /// Its voice, by the provider's name for it.
    #[arg(long)]
    pub(crate) voice: Option<String>,
    /// Make it the agent of whoever names none.
    #[arg(long)]
    pub(crate) default: bool,
}
