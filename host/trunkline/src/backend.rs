//! Where commands find agents, numbers and calls: in a data directory, or at a running server.
//!
//! Both answer in the shapes of the HTTP interface, so that what is printed does not depend on who answered.

mod local;
mod remote;

use crate::cli::Global;
use crate::config::{Config, Environment};
use anyhow::bail;
use serde_json::Value;
use trunkline_contract::log::Row;
use trunkline_contract::{AgentId, CallId, Fault};

pub(crate) use local::{Local, check};
pub(crate) use remote::Remote;

/// Agents that a name is looked for among at a time.
const SCAN: u16 = 500;
/// Rows of a log that are read at a time.
pub(crate) const ROWS: usize = 1_000;

/// A contract that was refused, with every fault.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Faults {
    pub(crate) detail: String,
    pub(crate) faults: Vec<Fault>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub(crate) struct PageOf {
    /// 1-500.
    pub(crate) limit: u16,
    pub(crate) cursor: Option<String>,
}

/// Who answers.
pub(crate) enum Backend {
    Local(Local),
    Remote(Remote),
}

/// Whether a database that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    Read,
    Write,
}

macro_rules! ask {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match $self {
            Backend::Local(local) => local.$method($($argument),*).await,
            Backend::Remote(remote) => remote.$method($($argument),*).await,
        }
    };
}

impl Backend {
    /// The server that was named, else the data directory.
    ///
    /// # Errors
    /// The data directory cannot be opened; the server's address or token cannot be used.
    pub(crate) async fn open(
        global: &Global,
        env: &Environment,
        config: &Config,
        intent: Intent,
    ) -> anyhow::Result<Self> {
        match server(global, env) {
            Some(server) => Ok(Self::Remote(Remote::new(&server, global.tenant.clone(), env, config)?)),
            None => Ok(Self::Local(Local::open(config, global.tenant.as_deref(), intent).await?)),
        }
    }

    /// Whether a call that is not over may get further rows.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Backend::Remote(_))
    }

    /// The latest version of each agent, newest first.
    pub(crate) async fn agents(&self, page: &PageOf) -> anyhow::Result<Value> {
        ask!(self.agents(page))
    }

    /// The latest version of an agent.
    pub(crate) async fn agent(&self, id: AgentId) -> anyhow::Result<Value> {
        ask!(self.agent(id))
    }

    /// Makes an agent; a refused contract is an error that holds [`Faults`].
    pub(crate) async fn create_agent(&self, document: &Value) -> anyhow::Result<Value> {
        ask!(self.create_agent(document))
    }

    /// Checks a contract and gives its warnings; a refused one is an error that holds [`Faults`].
    pub(crate) async fn validate(&self, document: &Value) -> anyhow::Result<Vec<Fault>> {
        ask!(self.validate(document))
    }

    /// The numbers and who answers them.
    pub(crate) async fn numbers(&self) -> anyhow::Result<Value> {
        ask!(self.numbers())
    }

    /// Lets an agent answer a number.
    pub(crate) async fn assign(&self, e164: &str, agent: AgentId) -> anyhow::Result<Value> {
        ask!(self.assign(e164, agent))
    }

    /// Lets nobody answer a number.
    pub(crate) async fn unassign(&self, e164: &str) -> anyhow::Result<()> {
        ask!(self.unassign(e164))
    }

    /// Calls, latest first.
    pub(crate) async fn calls(&self, state: Option<&str>, page: &PageOf) -> anyhow::Result<Value> {
        ask!(self.calls(state, page))
    }

    /// One call.
    pub(crate) async fn call(&self, id: CallId) -> anyhow::Result<Value> {
        ask!(self.call(id))
    }

    /// Who said what.
    pub(crate) async fn transcript(&self, id: CallId) -> anyhow::Result<Value> {
        ask!(self.transcript(id))
    }

    /// Rows of a call's log from `from_seq` on, at most [`ROWS`].
    pub(crate) async fn rows(&self, id: CallId, from_seq: u64) -> anyhow::Result<Vec<Row>> {
        ask!(self.rows(id, from_seq))
    }

    /// The agent of this id or, if it is none, of this name.
    pub(crate) async fn agent_id(&self, named: &str) -> anyhow::Result<AgentId> {
        if let Ok(id) = named.parse() {
            return Ok(id);
        }
        let mut page = PageOf { limit: SCAN, cursor: None };
        let mut found: Vec<AgentId> = Vec::new();
        loop {
            let answer = self.agents(&page).await?;
            let items = answer["items"].as_array().into_iter().flatten();
            let named = items.filter(|agent| agent["document"]["name"] == named);
            found.extend(named.filter_map(|agent| agent["agent_id"].as_str()?.parse::<AgentId>().ok()));
            page.cursor = answer["next_cursor"].as_str().map(str::to_owned);
            if page.cursor.is_none() {
                break;
            }
        }
        match found.as_slice() {
            [id] => Ok(*id),
            [] => bail!("there is no agent `{named}`: `trunkline agent list` shows all"),
            several => bail!("{} agents are called `{named}`: name one by its id", several.len()),
        }
    }
}

/// The server to talk to; a data directory that was named goes before the environment.
pub(crate) fn server(global: &Global, env: &Environment) -> Option<String> {
    let named = global.server.clone();
    named.or_else(|| env.get("TRUNKLINE_SERVER").filter(|server| global.data.is_none() && !server.is_empty()).cloned())
}
