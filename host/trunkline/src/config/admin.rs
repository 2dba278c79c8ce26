//! What the interface for tenants may do: who else names people, whose pages may use it, where events may go, what calls cost.

use super::agent::json;
use super::file::AdminFile;
use super::layers::{Layers, Setting};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use toml::Spanned;
use trunkline_api::Issuer;
use trunkline_egress::{IpNet, Url};
use trunkline_session::Prices;
use trunkline_store::Role;

/// What the interface for tenants may do.
#[derive(Clone, Debug)]
pub(crate) struct AdminConfig {
    /// Origins of other pages that may use the interface.
    pub(crate) cors_origins: Vec<String>,
    /// Whose tokens are believed.
    pub(crate) issuers: Vec<Issuer>,
    /// Addresses inside that tenants' events may be sent to all the same.
    pub(crate) webhooks: Vec<IpNet>,
    /// What calls cost.
    pub(crate) prices: Prices,
    /// Sessions that nobody uses end after this.
    pub(crate) session_idle: Duration,
}

/// An issuer as it is configured.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    issuer: String,
    audience: String,
    jwks_url: String,
    #[serde(default = "Named::role")]
    role_claim: String,
    #[serde(default = "Named::tenant")]
    tenant_claim: String,
    #[serde(default = "Named::highest")]
    highest_role: Role,
}

impl Named {
    fn role() -> String {
        "role".to_owned()
    }
    fn tenant() -> String {
        "tenant".to_owned()
    }
    fn highest() -> Role {
        Role::Admin
    }
}

impl From<Named> for Issuer {
    fn from(named: Named) -> Self {
        let Named { issuer, audience, jwks_url, role_claim, tenant_claim, highest_role } = named;
        Self { issuer, audience, jwks_url, role_claim, tenant_claim, highest_role }
    }
}

/// Takes its part of the file.
pub(super) fn admin(layers: &mut Layers<'_>, file: AdminFile, idle: Option<Spanned<i64>>) -> AdminConfig {
    let origins = list(layers, "api.cors_origins", file.api.cors_origins, |text| {
        super::origin(text).ok_or_else(|| format!("has `{text}`, allowed is {}", super::ORIGIN))
    });
    let webhooks = list(layers, "webhooks.allow", file.webhooks.allow, |text| {
        text.parse::<IpNet>().map_err(|_| format!("has `{text}`, allowed is a network such as 10.0.0.0/8"))
    });
    let issuers = file.auth.issuers.map(|items| {
        let span = items.span();
        Spanned::new(span, Value::from(items.into_inner().into_iter().map(json).collect::<Vec<_>>()).to_string())
    });
    let issuers = layers.parsed(&Setting::new("auth.issuers"), issuers, |text| {
        let named: Vec<Named> = serde_json::from_str(text).map_err(|error| {
            format!("cannot be read ({error}), allowed is a list of issuer, audience, jwks_url and more")
        })?;
        let odd = named.iter().find(|named| Url::parse(&named.jwks_url).is_err());
        if let Some(odd) = odd {
            return Err(format!("has the jwks_url `{}`, allowed is an http or https address", odd.jwks_url));
        }
        Ok(named.into_iter().map(Issuer::from).collect())
    });
    let prices = file.prices.map(|table| {
        let span = table.span();
        Spanned::new(span, json(toml::Value::Table(table.into_inner())).to_string())
    });
    let prices = layers.parsed(&Setting::new("prices"), prices, |text| {
        serde_json::from_str::<Prices>(text).map_err(|error| {
            format!("cannot be read ({error}), allowed are llm, stt_per_minute, tts_per_1k_letters and line_per_minute")
        })
    });
    let idle = layers.number("limits.session_idle_s", idle, 3_600, 60, 31_536_000);
    AdminConfig {
        cors_origins: origins,
        issuers: issuers.unwrap_or_default(),
        webhooks,
        prices: prices.unwrap_or_default(),
        session_idle: Duration::from_secs(idle),
    }
}

/// Several values, apart by commas.
fn list<T>(
    layers: &mut Layers<'_>,
    key: &str,
    file: Option<Spanned<String>>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let words = |text: &str| {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(&read).collect::<Result<Vec<T>, String>>()
    };
    layers.parsed(&Setting::new(key), file, words).unwrap_or_default()
}
