//! What `tenant`, `user`, `key` and so on ask of the interface, and how the answers look.

use super::{Context, cell, items, more, time};
use crate::cli::{
    AuditArgs, EraseArgs, KeyCommand, PageArgs, RoleArg, SecretCommand, SessionCommand, TemplateCommand, TenantCommand,
    UserCommand, WebhookCommand,
};
use crate::interface::{Ask, Interface};
use anyhow::{Context as _, bail};
use clap::ValueEnum;
use http::Method;
use serde_json::{Map, Value, json};
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use trunkline_session::unix_ms;

/// Columns of a table: the field and its heading. Fields that end in `_ms` are times.
pub(super) type Columns = &'static [(&'static str, &'static str)];

const TENANT: Columns = &[("id", "ID"), ("name", "NAME"), ("status", "STATUS"), ("created_at_ms", "MADE")];
const USER: Columns = &[
    ("id", "ID"),
    ("email", "EMAIL"),
    ("name", "NAME"),
    ("role", "ROLE"),
    ("disabled", "DISABLED"),
    ("login_at_ms", "LAST LOGIN"),
];
const KEY: Columns = &[
    ("id", "ID"),
    ("name", "NAME"),
    ("prefix", "BEGINS"),
    ("role", "ROLE"),
    ("expires_at_ms", "EXPIRES"),
    ("used_at_ms", "LAST USED"),
    ("revoked_at_ms", "REVOKED"),
];
const SECRET: Columns = &[("name", "NAME"), ("version", "VERSION"), ("updated_at_ms", "SET")];
const TEMPLATE: Columns = &[("name", "NAME"), ("stock", "SHIPS"), ("description", "DESCRIPTION")];
const SESSION: Columns = &[
    ("id", "ID"),
    ("agent_id", "AGENT"),
    ("user", "USER"),
    ("active", "ACTIVE"),
    ("created_at_ms", "BEGAN"),
    ("active_at_ms", "LAST USED"),
];
const WEBHOOK: Columns =
    &[("id", "ID"), ("url", "URL"), ("events", "EVENTS"), ("active", "ACTIVE"), ("agent_id", "AGENT")];
const DELIVERY: Columns = &[
    ("id", "ID"),
    ("event", "EVENT"),
    ("state", "STATE"),
    ("attempts", "TRIES"),
    ("last_status", "STATUS"),
    ("last_error", "ERROR"),
    ("created_at_ms", "MADE"),
];
const AUDIT: Columns = &[("seq", "NO"), ("at_ms", "WHEN"), ("actor", "WHO"), ("action", "WHAT"), ("target", "TO WHAT")];
const USAGE: Columns = &[
    ("month", "MONTH"),
    ("agent_id", "AGENT"),
    ("calls", "CALLS"),
    ("seconds", "SECONDS"),
    ("cost_micros", "COST, MICRO-USD"),
];

fn get(path: &[&str]) -> Ask {
    Ask::new(Method::GET, path)
}

fn paged(path: &[&str], page: PageArgs) -> Ask {
    get(path).with("limit", Some(page.limit)).with("cursor", page.cursor)
}

fn role(role: RoleArg) -> String {
    role.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A document of a file, or of standard input.
pub(super) fn document(file: &Path) -> anyhow::Result<Value> {
    let text = if file == Path::new("-") {
        standard_input()?
    } else {
        std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
    };
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}

pub(super) fn standard_input() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text).context("standard input cannot be read as text")?;
    Ok(text)
}

/// One line of standard input, for what must not stand on a command line; who types it does not see it.
pub(super) fn hidden(what: &str) -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        return crate::masked::ask(what);
    }
    let text = standard_input()?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        bail!("{what} is read from standard input, and there is none");
    }
    Ok(line.to_owned())
}

/// Asks and shows the answer.
async fn show(context: &Context<'_>, ask: Ask, columns: Columns) -> anyhow::Result<ExitCode> {
    let answer = context.ask(ask).await?;
    print(context, &answer, columns)
}

