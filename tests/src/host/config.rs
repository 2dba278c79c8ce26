//! The host's configuration, written as the file an operator would write.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use crate::certificate::Certificate;

/// The carrier's account that calls belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its identifier.
    pub sid: String,
    /// Signs its requests.
    pub auth_token: String,
    /// The tenant it belongs to; none given: the first one.
    pub tenant: Option<String>,
}

/// Where the providers are; those that are empty are not configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Providers {
    /// Speech recognition: `ws://127.0.0.1:1234`.
    pub deepgram: String,
    /// Language model: `http://127.0.0.1:1234/v1`.
    pub openai: String,
    /// Speech synthesis: `ws://127.0.0.1:1234`.
    pub elevenlabs: String,
}

/// What a host runs with.
#[derive(Debug, Clone)]
pub struct HostSpec {
    /// Where the providers are.
    pub providers: Providers,
    /// The account whose calls it answers.
    pub account: Account,
    /// Serves TLS with this certificate, and trusts it at the providers.
    pub tls: Option<Certificate>,
    /// Most calls at a time.
    pub max_calls: u32,
    /// Most media sockets that may wait for their token to be seen.
    pub unauthenticated_sockets: u32,
    /// How long live calls have to finish after SIGTERM, in seconds.
    pub drain_s: u64,
    /// The folder with its components.
    pub components: PathBuf,
    /// The section `[runtime]`.
    pub runtime: Table,
    /// The section `[providers.local]`.
    pub local: Table,
    /// What is logged, as in `RUST_LOG`.
    pub log: String,
    /// More environment.
    pub env: Vec<(String, String)>,
}

impl HostSpec {
    /// A host with the ordinary limits.
    pub fn new(providers: Providers) -> Self {
        Self {
            providers,
            account: Account {
                sid: "AC00000000000000000000000000000001".into(),
                auth_token: "the auth token of the emulated account".into(),
                tenant: None,
            },
            tls: None,
            max_calls: 500,
            unauthenticated_sockets: 100,
            drain_s: 30,
            components: super::components(),
            runtime: Table::new(),
            local: Table::new(),
            log: "warn".into(),
            env: Vec::new(),
        }
    }

    /// The origin of a host with this specification at a port.
    pub(super) fn origin(&self, port: u16) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{port}")
    }

    /// The text of `trunkline.toml`.
    pub fn to_toml(&self, port: u16, data: &Path) -> Result<String> {
        let components = self.components.canonicalize().with_context(|| {
            format!(
                "there are no components in {}: build them with `cargo xtask components`",
                self.components.display()
            )
        })?;
        let mut root = Table::new();
        root.insert("listen".into(), format!("127.0.0.1:{port}").into());
        root.insert("data".into(), text(data).into());
        root.insert("public_url".into(), self.origin(port).into());
        root.insert("components".into(), text(&components).into());
        root.insert("providers".into(), self.providers_section().into());
        root.insert("limits".into(), self.limits().into());
        if !self.runtime.is_empty() {
            root.insert("runtime".into(), self.runtime.clone().into());
        }
        root.insert("twilio".into(), section("accounts", section(&self.account.sid, self.account_section())).into());
        if let Some(certificate) = &self.tls {
            let files = [("cert", text(&certificate.cert)), ("key", text(&certificate.key))];
            root.insert("tls".into(), strings(files).into());
        }
        Ok(toml::to_string(&root)?)
    }

    fn providers_section(&self) -> Table {
        let all = [
            ("deepgram", &self.providers.deepgram),
            ("openai", &self.providers.openai),
            ("elevenlabs", &self.providers.elevenlabs),
        ];
        let mut section = Table::new();
        for (name, url) in all.into_iter().filter(|(_, url)| !url.is_empty()) {
            let fields = [("url", url.clone()), ("api_key", format!("the {name} key"))];
            section.insert(name.into(), strings(fields).into());
        }
        if !self.local.is_empty() {
            section.insert("local".into(), self.local.clone().into());
        }
        if let Some(certificate) = &self.tls {
            section.insert("ca".into(), text(&certificate.cert).into());
        }
        section
    }

    fn limits(&self) -> Table {
        let numbers = [
            ("max_calls", i64::from(self.max_calls)),
            ("max_calls_per_tenant", i64::from(self.max_calls)),
            ("unauthenticated_sockets", i64::from(self.unauthenticated_sockets)),
            ("drain_s", i64::try_from(self.drain_s).unwrap_or(i64::MAX)),
        ];
        numbers.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }

    fn account_section(&self) -> Table {
        let mut fields = strings([("auth_token", self.account.auth_token.clone())]);
        if let Some(tenant) = &self.account.tenant {
            fields.insert("tenant".into(), tenant.clone().into());
        }
        fields
    }
}

fn section(name: &str, table: Table) -> Table {
    Table::from_iter([(name.to_owned(), Value::from(table))])
}

fn strings<const N: usize>(fields: [(&str, String); N]) -> Table {
    fields.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_everything_the_host_needs() {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = HostSpec::new(Providers { deepgram: "ws://127.0.0.1:1".into(), ..Providers::default() });
        spec.tls = Some(Certificate::create(folder.path()).unwrap());
        spec.account.tenant = Some("acme".into());
        let text = match spec.to_toml(4_000, Path::new("/data")) {
            Ok(text) => text,
            // Components need not be built for this.
            Err(error) => return assert!(error.to_string().contains("cargo xtask components")),
        };
        let read: Table = text.parse().unwrap();
        assert_eq!(read["listen"].as_str(), Some("127.0.0.1:4000"));
        assert_eq!(read["public_url"].as_str(), Some("https://127.0.0.1:4000"));
        assert_eq!(read["providers"]["deepgram"]["url"].as_str(), Some("ws://127.0.0.1:1"));
        assert_eq!(read["limits"]["unauthenticated_sockets"].as_integer(), Some(100));
        assert_eq!(read["twilio"]["accounts"][&spec.account.sid]["tenant"].as_str(), Some("acme"));
        let cert = read["tls"]["cert"].as_str().unwrap();
        assert_eq!(read["providers"]["ca"].as_str(), Some(cert));
        assert!(Path::new(cert).is_file());
    }
}
