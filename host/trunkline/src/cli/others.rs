//! The smaller groups of commands.

use super::{Listen, PageArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
pub(crate) enum ProviderCommand {
    /// Every provider, and what keeps it from working.
    List,
    /// Let providers work: a word is said, and heard again. Exit code 1 when one that is ready fails.
    Check {
        /// Only this one.
        name: Option<String>,
        /// With this voice, for providers that have none of their own.
        #[arg(long)]
        voice: Option<String>,
    },
}

const ADD: &str = "\
Examples:
  trunkline document add prices.md opening-hours.txt
  trunkline document add --agent Receptionist --name \"House rules\" rules.txt
  fortune | trunkline document add --name \"A fortune\" -";

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentCommand {
    /// Let agents answer from texts.
    #[command(after_help = ADD)]
    Add {
        /// Text files; `-` reads standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// What it is called, when there is one file [default: the file's name].
        #[arg(long)]
        name: Option<String>,
        /// Only for this agent: its id or its name.
        #[arg(long)]
        agent: Option<String>,
    },
    /// Documents, newest first.
    List {
        /// Only those of this agent: its id or its name.
        #[arg(long)]
        agent: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Take documents away.
    Delete {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// What is found for a question.
    Search {
        /// The question.
        query: String,
        /// As this agent: its id or its name.
        #[arg(long)]
        agent: Option<String>,
        /// Most passages.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
        limit: u8,
    },
}

/// What is examined.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Let the speech programs of this machine say and hear a sentence.
    #[arg(long)]
    pub(crate) check: bool,
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
