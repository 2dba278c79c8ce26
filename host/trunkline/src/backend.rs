//! Where commands find agents, numbers and calls: in a data directory, or at a running server.
//!
//! Both answer in the shapes of the HTTP interface, so that what is printed does not depend on who answered.

mod local;
mod remote;

use crate::cli::Global;
use crate::config::{Config, Environment, reachable};
use crate::profiles::{Profile, Profiles};
use crate::running::Running;
use anyhow::bail;
use serde_json::Value;
use trunkline_contract::log::Row;
use trunkline_contract::{AgentId, CallId, Fault};
use trunkline_egress::Url;

pub(crate) use local::{Local, check};
pub(crate) use remote::{Client, Events, Refused, Remote, refusal};

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

/// Which calls of a list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallsOf {
    /// `ringing`, `active` or `ended`.
    pub(crate) state: Option<&'static str>,
    /// `phone-inbound`, `web-voice` or `chat`.
    pub(crate) channel: Option<&'static str>,
    pub(crate) agent: Option<AgentId>,
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
    /// The server that was named, else the one that runs on the data directory, else the data directory.
    ///
    /// # Errors
    /// The data directory cannot be opened; the server's address or token cannot be used.
    pub(crate) async fn open(
        global: &Global,
        env: &Environment,
        config: &Config,
        intent: Intent,
    ) -> anyhow::Result<Self> {
        let running = Running::find(&config.data);
        if server(global, env)?.is_none() && running.is_none() {
            return Ok(Self::Local(Local::open(config, tenant(global, env, None), intent).await?));
        }
        Ok(Self::Remote(Remote::find(global, env, config)?))
    }

    /// The latest version of each agent, newest first.
    pub(crate) async fn agents(&self, page: &PageOf) -> anyhow::Result<Value> {
        ask!(self.agents(page))
    }

    /// The latest version of an agent.
    pub(crate) async fn agent(&self, id: AgentId) -> anyhow::Result<Value> {
        ask!(self.agent(id))
    }

    /// The agent of whoever names none.
    pub(crate) async fn default_agent(&self) -> anyhow::Result<Value> {
        ask!(self.default_agent())
    }

    /// Makes an agent the one of whoever names none.
    pub(crate) async fn set_default(&self, id: AgentId) -> anyhow::Result<Value> {
        ask!(self.set_default(id))
    }

    /// The versions of an agent, newest first.
    pub(crate) async fn versions(&self, id: AgentId, page: &PageOf) -> anyhow::Result<Value> {
        ask!(self.versions(id, page))
    }

    /// Makes the next version of an agent, if `version` is still the latest; a refused contract is an error that holds
    /// [`Faults`].
    pub(crate) async fn replace_agent(
        &self,
        id: AgentId,
        version: u64,
        document: &Value,
        why: Option<&str>,
    ) -> anyhow::Result<Value> {
        ask!(self.replace_agent(id, version, document, why))
    }

    /// Makes the next version of an agent by a JSON Merge Patch; a refused contract is an error that holds [`Faults`].
    pub(crate) async fn patch_agent(&self, id: AgentId, patch: &Value, why: Option<&str>) -> anyhow::Result<Value> {
        ask!(self.patch_agent(id, patch, why))
    }

    /// Makes an old version's contract the newest one; one that is refused by now is an error that holds [`Faults`].
    pub(crate) async fn roll_back(&self, id: AgentId, version: u32, why: Option<&str>) -> anyhow::Result<Value> {
        ask!(self.roll_back(id, version, why))
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
    pub(crate) async fn calls(&self, filter: &CallsOf, page: &PageOf) -> anyhow::Result<Value> {
        ask!(self.calls(filter, page))
    }

    /// One call.
    pub(crate) async fn call(&self, id: CallId) -> anyhow::Result<Value> {
        ask!(self.call(id))
    }

    /// Who said what.
    pub(crate) async fn transcript(&self, id: CallId) -> anyhow::Result<Value> {
        ask!(self.transcript(id))
    }

    /// How long the answers of a call took, turn by turn.
    pub(crate) async fn latency(&self, id: CallId) -> anyhow::Result<Value> {
        ask!(self.latency(id))
    }

    /// Rows of a call's log from `from_seq` on, at most [`ROWS`].
    pub(crate) async fn rows(&self, id: CallId, from_seq: u64) -> anyhow::Result<Vec<Row>> {
        ask!(self.rows(id, from_seq))
    }

    /// The latest version of the agent of this id or name; of the default agent when none is named.
    pub(crate) async fn find_agent(&self, named: Option<&str>) -> anyhow::Result<Value> {
        match named {
            Some(named) => self.agent(self.agent_id(named).await?).await,
            None => self.default_agent().await,
        }
    }

    /// The agent of this id or, if it is none, of this name.
    pub(crate) async fn agent_id(&self, named: &str) -> anyhow::Result<AgentId> {
        if let Ok(id) = named.parse() {
            return Ok(id);
        }
        match self.agents_named(named).await?.as_slice() {
            [id] => Ok(*id),
            [] => bail!("there is no agent `{named}`: `trunkline agent list` shows all"),
            several => bail!("{} agents are called `{named}`: name one by its id", several.len()),
        }
    }

    /// The agents of a name, newest first.
    pub(crate) async fn agents_named(&self, named: &str) -> anyhow::Result<Vec<AgentId>> {
        let mut page = PageOf { limit: SCAN, cursor: None };
        let mut found: Vec<AgentId> = Vec::new();
        loop {
            let answer = self.agents(&page).await?;
            let items = answer["items"].as_array().into_iter().flatten();
            let named = items.filter(|agent| agent["document"]["name"] == named);
            found.extend(named.filter_map(|agent| agent["agent_id"].as_str()?.parse::<AgentId>().ok()));
            page.cursor = answer["next_cursor"].as_str().map(str::to_owned);
            if page.cursor.is_none() {
                return Ok(found);
            }
        }
    }
}

