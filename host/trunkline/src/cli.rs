//! What can be asked on the command line.

mod agents;
mod calls;
mod components;
mod manage;
mod others;
mod profiles;
mod served;
mod tools;

pub(crate) use agents::{AgentCommand, ExportArgs, ImportArgs, NewAgent};
pub(crate) use calls::{CallCommand, ExportFormat, Simulate};
pub(crate) use components::{ComponentCommand, GrantArgs, UploadArgs};
pub(crate) use manage::{
    AuditArgs, BackupArgs, EraseArgs, KeyCommand, RoleArg, SecretCommand, SessionCommand, TemplateCommand,
    TenantCommand, UserCommand, WebhookCommand,
};
pub(crate) use others::{
    BenchCommand, ConfigCommand, DoctorArgs, DocumentCommand, NumberCommand, ProviderCommand, TokenCommand,
};
pub(crate) use profiles::ProfileCommand;
pub(crate) use served::{Between, EffectiveArgs, FieldCommand, RolloutArgs};
pub(crate) use tools::ToolCommand;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Where commands look, and what their exit codes mean.
const MORE: &str = "\
Which server:
  A command talks to the server named with --server, --profile, TRUNKLINE_SERVER or TRUNKLINE_PROFILE; else, unless
  --data or TRUNKLINE_DATA names a directory, to that of the profile in use; else to the one that runs on the data
  directory (it leaves a token for this machine's user there, in server.json); else it opens the data directory itself.

Exit codes:
  0    done
  1    something is wrong; one sentence on standard error says what, and what to do
  2    the command line cannot be understood; call replay and call simulate: it could not be run at all
  130  stopped with Ctrl-C

Examples:
  trunkline serve                                  run the host; the first run prints a login link
  trunkline chat                                   talk to the default agent, here in the terminal
  trunkline call simulate --say \"When are you open?\"
  trunkline agent set Receptionist prompt.greeting=\"Good morning!\"
  trunkline doctor                                 what works, what is missing, how to get it";

/// Programmable voice: phone calls that agents answer.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, propagate_version = true, max_term_width = 120, after_long_help = MORE)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Heading of what every command takes.
const GLOBAL: &str = "Everywhere";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file [default: trunkline.toml, when it is there].
    #[arg(long, global = true, help_heading = GLOBAL, hide_env = true, value_name = "FILE", env = "TRUNKLINE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory, in place of the configured one.
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Talk to this server, with the token in TRUNKLINE_TOKEN [default: the one that runs on the data directory].
    /// TRUNKLINE_SERVER does the same.
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "URL", conflicts_with = "data")]
    pub(crate) server: Option<String>,
    /// Talk to the server of this profile, with its token; TRUNKLINE_PROFILE does the same.
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "NAME", conflicts_with_all = ["data", "server"])]
    pub(crate) profile: Option<String>,
    /// Whose agents, numbers and calls; TRUNKLINE_TENANT does the same, unless --profile names a tenant
    /// [default: default].
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// Answer in JSON.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,
    /// What to log, such as info or trunkline=debug; RUST_LOG does the same.
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How log lines on standard error look.
    #[arg(long, global = true, help_heading = GLOBAL, hide_env = true, value_name = "FORMAT", default_value = "text", env = "TRUNKLINE_LOG_FORMAT")]
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
    /// Talk to an agent in the terminal, in writing.
    Chat(Chat),
    /// Print a link that logs a browser in, once.
    Login,
    /// Bring the database up to date.
    Migrate {
        /// Only show what is applied and what is missing.
        #[arg(long)]
        status: bool,
    },
    /// Say what works, what is missing and how to get it.
    Doctor(DoctorArgs),
    /// Agents and their contracts.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Phone numbers: which agent answers.
    #[command(subcommand)]
    Number(NumberCommand),
    /// Calls, past and live.
    #[command(subcommand)]
    Call(CallCommand),
    /// Speech and language: who can do what.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Documents that agents answer from.
    #[command(subcommand)]
    Document(DocumentCommand),
    /// Components that the tenant ships: what decides for agents, and tools.
    #[command(subcommand)]
    Component(ComponentCommand),
    /// Tools: what agents can be granted.
    #[command(subcommand)]
    Tool(ToolCommand),
    /// Templates that agents extend.
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Sessions with agents that were set up for somebody.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Tenants: whom the host serves.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// People who may log in.
    #[command(subcommand)]
    User(UserCommand),
    /// Keys of programs.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Secrets of a tenant.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Who is told of events.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Who did what, newest first.
    Audit(AuditArgs),
    /// What calls have used, by month and agent.
    Usage,
    /// Forget a caller: what they said and who they are.
    Erase(EraseArgs),
    /// Copy the database to a file; the host may be running.
    Backup(BackupArgs),
    /// Put a copy in the database's place; the host must not be running.
    Restore {
        /// The copy.
        file: PathBuf,
    },
    /// Servers that you talk to, each with its token.
    #[command(subcommand)]
    Profile(ProfileCommand),
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

/// Examples of `chat`.
const CHAT: &str = "\
In the conversation:
  /new      begin again         /events  what happened so far
  /quit     leave (or Ctrl-D)   /help    this list
  Ctrl-C    stop an answer

When standard input is no terminal, each line is a message and the answers are all that is printed; with --json, each
turn is one object on a line of its own: {\"thread\", \"text\", \"messages\", \"ended\", \"result\"}.

Examples:
  trunkline chat
  trunkline chat \"Front desk\"
  echo \"When are you open?\" | trunkline chat --json";

#[derive(Debug, Args)]
#[command(after_help = CHAT)]
pub(crate) struct Chat {
    /// The agent's id or its name [default: the default agent].
    pub(crate) agent: Option<String>,
    /// Go on with this conversation.
    #[arg(long, value_name = "ID")]
    pub(crate) thread: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
