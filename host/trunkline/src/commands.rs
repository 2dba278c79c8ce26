//! What each command does.

mod agents;
mod bench;
mod calls;
mod components;
mod config;
mod documents;
mod login;
mod manage;
mod migrate;
mod numbers;
mod profiles;
pub(crate) mod providers;
mod replay;
mod tail;
mod tokens;
mod tools;
mod upkeep;

pub(crate) use tail::show_row;

use crate::backend::{Backend, Intent, PageOf, Remote};
use crate::cli::{BenchCommand, Cli, Command, Global, Listen, PageArgs};
use crate::config::{Config, ConfigError, Environment, Flags, Loaded};
use crate::output::Out;
use crate::{chat, doctor, serve};
use anyhow::Context as _;
use clap::CommandFactory;
use std::path::Path;
use std::process::ExitCode;

/// What all commands start from.
struct Context<'a> {
    global: Global,
    env: Environment,
    out: &'a Out,
}

impl Context<'_> {
    fn load(&self, listen: Option<String>) -> Result<Loaded, ConfigError> {
        let flags = Flags { config: self.global.config.clone(), listen, data: self.global.data.clone() };
        Config::load(flags, &self.env)
    }

    async fn backend(&self, intent: Intent) -> anyhow::Result<Backend> {
        let config = self.load(None)?.config;
        Backend::open(&self.global, &self.env, &config, intent).await
    }

    /// A running server, for what only one can do.
    fn server(&self) -> anyhow::Result<Remote> {
        Remote::find(&self.global, &self.env, &self.load(None)?.config)
    }
}

/// Runs one command to its end.
///
/// # Errors
/// What went wrong, as a sentence for whoever gave the command.
pub(crate) async fn run(cli: Cli, out: &Out) -> anyhow::Result<ExitCode> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let env = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let context = Context { global: cli.global, env, out };
    match cli.command {
        Command::Serve(Listen { listen }) => {
            let config = context.load(listen)?.config;
            crate::components::any(&config.components)?;
            Box::pin(serve::run(config)).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate { status } => migrate::run(&context, status).await,
        Command::Chat(arguments) => {
            Box::pin(chat::run(context.server()?, arguments.agent.as_deref(), arguments.thread, out)).await
        }
        Command::Login => login::run(&context).await,
        Command::Doctor(arguments) => {
            Box::pin(doctor::run(context.load(arguments.listen.listen), arguments.check, out)).await
        }
        Command::Agent(command) => Box::pin(agents::run(&context, command)).await,
        Command::Number(command) => numbers::run(&context, command).await,
        Command::Call(command) => Box::pin(calls::run(&context, command)).await,
        Command::Provider(command) => Box::pin(providers::run(&context, command)).await,
        Command::Document(command) => Box::pin(documents::run(&context, command)).await,
        Command::Component(command) => Box::pin(components::run(&context, command)).await,
        Command::Tool(command) => Box::pin(tools::run(&context, command)).await,
        Command::Template(command) => Box::pin(manage::template(&context, command)).await,
        Command::Session(command) => Box::pin(manage::session(&context, command)).await,
        Command::Tenant(command) => Box::pin(manage::tenant(&context, command)).await,
        Command::User(command) => Box::pin(manage::user(&context, command)).await,
        Command::Key(command) => Box::pin(manage::key(&context, command)).await,
        Command::Secret(command) => Box::pin(manage::secret(&context, command)).await,
        Command::Webhook(command) => Box::pin(manage::webhook(&context, command)).await,
        Command::Audit(arguments) => Box::pin(manage::audit(&context, arguments)).await,
        Command::Usage => Box::pin(manage::usage(&context)).await,
        Command::Erase(who) => Box::pin(manage::erase(&context, who)).await,
        Command::Backup(arguments) => upkeep::backup(&context, arguments).await,
        Command::Restore { file } => upkeep::restore(&context, &file).await,
        Command::Profile(command) => profiles::run(&context, command),
        Command::Token(command) => tokens::run(&context, command).await,
        Command::Bench(BenchCommand::Dispatch) => Box::pin(bench::run(&context)).await,
        Command::Config(command) => config::run(&context, command),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "trunkline", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl From<PageArgs> for PageOf {
    fn from(page: PageArgs) -> Self {
        Self { limit: page.limit, cursor: page.cursor }
    }
}

/// Tells how to get the next page of a list that has one.
fn more(out: &Out, answer: &serde_json::Value) {
    if let Some(cursor) = answer["next_cursor"].as_str() {
        out.aside(&format!("there is more: --cursor {cursor}"));
    }
}

/// The items of a list.
fn items(answer: &serde_json::Value) -> &[serde_json::Value] {
    answer["items"].as_array().map_or(&[], Vec::as_slice)
}

/// A field as a cell of a table.
fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A time as a cell of a table.
fn time(value: &serde_json::Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), crate::output::time)
}

/// Writes a document to a file, or to standard output.
fn write_document(out: &Out, to: Option<&Path>, document: &serde_json::Value) -> anyhow::Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(document)?);
    write_text(out, to, &text)
}

/// Writes a text to a file, or to standard output.
fn write_text(out: &Out, to: Option<&Path>, text: &str) -> anyhow::Result<()> {
    let Some(path) = to.filter(|path| *path != Path::new("-")) else { return Ok(out.part(text)?) };
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    out.aside(&format!("written to {}", path.display()));
    Ok(())
}
