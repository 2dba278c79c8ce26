//! `trunkline tenant`, `user`, `key`, `secret`, `template`, `session`, `webhook`, and what operators look at.

use super::PageArgs;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Look.
    Viewer,
    /// Change agents, documents and numbers.
    Editor,
    /// Look after people, keys, secrets and settings.
    Admin,
    /// Look after all tenants.
    Operator,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// All tenants, oldest first.
    List,
    /// Make a tenant.
    Create {
        /// Its name.
        name: String,
    },
    /// One tenant.
    Show {
        /// Its id.
        id: String,
    },
    /// Change what a tenant may use.
    Limit {
        /// Its id.
        id: String,
        /// Calls at a time.
        #[arg(long)]
        max_calls: Option<u32>,
        /// Agent sessions at a time.
        #[arg(long)]
        max_sessions: Option<u32>,
        /// Requests in a minute.
        #[arg(long)]
        requests_per_minute: Option<u32>,
        /// US dollars in a month.
        #[arg(long)]
        spend_cap_usd: Option<f64>,
    },
    /// Give a tenant another name.
    Rename {
        /// Its id.
        id: String,
        /// The new name.
        name: String,
    },
    /// Serve a tenant no more; its data is kept.
    Suspend {
        /// Its id.
        id: String,
    },
    /// Serve a tenant again.
    Resume {
        /// Its id.
        id: String,
    },
    /// What the tenant's agents begin with; with a file, set it.
    Defaults {
        /// Its id.
        id: String,
        /// A part of a contract, JSON; `-` reads standard input.
        #[arg(long)]
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// People, newest first.
    List {
        /// The operators instead.
        #[arg(long)]
        operators: bool,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Add a person.
    Create {
        /// Unique on the host.
        email: String,
        /// Shown to others.
        #[arg(long)]
        name: String,
        /// What they may do.
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleArg,
        /// Read a password of 12-128 characters from standard input; without it they log in by a link.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Make a link that logs a person in, once.
    Link {
        /// Their id.
        id: String,
        /// They are an operator.
        #[arg(long)]
        operator: bool,
    },
    /// One person.
    Show {
        /// Their id.
        id: String,
        /// They are an operator.
        #[arg(long)]
        operator: bool,
    },
    /// Change a person's name, role or password.
    Set {
        /// Their id.
        id: String,
        /// Shown to others.
        #[arg(long)]
        name: Option<String>,
        /// What they may do.
        #[arg(long, value_enum)]
        role: Option<RoleArg>,
        /// Read a password of 12-128 characters from standard input; it ends their sessions.
        #[arg(long)]
        password_stdin: bool,
        /// They are an operator.
        #[arg(long)]
        operator: bool,
    },
    /// Let a person log in again.
    Enable {
        /// Their id.
        id: String,
        /// They are an operator.
        #[arg(long)]
        operator: bool,
    },
    /// Let a person log in no more; their sessions end.
    Disable {
        /// Their id.
        id: String,
        /// They are an operator.
        #[arg(long)]
        operator: bool,
    },
    /// Remove a person.
    Delete {
        /// Their id.
        id: String,
        /// They are an operator.
        #[arg(long)]
        operator: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Keys of programs, newest first.
    List(PageArgs),
    /// Make a key and print it: it cannot be seen again.
    Create {
        /// What it is called.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleArg,
        /// Only these groups of operations, such as agents or calls:read.
        #[arg(long)]
        scope: Vec<String>,
        /// It works for so many days.
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// What is known of a key.
    Show {
        /// Its id.
        id: String,
    },
    /// Let a key open nothing any more.
    Revoke {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Names of secrets.
    List,
    /// Set a secret; its value is read from standard input.
    Set {
        /// What it is referred to by.
        name: String,
    },
    /// Delete a secret.
    Delete {
        /// Its name.
        name: String,
    },
    /// Seal all secrets with a new key. The host must not be running.
    Rotate,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Templates, those that ship too.
    List,
    /// One template.
    Show {
        /// Its name.
        name: String,
    },
    /// Make a template, or change the one that has the name.
    Set {
        /// Its name.
        name: String,
        /// A part of a contract, JSON; `-` reads standard input.
        #[arg(long)]
        file: PathBuf,
        /// For people.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Delete a template that nothing extends.
    Delete {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Sessions with agents, newest first.
    List {
        /// Only those that go on.
        #[arg(long)]
        active: bool,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One session.
    Show {
        /// Its id.
        id: String,
    },
    /// End a session.
    End {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Who is told of events.
    List(PageArgs),
    /// Have somebody told; the secret that signs deliveries is printed and cannot be seen again.
    Create {
        /// Where events are sent.
        url: String,
        /// Only these: call.ended, call.result.
        #[arg(long)]
        event: Vec<String>,
    },
    /// One webhook.
    Show {
        /// Its id.
        id: String,
    },
    /// Give a webhook another secret and print it: it cannot be seen again. Those of a contract get theirs so.
    ReplaceSecret {
        /// Its id.
        id: String,
    },
    /// Delete a webhook.
    Delete {
        /// Its id.
        id: String,
    },
    /// What was sent to a webhook, newest first.
    Deliveries {
        /// Its id.
        id: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Send an event once more.
    Redeliver {
        /// The webhook's id.
        id: String,
        /// The delivery's id.
        delivery: String,
    },
}

/// Which entries of the audit log.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Only this action, such as agent.update, or all that begin with it, such as agent.
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Only of this target.
    #[arg(long)]
    pub(crate) target: Option<String>,
    /// Only by this actor: a user, a key, a token, or host.
    #[arg(long)]
    pub(crate) actor: Option<String>,
    /// What belongs to no tenant, for operators.
    #[arg(long)]
    pub(crate) host: bool,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

/// Who is to be forgotten.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct EraseArgs {
    /// A telephone number, such as +15550100.
    #[arg(long)]
    pub(crate) number: Option<String>,
    /// A user of sessions.
    #[arg(long)]
    pub(crate) user: Option<String>,
}

/// Where the copy goes.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file [default: trunkline-TIME.db in the working directory].
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}