/// A server that was named, in whichever way.
pub(crate) struct Named {
    url: String,
    /// The token, and where it came from.
    token: Option<(String, String)>,
    tenant: Option<String>,
}

/// The variable that holds a token.
const VARIABLE: &str = "TRUNKLINE_TOKEN";

impl Named {
    fn address(url: &str, env: &Environment) -> Self {
        Self { url: url.to_owned(), token: token(env), tenant: None }
    }

    fn profile(name: &str, profile: Profile, env: &Environment) -> Self {
        let own = profile.token.map(|token| (token, format!("the profile `{name}`")));
        Self { url: profile.server, token: own.or_else(|| token(env)), tenant: profile.tenant }
    }
}

/// The tenant that is meant, where a profile names `kept`: as for the server, what the command line says goes before the
/// environment, and that before the profile in use.
pub(crate) fn tenant<'a>(global: &'a Global, env: &'a Environment, kept: Option<&'a str>) -> Option<&'a str> {
    let variable = env.get("TRUNKLINE_TENANT").map(String::as_str).filter(|name| !name.is_empty());
    let asked = kept.filter(|_| global.profile.is_some());
    global.tenant.as_deref().or(asked).or(variable).or(kept)
}

/// The token of the environment.
fn token(env: &Environment) -> Option<(String, String)> {
    env.get(VARIABLE).filter(|token| !token.is_empty()).map(|token| (token.clone(), VARIABLE.to_owned()))
}

/// The server to talk to: what the command line names goes before the environment, and that before the profile in use.
///
/// # Errors
/// The profile is not there, or the profiles cannot be read.
pub(crate) fn server(global: &Global, env: &Environment) -> anyhow::Result<Option<Named>> {
    let variable = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let of_name = |name: &str| {
        let profile = Profiles::read(env)?.get(name)?.clone();
        anyhow::Ok(Some(Named::profile(name, profile, env)))
    };
    if let Some(url) = &global.server {
        return Ok(Some(Named::address(url, env)));
    }
    if let Some(name) = &global.profile {
        return of_name(name);
    }
    if global.data.is_some() {
        return Ok(None);
    }
    if let Some(url) = variable("TRUNKLINE_SERVER") {
        return Ok(Some(Named::address(url, env)));
    }
    if let Some(name) = variable("TRUNKLINE_PROFILE") {
        return of_name(name);
    }
    if variable("TRUNKLINE_DATA").is_some() {
        return Ok(None);
    }
    Ok(Profiles::current(env)?.map(|(name, profile)| Named::profile(&name, profile, env)))
}

impl Remote {
    /// The server that was named, else the one that runs on the data directory, else the one that is configured.
    ///
    /// # Errors
    /// Its address cannot be used, or there is no token for it.
    pub(crate) fn find(global: &Global, env: &Environment, config: &Config) -> anyhow::Result<Self> {
        let running = Running::find(&config.data);
        let mut named = server(global, env)?;
        let kept = named.as_mut().and_then(|named| named.tenant.take());
        let tenant = tenant(global, env, kept.as_deref());
        let client = match (named, running) {
            // The token of this machine goes to the server that wrote it, and to no other.
            (None, Some(running)) => Client::new(&running.url, &running.token, OWN_TOKEN, tenant, config),
            (Some(Named { url, token: None, .. }), Some(running)) if same_origin(&url, &running.url) => {
                Client::new(&url, &running.token, OWN_TOKEN, tenant, config)
            }
            (Some(Named { url, token: Some((token, from)), .. }), _) => {
                Client::new(&url, &token, &from, tenant, config)
            }
            (Some(_), _) => bail!(
                "the server wants a token: set TRUNKLINE_TOKEN (`trunkline token issue` makes one), or keep one with \
                 `trunkline profile add`"
            ),
            (None, None) => match token(env) {
                Some((token, from)) => Client::new(&configured(config), &token, &from, tenant, config),
                None => bail!(
                    "no server runs on {}: start one with `trunkline serve`, or name one with --server URL and \
                     TRUNKLINE_TOKEN, or with --profile",
                    config.data.display()
                ),
            },
        };
        Ok(Self(client?))
    }
}

/// What the token is called that a server of this machine keeps for us.
const OWN_TOKEN: &str = "server.json in the data directory";

/// Where a server with this configuration would be.
fn configured(config: &Config) -> String {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", reachable(config.listen))
}

fn same_origin(one: &str, other: &str) -> bool {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    origin(one).is_some() && origin(one) == origin(other)
}
