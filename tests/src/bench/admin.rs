//! The interface under load beside calls: lists, single agents and new ones, of many tenants, at a fixed rate.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::Distribution;
use super::rig::Rig;
use crate::emulators::twilio::{What, When};
use crate::host::Api;

const TENANTS: usize = 100;
const AGENTS_PER_TENANT: usize = 100;
/// Tenants that are furnished at a time.
const AT_A_TIME: usize = 4;
/// Between two requests: 50 a second.
const EVERY: Duration = Duration::from_millis(20);
/// Of ten requests, what they ask.
const MIX: [Asks; 10] = [
    Asks::List,
    Asks::Get,
    Asks::List,
    Asks::Get,
    Asks::Create,
    Asks::List,
    Asks::Get,
    Asks::List,
    Asks::Get,
    Asks::Create,
];
/// Switches of a live call.
const SWITCHES: usize = 100;

/// Longer than all of them take, ms.
const LONG_MS: u64 = 120_000;

/// What a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// A page of 50.
    List,
    Get,
    Create,
}

/// A tenant with its key and its agents.
#[derive(Debug)]
struct Tenant {
    api: Api,
    agents: Vec<String>,
}

/// A host full of tenants.
pub(super) struct Admin {
    tenants: Arc<Vec<Tenant>>,
}

/// An answer: what was asked, how long it took by the host's own clock and by ours, ms.
struct Answered {
    asks: Asks,
    server_ms: f64,
    client_ms: f64,
}

/// The figures, ms.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AdminFigures {
    /// In the database when the load began.
    pub(super) agents: usize,
    pub(super) requests: usize,
    /// Not answered as they should have been.
    pub(super) failed: usize,
    /// By the host's clock (`Server-Timing`).
    pub(super) list_ms: Distribution,
    pub(super) get_ms: Distribution,
    pub(super) create_ms: Distribution,
    /// All of them, by the clock of the program that measures.
    pub(super) outside_ms: Distribution,
}

/// What the interface and the host did beside calls.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Interface {
    pub(super) requests: AdminFigures,
    /// Until another agent leads a live call, by the clock of the program that measures.
    pub(super) switch_outside_ms: Distribution,
    /// Share of what the host timed, and of how many.
    pub(super) lookups_within_50_us: Option<(f64, u64)>,
    /// Share of what the host timed, and of how many.
    pub(super) switches_within_5_ms: Option<(f64, u64)>,
}

fn contract(name: &str) -> Value {
    json!({"name": name, "extends": "receptionist", "metadata": {"tags": ["bench"]}})
}

impl Admin {
    /// Makes the tenants and their agents.
    pub(super) async fn furnish(rig: &Rig) -> Result<Self> {
        let api = rig.host.api()?;
        let mut tenants = Vec::new();
        let mut making = JoinSet::new();
        for number in 0..TENANTS {
            making.spawn(tenant(api.clone(), number));
            if making.len() == AT_A_TIME {
                tenants.extend(making.join_next().await.transpose()?.transpose()?);
            }
        }
        while let Some(made) = making.join_next().await {
            tenants.push(made??);
        }
        Ok(Self { tenants: Arc::new(tenants) })
    }

    /// Asks from one moment to another.
    pub(super) async fn run(&self, from: Instant, until: Instant) -> AdminFigures {
        sleep_until(from).await;
        let mut tick = interval_at(from, EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut asked, mut number) = (JoinSet::new(), 0);
        while Instant::now() < until {
            tick.tick().await;
            asked.spawn(ask(Arc::clone(&self.tenants), number));
            number += 1;
        }
        let answers = asked.join_all().await;
        let good: Vec<Answered> = answers.into_iter().filter_map(Result::ok).collect();
        let of = |asks| good.iter().filter(move |one| one.asks == asks).map(|one| one.server_ms).collect();
        AdminFigures {
            agents: TENANTS * AGENTS_PER_TENANT,
            requests: number,
            failed: number - good.len(),
            list_ms: Distribution::of(of(Asks::List)),
            get_ms: Distribution::of(of(Asks::Get)),
            create_ms: Distribution::of(of(Asks::Create)),
            outside_ms: Distribution::of(good.iter().map(|one| one.client_ms).collect()),
        }
    }
}

