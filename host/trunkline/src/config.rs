//! The configuration: defaults, `trunkline.toml`, the environment and the command line, in this order, as one typed value.
//!
//! Each crate has its own settings; only this module reads files and the environment. Every value remembers where it came
//! from, so that `trunkline config` can explain it, and all faults are reported at once.

mod admin;
mod agent;
mod error;
mod file;
mod layers;
mod programs;
#[cfg(test)]
mod tests;

pub(crate) use admin::AdminConfig;
pub(crate) use agent::AgentConfig;
pub(crate) use error::ConfigError;
pub(crate) use file::parse_toml;
pub(crate) use layers::{Environment, Explained, short};

use file::{AccountFile, AdminFile, EndpointFile, File, TlsFile};
use layers::{Layers, Setting};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;
use trunkline_egress::Url;
use trunkline_providers::{EndpointConfig, ProvidersConfig, Secret};

/// Read when no file is named and it is there.
const DEFAULT_FILE: &str = "trunkline.toml";
/// The tenant of whoever names none; made at the first run.
pub(crate) const DEFAULT_TENANT: &str = "default";

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// The file; `trunkline.toml` of the working directory when none is named and it is there.
    pub(crate) config: Option<PathBuf>,
    pub(crate) listen: Option<String>,
    pub(crate) data: Option<PathBuf>,
}

/// All settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where to serve; port 0 picks one.
    pub(crate) listen: SocketAddr,
    /// Database, keys and caches.
    pub(crate) data: PathBuf,
    /// The origin that carriers and browsers are given, without a slash at its end.
    pub(crate) public_url: String,
    /// Folder of the stock components, `NAME.wasm` each.
    pub(crate) components: PathBuf,
    /// Serve with TLS.
    pub(crate) tls: Option<TlsFiles>,
    /// Addresses and keys.
    pub(crate) providers: ProvidersConfig,
    /// PEM file of further root certificates, for addresses that the operator set.
    pub(crate) provider_ca: Option<PathBuf>,
    /// Bounds of the host.
    pub(crate) limits: Limits,
    /// Bounds of components.
    pub(crate) runtime: RuntimeLimits,
    /// Carrier accounts by their SID.
    pub(crate) twilio: BTreeMap<String, TwilioAccount>,
    /// The agent that the first run makes.
    pub(crate) agent: AgentConfig,
    /// What the interface for tenants may do.
    pub(crate) admin: AdminConfig,
}

/// Certificate and key, PEM.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Bounds of the host.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Calls at once.
    pub(crate) max_calls: usize,
    /// Calls at once of one tenant.
    pub(crate) max_calls_per_tenant: usize,
    /// Media sockets at once whose token has not been seen yet.
    pub(crate) unauthenticated_sockets: usize,
    /// How long live calls may go on after SIGTERM.
    pub(crate) drain: Duration,
}

/// Bounds of components.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeLimits {
    /// Guests that run at the same time.
    pub(crate) max_instances: u32,
    /// Threads that they run on.
    pub(crate) guest_threads: usize,
}

/// A carrier account.
#[derive(Clone, Debug)]
pub(crate) struct TwilioAccount {
    /// Signs the carrier's requests.
    pub(crate) auth_token: Secret,
    /// Name of the tenant whose account it is.
    pub(crate) tenant: String,
}

/// The configuration and how it came about.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// The file that was read, if there was one.
    pub(crate) file: Option<PathBuf>,
    /// Every setting in order, secrets masked.
    pub(crate) explained: Vec<Explained>,
    /// Variables that look like settings and are none.
    pub(crate) strangers: Vec<String>,
}

impl Config {
    /// Reads everything.
    ///
    /// # Errors
    /// The file cannot be read, or all settings that are not allowed.
    pub(crate) fn load(flags: Flags, env: &Environment) -> Result<Loaded, ConfigError> {
        let path = match flags.config {
            Some(path) => Some(path),
            None => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()),
        };
        let text = path.as_deref().map(read_file).transpose()?.unwrap_or_default();
        let file = match &path {
            Some(path) => File::parse(path, &text)?,
            None => File::default(),
        };
        let mut layers = Layers::new(env, path.clone(), text);
        let listen = listen(&mut layers, flags.listen, file.listen);
        let data = flags.data.map(|path| path.to_string_lossy().into_owned());
        let data = layers.path(&Setting::new("data").flag("--data", data), file.data, Some("data"));
        let tls = tls(&mut layers, file.tls);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let public = format!("{scheme}://{}", reachable(listen));
        let public_url = layers.value(&Setting::new("public_url"), file.public_url, &public, ORIGIN, origin);
        let components = layers.path(&Setting::new("components"), file.components, Some("components/dist"));
        let provider_ca = layers.path(&Setting::new("providers.ca"), file.providers.ca, None);
        let providers = ProvidersConfig {
            deepgram: endpoint(&mut layers, "deepgram", file.providers.deepgram, &SOCKET_URL),
            openai: endpoint(&mut layers, "openai", file.providers.openai, &HTTP_URL),
            elevenlabs: endpoint(&mut layers, "elevenlabs", file.providers.elevenlabs, &SOCKET_URL),
            local: programs::programs(&mut layers, file.providers.local),
        };
        let (limits, runtime) = (file.limits, file.runtime);
        let idle = limits.session_idle_s;
        let limits = Limits {
            max_calls: layers.number("limits.max_calls", limits.max_calls, 500, 1, 100_000),
            max_calls_per_tenant: layers.number(
                "limits.max_calls_per_tenant",
                limits.max_calls_per_tenant,
                500,
                1,
                100_000,
            ),
            unauthenticated_sockets: layers.number(
                "limits.unauthenticated_sockets",
                limits.unauthenticated_sockets,
                100,
                1,
                100_000,
            ),
            drain: Duration::from_secs(layers.number("limits.drain_s", limits.drain_s, 30, 0, 86_400)),
        };
        let runtime = RuntimeLimits {
            max_instances: layers.number("runtime.max_instances", runtime.max_instances, 256, 1, 4_096),
            guest_threads: layers.number("runtime.guest_threads", runtime.guest_threads, 2, 1, 1_024),
        };
        let admin = AdminFile { api: file.api, auth: file.auth, webhooks: file.webhooks, prices: file.prices };
        let admin = admin::admin(&mut layers, admin, idle);
        let accounts = file.twilio.accounts;
        let twilio = accounts.into_iter().filter_map(|(sid, file)| account(&mut layers, sid, file)).collect();
        let agent = agent::agent(&mut layers, file.agent);
        let (explained, strangers) = layers.finish()?;
        let (data, components) = (data.unwrap_or_default(), components.unwrap_or_default());
        let config = Config {
            listen,
            data,
            public_url,
            components,
            tls,
            providers,
            provider_ca,
            limits,
            runtime,
            twilio,
            agent,
            admin,
        };
        Ok(Loaded { config, file: path, explained, strangers })
    }
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|cause| ConfigError::File { path: path.to_owned(), cause })
}

