//! `trunkline component`.

use super::PageArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

const UPLOAD: &str = "\
It is checked, compiled and asked what it is; then it is the draft of its component, and --promote makes it the live one.

Examples:
  trunkline component check quiz.wasm
  trunkline component upload quiz.wasm --promote
  trunkline component rollback quiz";

#[derive(Debug, Subcommand)]
pub(crate) enum ComponentCommand {
    /// Components of the tenant, newest first.
    List(PageArgs),
    /// One component, and which agents use it.
    Show {
        /// Its id or its name.
        component: String,
    },
    /// Say whether a host would take a component, and what it is; nothing is sent anywhere.
    Check {
        /// The component, a `.wasm` file; `-` reads standard input.
        file: PathBuf,
    },
    /// Measure what one event costs a behaviour on this machine: time, memory, size.
    Bench {
        /// The component, a `.wasm` file; `-` reads standard input.
        file: PathBuf,
        /// Events, each way.
        #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        events: u32,
    },
    /// Send a component, as the next release of its name.
    #[command(after_help = UPLOAD)]
    Upload(UploadArgs),
    /// The releases of a component, newest first.
    Releases {
        /// Its id or its name.
        component: String,
    },
    /// Make a release the live one.
    Promote {
        /// The component's id or its name.
        component: String,
        /// Number of the release [default: the draft].
        release: Option<u32>,
    },
    /// Make an earlier release the live one again.
    Rollback {
        /// The component's id or its name.
        component: String,
        /// Number of the release [default: the one that was live before].
        release: Option<u32>,
    },
    /// Say what a component may reach, or change it; without an option nothing is changed.
    Grant(GrantArgs),
    /// Delete a component that no agent uses, or one of its releases.
    Delete {
        /// The component's id or its name.
        component: String,
        /// Number of a release, to delete that alone.
        #[arg(long)]
        release: Option<u32>,
    },
}

/// What a component may reach.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    /// The component's id or its name.
    pub(crate) component: String,
    /// A host, such as api.example.com, api.example.com:8443 or *.example.com; these replace those before.
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Vec<String>,
    /// A secret of the tenant, and the one of the hosts that it goes to.
    #[arg(long, value_name = "NAME=HOST", requires = "host")]
    pub(crate) secret: Vec<String>,
    /// It may reach nothing any more.
    #[arg(long, conflicts_with = "host")]
    pub(crate) nothing: bool,
}

/// What is sent.
#[derive(Debug, Args)]
pub(crate) struct UploadArgs {
    /// The component, a `.wasm` file; `-` reads standard input.
    pub(crate) file: PathBuf,
    /// Name of the component [default: the one that an agent's manifest gives; of tools, that of the file].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Make it the live release at once.
    #[arg(long)]
    pub(crate) promote: bool,
}