async fn tenant(operator: Api, number: usize) -> Result<Tenant> {
    let name = format!("tenant-{number}");
    let (status, made) = operator.request(Method::POST, "/tenants", Some(&json!({ "name": name }))).await?;
    ensure!(status == 201, "a tenant could not be made: {made}");
    let key = json!({"name": "bench", "role": "editor"});
    let key = operator.asking(Method::POST, "/keys").header("x-tenant", &name).json(&key);
    let key: Value = key.send().await?.json().await?;
    let bearer = key["secret"].as_str().with_context(|| format!("a key could not be made: {key}"))?;
    let api = operator.with_token(bearer.to_owned());
    let mut agents = Vec::new();
    for agent in 0..AGENTS_PER_TENANT {
        let new = contract(&format!("Agent {agent}"));
        let (_, made) = api.request(Method::POST, "/agents", Some(&new)).await?;
        agents
            .push(made["agent_id"].as_str().with_context(|| format!("an agent could not be made: {made}"))?.to_owned());
    }
    Ok(Tenant { api, agents })
}

async fn ask(tenants: Arc<Vec<Tenant>>, number: usize) -> Result<Answered> {
    let tenant = tenants.get(number % tenants.len()).context("no tenant")?;
    let asks = MIX[number % MIX.len()];
    let (method, path) = match asks {
        Asks::List => (Method::GET, "/agents?limit=50".to_owned()),
        Asks::Get => {
            let agent = tenant.agents.get(number / tenants.len() % tenant.agents.len()).context("no agent")?;
            (Method::GET, format!("/agents/{agent}"))
        }
        Asks::Create => (Method::POST, "/agents".to_owned()),
    };
    let mut request = tenant.api.asking(method, &path);
    if asks == Asks::Create {
        request = request.json(&contract(&format!("New {number}")));
    }
    let begin = Instant::now();
    let answer = request.send().await?.error_for_status()?;
    let timing = answer.headers().get("server-timing").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let server_ms = timing.strip_prefix("app;dur=").context("no Server-Timing")?.parse()?;
    answer.bytes().await?;
    Ok(Answered { asks, server_ms, client_ms: begin.elapsed().as_secs_f64() * 1_000.0 })
}

/// How long it takes until another agent leads a live call, by our clock, ms.
pub(super) async fn switches(rig: &Rig, contract: &Value) -> Result<Distribution> {
    let api = rig.host.api()?;
    let mut agents = Vec::new();
    for name in ["One", "Other"] {
        let mut contract = contract.clone();
        contract["name"] = json!(name);
        agents.push(api.create_agent(&contract).await?);
    }
    let call = rig.plain_call().step(When::At(LONG_MS), What::HangUp);
    let call = rig.carrier.place_call(call);
    let id = loop {
        let live = api.calls().await?.into_iter().find(|call| call["state"] == "active");
        match live.as_ref().and_then(|call| call["id"].as_str()) {
            Some(id) => break id.to_owned(),
            None => tokio::time::sleep(EVERY).await,
        }
    };
    let mut spent = Vec::new();
    for agent in agents.iter().cycle().take(SWITCHES) {
        let begin = Instant::now();
        let path = format!("/calls/{id}/agent");
        let (status, answer) = api.request(Method::POST, &path, Some(&json!({ "agent_id": agent }))).await?;
        ensure!(status == 200, "the agent could not be switched: {answer}");
        spent.push(begin.elapsed().as_secs_f64() * 1_000.0);
        // A call that is switched without a pause would measure the queue.
        tokio::time::sleep(EVERY * 5).await;
    }
    drop(call);
    Ok(Distribution::of(spent))
}

/// The share of a histogram of the host that is at most this, and how many there are.
pub(super) fn share(metrics: &str, name: &str, at_most: f64) -> Option<(f64, u64)> {
    let rows = metrics.lines().filter(|line| line.starts_with(&format!("{name}_bucket")));
    let read = |line: &str| {
        let bound = line.split("le=\"").nth(1)?.split('"').next()?;
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
        Some((bound, line.rsplit(' ').next()?.parse::<u64>().ok()?))
    };
    let buckets: Vec<(f64, u64)> = rows.filter_map(read).collect();
    let all = buckets.iter().find(|(bound, _)| bound.is_infinite())?.1;
    let within = buckets.iter().filter(|(bound, _)| *bound <= at_most * 1.000_001).map(|(_, count)| *count).max()?;
    Some((within as f64 / all as f64, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_of_cumulative_buckets() {
        let text =
            "x_bucket{le=\"0.00005\"} 3\nx_bucket{le=\"0.0001\"} 4\nx_bucket{le=\"+Inf\"} 4\ny_bucket{le=\"+Inf\"} 1\n";
        assert_eq!(share(text, "x", 5e-5), Some((0.75, 4)));
        assert_eq!(share(text, "z", 1.0), None);
    }
}
