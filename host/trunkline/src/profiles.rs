//! Profiles: servers that somebody talks to, each with its token, in a file of their own.
//!
//! The token of a profile goes to its address and to no other. The file is read only when a profile may be meant, and
//! refused when others can read it.

use crate::config::{ConfigError, Environment, parse_toml};
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use trunkline_egress::Url;

/// Names another file.
const VARIABLE: &str = "TRUNKLINE_PROFILES";
/// Bits of a file's mode that let others at it.
const OTHERS: u32 = 0o077;
/// Letters of a token that are shown at its end, when it is long enough to hide the rest.
const SHOWN: usize = 4;

/// A server and how to talk to it. It has no `Debug`, so that its token cannot end in a log.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Its address, http or https.
    pub(crate) server: String,
    /// Without one, `TRUNKLINE_TOKEN` is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Whose things are meant when no tenant is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
}

impl Profile {
    /// The token so that it can be recognised, and not used.
    pub(crate) fn masked(&self) -> Option<String> {
        self.token.as_deref().map(|token| match token.char_indices().nth_back(SHOWN - 1) {
            Some((at, _)) if token.len() >= SHOWN * 6 => format!("***{}", token.get(at..).unwrap_or_default()),
            _ => "***".to_owned(),
        })
    }
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// All profiles.
pub(crate) struct Profiles {
    path: PathBuf,
    file: File,
}

impl Profiles {
    /// Reads the file; one that is not there holds none.
    ///
    /// # Errors
    /// There is no folder for it, it cannot be read, others can read it, or it is not what it should be.
    pub(crate) fn read(env: &Environment) -> anyhow::Result<Self> {
        let path = path(env).with_context(|| format!("there is no folder for profiles: set HOME or {VARIABLE}"))?;
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { path, file: File::default() });
            }
            Err(error) => {
                return Err(error).with_context(|| format!("the profiles in {} cannot be read", path.display()));
            }
        };
        let mode = std::fs::metadata(&path)?.permissions().mode();
        if mode & OTHERS != 0 {
            bail!("{} holds tokens and is open to others: run `chmod 600 {}`", path.display(), path.display());
        }
        let file: File = parse_toml(&path, &text).map_err(|error: ConfigError| anyhow::anyhow!(error))?;
        Ok(Self { path, file })
    }

    /// The profile that is in use unless another is named, as far as there is a place for profiles at all.
    ///
    /// # Errors
    /// As [`Profiles::read`]; the profile in use is none.
    pub(crate) fn current(env: &Environment) -> anyhow::Result<Option<(String, Profile)>> {
        if path(env).is_none() {
            return Ok(None);
        }
        let known = Self::read(env)?;
        let Some(name) = known.in_use().map(str::to_owned) else { return Ok(None) };
        let profile = known.get(&name)?.clone();
        Ok(Some((name, profile)))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the one in use.
    pub(crate) fn in_use(&self) -> Option<&str> {
        self.file.current.as_deref()
    }

    /// All, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Profile)> {
        self.file.profiles.iter()
    }

    /// One of them.
    ///
    /// # Errors
    /// There is none of this name; those that there are are named.
    pub(crate) fn get(&self, name: &str) -> anyhow::Result<&Profile> {
        self.file.profiles.get(name).with_context(|| {
            let names: Vec<&str> = self.file.profiles.keys().map(String::as_str).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            format!("there is no profile `{name}` in {} (there are: {names})", self.path.display())
        })
    }

    /// Adds one, or replaces the one that has the name.
    ///
    /// # Errors
    /// The name or the address cannot be used; the name is taken and `replace` is not set.
    pub(crate) fn add(&mut self, name: &str, profile: Profile, replace: bool) -> anyhow::Result<()> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            bail!("`{name}` is no name of a profile: allowed are 1-64 letters, digits, `_`, `-` and `.`");
        }
        let url = Url::parse(&profile.server).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        });
        if url.is_none() {
            bail!("`{}` is no server: give an address such as https://voice.example.com", profile.server);
        }
        if !replace && self.file.profiles.contains_key(name) {
            bail!("there is a profile `{name}`: --replace puts this one in its place");
        }
        self.file.profiles.insert(name.to_owned(), profile);
        Ok(())
    }

    /// Takes one away; it is not in use any more.
    ///
    /// # Errors
    /// There is none of this name.
    pub(crate) fn remove(&mut self, name: &str) -> anyhow::Result<()> {
        self.get(name)?;
        self.file.profiles.remove(name);
        if self.in_use() == Some(name) {
            self.file.current = None;
        }
        Ok(())
    }

    /// Lets one be meant when no server is named; none: none is.
    ///
    /// # Errors
    /// There is none of this name.
    pub(crate) fn make_current(&mut self, name: Option<&str>) -> anyhow::Result<()> {
        name.map(|name| self.get(name)).transpose()?;
        self.file.current = name.map(str::to_owned);
        Ok(())
    }

    /// Writes the file in one step, for its owner only.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        // A link stays one: what it leads to is written.
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let text = toml::to_string(&self.file)?;
        let written = || -> anyhow::Result<()> {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.persist(&path)?;
            Ok(())
        };
        written().with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// Where the file is: named by a variable, or in the folder that the XDG Base Directory Specification gives.
fn path(env: &Environment) -> Option<PathBuf> {
    let of = |name: &str| env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of(VARIABLE).or_else(|| {
        let config = of("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let config = config.or_else(|| of("HOME").map(|home| home.join(".config")))?;
        Some(config.join("trunkline/profiles.toml"))
    })
}
