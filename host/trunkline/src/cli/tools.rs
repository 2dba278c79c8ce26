//! `trunkline tool`.

use clap::Subcommand;

const CALL: &str = "\
It really runs: a tool that writes, writes. What it wrote, was denied and cost is shown.

Examples:
  trunkline tool call weather.forecast --args '{\"city\": \"Berne\"}'
  echo '{\"city\": \"Berne\"}' | trunkline tool call weather.forecast --args -";

#[derive(Debug, Subcommand)]
pub(crate) enum ToolCommand {
    /// What agents can be granted.
    List,
    /// One tool, with its schemas.
    Show {
        /// Its id, such as `weather.forecast`.
        tool: String,
    },
    /// Call a tool of a component, to try it.
    #[command(after_help = CALL)]
    Call {
        /// Its id, such as `weather.forecast`.
        tool: String,
        /// The arguments, JSON; `-` reads standard input.
        #[arg(long, value_name = "JSON", default_value = "{}")]
        args: String,
        /// BCP 47.
        #[arg(long)]
        locale: Option<String>,
    },
}
