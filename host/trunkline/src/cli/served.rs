//! `trunkline agent`: versions, who answers, what is in force, fields of answers.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Two versions of an agent.
#[derive(Debug, Args)]
pub(crate) struct Between {
    /// The agent's id or its name.
    pub(crate) agent: String,
    /// Number of the older version [default: the one before the newer].
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: Option<u32>,
    /// Number of the newer version [default: the latest].
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<u32>,
}

/// A contract in force.
#[derive(Debug, Args)]
pub(crate) struct EffectiveArgs {
    /// The agent's id or its name.
    pub(crate) agent: String,
    /// Of this version [default: the latest].
    #[arg(long = "at", value_name = "VERSION")]
    pub(crate) number: Option<u32>,
    /// With the overrides of this session.
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// The layer of each value, instead of the contract.
    #[arg(long)]
    pub(crate) origin: bool,
}

/// How callers are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StickyArg {
    /// By their number.
    Caller,
    /// By the user of their session.
    User,
    /// Not at all: each call by itself.
    Call,
}

/// A version that answers a share of callers.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["number", "end"]))]
pub(crate) struct RolloutArgs {
    /// The agent's id or its name.
    pub(crate) agent: String,
    /// Number of the version.
    #[arg(value_name = "VERSION", requires = "percent")]
    pub(crate) number: Option<u32>,
    /// Of 100 callers.
    #[arg(long, requires = "number", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) percent: Option<u8>,
    /// How callers are recognised.
    #[arg(long, value_enum, default_value = "caller")]
    pub(crate) sticky: StickyArg,
    /// End it: the pinned version answers everybody.
    #[arg(long, conflicts_with = "percent")]
    pub(crate) end: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FieldCommand {
    /// The fields of an agent's answers, in order.
    List {
        /// The agent's id or its name.
        agent: String,
    },
    /// Add a field, or change the one that has the name.
    Set {
        /// The agent's id or its name.
        agent: String,
        /// The field, JSON, such as {"name": "mood", "type": "str"}; `-` reads standard input.
        file: PathBuf,
    },
    /// Remove a field; results that have it keep it.
    Remove {
        /// The agent's id or its name.
        agent: String,
        /// The field's name.
        name: String,
    },
}
