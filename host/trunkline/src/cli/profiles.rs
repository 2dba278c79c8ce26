//! `trunkline profile`.

use clap::Subcommand;

const ADD: &str = "\
The token is read from standard input. A tenant that is named with --tenant is kept with it.

Examples:
  trunkline profile add prod https://voice.example.com --use < token.txt
  trunkline profile add acme https://voice.example.com --tenant Acme < key.txt";

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// All profiles; of tokens only the end is shown.
    List,
    /// One profile.
    Show {
        /// Its name [default: the one in use].
        name: Option<String>,
    },
    /// Keep a server and its token under a name.
    #[command(after_help = ADD)]
    Add {
        /// What it is called.
        name: String,
        /// The server's address.
        url: String,
        /// Keep no token: that of TRUNKLINE_TOKEN is meant.
        #[arg(long)]
        no_token: bool,
        /// Put it in the place of the one that has the name.
        #[arg(long)]
        replace: bool,
        /// Let commands talk to it from now on.
        #[arg(long = "use")]
        in_use: bool,
    },
    /// Let commands talk to a server when none is named.
    Use {
        /// The profile's name.
        #[arg(required_unless_present = "none")]
        name: Option<String>,
        /// None: back to the data directory.
        #[arg(long, conflicts_with = "name")]
        none: bool,
    },
    /// Forget a server and its token.
    Remove {
        /// The profile's name.
        name: String,
    },
}