fn listen(layers: &mut Layers<'_>, flag: Option<String>, file: Option<Spanned<String>>) -> SocketAddr {
    const ALLOWED: &str = "an address and a port, such as 127.0.0.1:8080 or [::]:8080";
    let setting = Setting::new("listen").flag("--listen", flag);
    layers.value(&setting, file, &SocketAddr::from(([127, 0, 0, 1], 8080)), ALLOWED, |text| text.parse().ok())
}

/// How a process of the same machine reaches an address that is listened on.
pub(crate) fn reachable(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() { format!("localhost:{}", listen.port()) } else { listen.to_string() }
}

fn tls(layers: &mut Layers<'_>, file: TlsFile) -> Option<TlsFiles> {
    let cert = layers.path(&Setting::new("tls.cert"), file.cert, None);
    let key = layers.path(&Setting::new("tls.key"), file.key, None);
    match (cert, key) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        (None, None) => None,
        (cert, _) => {
            let (set, missing) = if cert.is_some() { ("cert", "key") } else { ("key", "cert") };
            layers.fault(format!("`tls.{set}` is set and `tls.{missing}` is not: set both, or neither"));
            None
        }
    }
}

const ORIGIN: &str = "an http or https address without a path, such as https://voice.example.com";

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && plain && anonymous;
    fits.then(|| text.trim_end_matches('/').to_owned())
}

struct Schemes {
    names: &'static [&'static str],
    allowed: &'static str,
}

const HTTP_URL: Schemes = Schemes { names: &["http", "https"], allowed: "an http or https address" };
const SOCKET_URL: Schemes =
    Schemes { names: &["ws", "wss", "http", "https"], allowed: "a ws, wss, http or https address" };

fn endpoint(layers: &mut Layers<'_>, name: &str, file: EndpointFile, schemes: &Schemes) -> EndpointConfig {
    let upper = name.to_uppercase();
    let key = format!("providers.{name}.url");
    let setting = Setting::new(&key).env(format!("TRUNKLINE_{upper}_URL"));
    let url = layers.optional(&setting, file.url, schemes.allowed, |text| {
        let url = Url::parse(text).ok()?;
        (schemes.names.contains(&url.scheme()) && url.has_host()).then(|| text.to_owned())
    });
    let key = format!("providers.{name}.api_key");
    let setting = Setting::new(&key)
        .env(format!("TRUNKLINE_{upper}_API_KEY"))
        // The variable of the provider's own tools is the weakest: it was not set for this host.
        .fallback_env(format!("{upper}_API_KEY"))
        .secret();
    let api_key = layers.optional(&setting, file.api_key, "a key", |text| Some(Secret::new(text)));
    EndpointConfig { url, api_key: api_key.unwrap_or_default() }
}

fn account(layers: &mut Layers<'_>, sid: String, file: AccountFile) -> Option<(String, TwilioAccount)> {
    let at = format!("twilio.accounts.{sid}");
    if !(sid.starts_with("AC") && sid.bytes().all(|b| b.is_ascii_alphanumeric())) {
        layers.fault(format!("`{at}`: an account's SID begins with AC and has only letters and digits"));
        return None;
    }
    let key = format!("{at}.auth_token");
    let mut setting = Setting::new(&key).secret();
    if let Some(name) = file.auth_token_env {
        if file.auth_token.is_some() {
            layers.fault(format!("`{at}` has both auth_token and auth_token_env: keep one"));
        }
        setting = setting.env(name.into_inner());
    }
    let variable = setting.env_name();
    let auth_token = layers.optional(&setting, file.auth_token, "a token", |text| Some(Secret::new(text)));
    let key = format!("{at}.tenant");
    let tenant = layers.value(&Setting::new(&key), file.tenant, &DEFAULT_TENANT.to_owned(), "a name", |text| {
        Some(text.to_owned()).filter(|text| !text.is_empty())
    });
    let Some(auth_token) = auth_token else {
        layers.fault(format!("`{at}` has no token: set auth_token, or the environment variable {variable}"));
        return None;
    };
    Some((sid, TwilioAccount { auth_token, tenant }))
}
