//! What can be asked on the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Programmable voice: phone calls that agents answer.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, propagate_version = true, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file [default: trunkline.toml, when it is there].
    #[arg(long, global = true, value_name = "FILE", env = "TRUNKLINE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory, in place of the configured one.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Talk to a running server, with the token in TRUNKLINE_TOKEN; without it, the data directory is opened.
    /// TRUNKLINE_SERVER does the same.
    #[arg(long, global = true, value_name = "URL", conflicts_with = "data")]
    pub(crate) server: Option<String>,
    /// Whose agents, numbers and calls [default: default].
    #[arg(long, global = true, value_name = "NAME", env = "TRUNKLINE_TENANT")]
    pub(crate) tenant: Option<String>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to log, such as info or trunkline=debug; RUST_LOG does the same.
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How log lines on standard error look.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", env = "TRUNKLINE_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the host; the first run makes the database and prints an operator's token.
    Serve(Listen),
    /// Bring the database up to date.
    Migrate {
        /// Only show what is applied and what is missing.
        #[arg(long)]
        status: bool,
    },
    /// Say what works, what is missing and how to get it.
    Doctor(Listen),
    /// Agents and their contracts.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Phone numbers: which agent answers.
    #[command(subcommand)]
    Number(NumberCommand),
    /// Calls, past and live.
    #[command(subcommand)]
    Call(CallCommand),
    /// Tokens of operators.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Measure this machine.
    #[command(subcommand)]
    Bench(BenchCommand),
    /// The configuration and where each value comes from.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Completions for a shell, on standard output.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

impl Command {
    /// Whether it runs until it is stopped, so that its log is what people look at.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self, Command::Serve(_))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// Address and port to serve on, in place of the configured ones.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// Most items.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,
    /// Where the page before ended.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Agents, newest first.
    List(PageArgs),
    /// The latest version of one agent.
    Show {
        /// Its id or its name.
        agent: String,
    },
    /// Make an agent of a contract.
    Create {
        /// The contract, JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Check a contract and name every fault.
    Validate {
        /// The contract, JSON; `-` reads standard input.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum NumberCommand {
    /// The numbers and who answers them.
    List,
    /// Let an agent answer a number.
    Assign {
        /// E.164, such as +15550100.
        number: String,
        /// The agent's id or its name.
        agent: String,
    },
    /// Let nobody answer a number.
    Unassign {
        /// E.164, such as +15550100.
        number: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CallCommand {
    /// Calls, latest first.
    List {
        /// Only calls in this state.
        #[arg(long)]
        state: Option<StateArg>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One call and its transcript.
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

/// How far a call is.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum StateArg {
    Ringing,
    Active,
    Ended,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it: it cannot be seen again.
    Issue {
        /// What it is called [default: named after the time].
        #[arg(long)]
        name: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// One event through the stock behaviour, with all limits on.
    Dispatch,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check every value and the files that it names.
    Check(Listen),
    /// Every value and where it comes from.
    Show(Listen),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