pub(super) fn print(context: &Context<'_>, answer: &Value, columns: Columns) -> anyhow::Result<ExitCode> {
    let out = context.out;
    if out.json {
        if !answer.is_null() {
            out.document(answer)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let field = |item: &Value, name: &str| if name.ends_with("_ms") { time(&item[name]) } else { cell(&item[name]) };
    if answer["items"].is_array() {
        let row = |item: &Value| columns.iter().map(|(name, _)| field(item, name)).collect();
        let rows: Vec<Vec<String>> = items(answer).iter().map(row).collect();
        let headings: Vec<&str> = columns.iter().map(|(_, heading)| *heading).collect();
        out.table(&headings, &rows)?;
        more(out, answer);
    } else if let Value::Object(fields) = answer {
        for name in fields.keys() {
            out.line(crate::output::clean(&format!("{name}: {}", field(answer, name))))?;
        }
    } else if answer.is_null() {
        out.aside("done");
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn tenant(context: &Context<'_>, command: TenantCommand) -> anyhow::Result<ExitCode> {
    let status = |id: &str, status: &str| Ask::new(Method::PATCH, &["tenants", id]).body(json!({"status": status}));
    let ask = match command {
        TenantCommand::List => get(&["tenants"]),
        TenantCommand::Create { name } => Ask::new(Method::POST, &["tenants"]).body(json!({"name": name})),
        TenantCommand::Show { id } => get(&["tenants", &id]),
        TenantCommand::Limit { id, max_calls, max_sessions, requests_per_minute, spend_cap_usd } => {
            let mut limits = context.ask(get(&["tenants", &id])).await?["limits"].take();
            let given = json!({"max_calls": max_calls, "max_sessions": max_sessions,
                "requests_per_minute": requests_per_minute, "spend_cap_usd": spend_cap_usd});
            let given: Map<String, Value> = given
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            json_patch::merge(&mut limits, &Value::Object(given));
            Ask::new(Method::PATCH, &["tenants", &id]).body(json!({"limits": limits}))
        }
        TenantCommand::Rename { id, name } => Ask::new(Method::PATCH, &["tenants", &id]).body(json!({"name": name})),
        TenantCommand::Suspend { id } => status(&id, "suspended"),
        TenantCommand::Resume { id } => status(&id, "active"),
        TenantCommand::Defaults { id, file: None } => get(&["tenants", &id, "defaults"]),
        TenantCommand::Defaults { id, file: Some(file) } => {
            Ask::new(Method::PUT, &["tenants", &id, "defaults"]).body(document(&file)?)
        }
    };
    show(context, ask, TENANT).await
}

pub(super) async fn user(context: &Context<'_>, command: UserCommand) -> anyhow::Result<ExitCode> {
    let of = |ask: Ask, operator: bool| ask.with("operators", operator.then_some(true));
    let ask = match command {
        UserCommand::List { operators, page } => of(paged(&["users"], page), operators),
        UserCommand::Create { email, name, role: what, password_stdin } => {
            let password = password_stdin.then(|| hidden("the password")).transpose()?;
            let body = json!({"email": email, "name": name, "role": role(what), "password": password});
            of(Ask::new(Method::POST, &["users"]).body(body), what == RoleArg::Operator)
        }
        UserCommand::Link { id, operator } => of(Ask::new(Method::POST, &["users", &id, "link"]), operator),
        UserCommand::Show { id, operator } => of(get(&["users", &id]), operator),
        UserCommand::Enable { id, operator } => {
            of(Ask::new(Method::PATCH, &["users", &id]).body(json!({"disabled": false})), operator)
        }
        UserCommand::Set { id, name, role: what, password_stdin, operator } => {
            let password = password_stdin.then(|| hidden("the password")).transpose()?;
            let given = [("name", name), ("role", what.map(role)), ("password", password)];
            let given = given.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?.into())));
            let change: Map<String, Value> = given.collect();
            if change.is_empty() {
                bail!("nothing is to be changed: give --name, --role or --password-stdin");
            }
            of(Ask::new(Method::PATCH, &["users", &id]).body(change.into()), operator)
        }
        UserCommand::Disable { id, operator } => {
            of(Ask::new(Method::PATCH, &["users", &id]).body(json!({"disabled": true})), operator)
        }
        UserCommand::Delete { id, operator } => of(Ask::new(Method::DELETE, &["users", &id]), operator),
    };
    show(context, ask, USER).await
}

pub(super) async fn key(context: &Context<'_>, command: KeyCommand) -> anyhow::Result<ExitCode> {
    let ask = match command {
        KeyCommand::List(page) => paged(&["keys"], page),
        KeyCommand::Create { name, role: what, scope, days } => {
            let expires = days.map(|days| unix_ms() + u64::from(days) * 86_400_000);
            let body = json!({"name": name, "role": role(what), "scopes": scope, "expires_at_ms": expires});
            let made = context.ask(Ask::new(Method::POST, &["keys"]).body(body)).await?;
            if !context.out.json {
                context.out.line(cell(&made["secret"]))?;
                context.out.aside("keep it safe, it cannot be seen again");
                return Ok(ExitCode::SUCCESS);
            }
            return print(context, &made, KEY);
        }
        KeyCommand::Show { id } => get(&["keys", &id]),
        KeyCommand::Revoke { id } => Ask::new(Method::DELETE, &["keys", &id]),
    };
    show(context, ask, KEY).await
}

pub(super) async fn secret(context: &Context<'_>, command: SecretCommand) -> anyhow::Result<ExitCode> {
    let ask = match command {
        SecretCommand::List => get(&["secrets"]),
        SecretCommand::Set { name } => {
            Ask::new(Method::PUT, &["secrets", &name]).body(json!({"value": hidden("the value")?}))
        }
        SecretCommand::Delete { name } => Ask::new(Method::DELETE, &["secrets", &name]),
        SecretCommand::Rotate => return super::upkeep::rotate(context).await,
    };
    show(context, ask, SECRET).await
}

pub(super) async fn template(context: &Context<'_>, command: TemplateCommand) -> anyhow::Result<ExitCode> {
    let ask = match command {
        TemplateCommand::List => get(&["templates"]),
        TemplateCommand::Show { name } => {
            let found = context.ask(get(&["templates", &name])).await?;
            context.out.document(if context.out.json { &found } else { &found["document"] })?;
            return Ok(ExitCode::SUCCESS);
        }
        TemplateCommand::Set { name, file, description } => {
            let part = document(&file)?;
            let all = context.ask(get(&["templates"])).await?;
            let own = items(&all).iter().any(|known| known["name"] == name.as_str() && known["stock"] == false);
            if own {
                let body = json!({"description": description, "document": part});
                Ask::new(Method::PUT, &["templates", &name]).body(body)
            } else {
                let body = json!({"name": name, "description": description, "document": part});
                Ask::new(Method::POST, &["templates"]).body(body)
            }
        }
        TemplateCommand::Delete { name } => Ask::new(Method::DELETE, &["templates", &name]),
    };
    show(context, ask, TEMPLATE).await
}

pub(super) async fn session(context: &Context<'_>, command: SessionCommand) -> anyhow::Result<ExitCode> {
    let ask = match command {
        SessionCommand::List { active, page } => paged(&["sessions"], page).with("active", active.then_some(true)),
        SessionCommand::Show { id } => get(&["sessions", &id]),
        SessionCommand::End { id } => Ask::new(Method::DELETE, &["sessions", &id]),
    };
    show(context, ask, SESSION).await
}

pub(super) async fn webhook(context: &Context<'_>, command: WebhookCommand) -> anyhow::Result<ExitCode> {
    let ask = match command {
        WebhookCommand::List(page) => paged(&["webhooks"], page),
        WebhookCommand::Create { url, event } => {
            let mut body = json!({"url": url});
            if !event.is_empty() {
                json_patch::merge(&mut body, &json!({"events": event}));
            }
            let made = context.ask(Ask::new(Method::POST, &["webhooks"]).body(body)).await?;
            if !context.out.json {
                context.out.line(cell(&made["secret"]))?;
                context
                    .out
                    .aside(&format!("webhook {}: its secret cannot be seen again", cell(&made["webhook"]["id"])));
                return Ok(ExitCode::SUCCESS);
            }
            return print(context, &made, WEBHOOK);
        }
        WebhookCommand::ReplaceSecret { id } => {
            let made = context.ask(Ask::new(Method::POST, &["webhooks", &id, "secret"])).await?;
            if context.out.json {
                return print(context, &made, WEBHOOK);
            }
            context.out.line(cell(&made["secret"]))?;
            context.out.aside(&format!("webhook {id}: its secret cannot be seen again"));
            return Ok(ExitCode::SUCCESS);
        }
        WebhookCommand::Show { id } => get(&["webhooks", &id]),
        WebhookCommand::Delete { id } => Ask::new(Method::DELETE, &["webhooks", &id]),
        WebhookCommand::Deliveries { id, page } => {
            return show(context, paged(&["webhooks", &id, "deliveries"], page), DELIVERY).await;
        }
        WebhookCommand::Redeliver { id, delivery } => {
            Ask::new(Method::POST, &["webhooks", &id, "redeliver"]).body(json!({"delivery_id": delivery}))
        }
    };
    show(context, ask, WEBHOOK).await
}

pub(super) async fn audit(context: &Context<'_>, arguments: AuditArgs) -> anyhow::Result<ExitCode> {
    let AuditArgs { action, target, actor, host, page } = arguments;
    let ask = paged(&["audit"], page).with("action", action).with("target", target).with("actor", actor);
    show(context, ask.with("host", host.then_some(true)), AUDIT).await
}

pub(super) async fn usage(context: &Context<'_>) -> anyhow::Result<ExitCode> {
    show(context, get(&["usage"]), USAGE).await
}

pub(super) async fn erase(context: &Context<'_>, who: EraseArgs) -> anyhow::Result<ExitCode> {
    let body = match (who.number, who.user) {
        (Some(number), _) => json!({"number": number}),
        (None, user) => json!({"user": user}),
    };
    show(context, Ask::new(Method::POST, &["erasures"]).body(body), &[]).await
}

impl Context<'_> {
    /// Whoever answers, to be asked several times.
    pub(super) async fn interface(&self) -> anyhow::Result<Interface> {
        let config = self.load(None)?.config;
        Interface::open(&self.global, &self.env, &config).await
    }

    /// Asks the interface once.
    pub(super) async fn ask(&self, ask: Ask) -> anyhow::Result<Value> {
        let interface = self.interface().await?;
        let answer = interface.ask(ask).await;
        interface.close().await;
        answer
    }
}
