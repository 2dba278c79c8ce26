//! One setting after the other: the strongest source that has it wins, and that is written down.

use super::ConfigError;
use super::file::line_of;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The environment's variables.
pub(crate) type Environment = BTreeMap<String, String>;

const PREFIX: &str = "TRUNKLINE_";
/// Characters of a value that people are shown.
const SHOWN: usize = 100;
/// Variables with the prefix that the command line reads.
const ELSEWHERE: [&str; 7] = [
    "TRUNKLINE_CONFIG",
    "TRUNKLINE_LOG_FORMAT",
    "TRUNKLINE_PROFILE",
    "TRUNKLINE_PROFILES",
    "TRUNKLINE_SERVER",
    "TRUNKLINE_TENANT",
    "TRUNKLINE_TOKEN",
];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Env(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Origin::Env(name) => write!(f, "environment, {name}"),
            Origin::Flag(name) => write!(f, "command line, {name}"),
        }
    }
}

/// A setting with its value, for people.
#[derive(Clone, Debug)]
pub(crate) struct Explained {
    pub(crate) key: String,
    /// None: not set. Secrets are masked.
    pub(crate) value: Option<String>,
    pub(crate) origin: Origin,
}

/// What a setting is called in each source.
pub(super) struct Setting<'k> {
    key: &'k str,
    env: Option<String>,
    fallback_env: Option<String>,
    flag: Option<(&'static str, String)>,
    secret: bool,
}

impl<'k> Setting<'k> {
    pub(super) fn new(key: &'k str) -> Self {
        Self { key, env: None, fallback_env: None, flag: None, secret: false }
    }

    pub(super) fn flag(mut self, name: &'static str, value: Option<String>) -> Self {
        self.flag = value.map(|value| (name, value));
        self
    }

    /// Another variable than the one named after the key.
    pub(super) fn env(mut self, name: String) -> Self {
        self.env = Some(name);
        self
    }

    /// A variable that counts only when no other source has the setting.
    pub(super) fn fallback_env(mut self, name: String) -> Self {
        self.fallback_env = Some(name);
        self
    }

    pub(super) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The variable that sets it.
    pub(super) fn env_name(&self) -> String {
        self.env.clone().unwrap_or_else(|| format!("{PREFIX}{}", self.key.to_uppercase().replace('.', "_")))
    }
}

/// A value as it was given.
struct Given {
    text: String,
    origin: Origin,
}

/// All sources, asked for one setting at a time.
pub(super) struct Layers<'a> {
    env: &'a Environment,
    path: Option<PathBuf>,
    text: String,
    asked: BTreeSet<String>,
    explained: Vec<Explained>,
    faults: Vec<String>,
}

impl<'a> Layers<'a> {
    /// `text` is that of the file at `path`.
    pub(super) fn new(env: &'a Environment, path: Option<PathBuf>, text: String) -> Self {
        Self { env, path, text, asked: BTreeSet::new(), explained: Vec::new(), faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, sentence: String) {
        self.faults.push(sentence);
    }

    /// A setting that is there and not allowed is a fault, whose key is known already.
    pub(super) fn fault_of(&mut self, key: &str, message: &str) {
        let origin = self.explained.iter().find(|setting| setting.key == key).map(|setting| &setting.origin);
        let place = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
        self.faults.push(format!("{place}`{key}`: {message}"));
    }

    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// A setting that has a default. One that is not allowed is a fault; the default then stands in for it.
    pub(super) fn value<T: Clone + ToString>(
        &mut self,
        setting: &Setting<'_>,
        file: Option<Spanned<String>>,
        default: &T,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> T {
        let given = self.given(setting, file);
        self.explain(setting, given.as_ref(), Some(default.to_string()));
        self.read(setting, given, allowed, read).unwrap_or_else(|| default.clone())
    }

    /// A setting that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        setting: &Setting<'_>,
        file: Option<Spanned<String>>,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let given = self.given(setting, file);
        self.explain(setting, given.as_ref(), None);
        self.read(setting, given, allowed, read)
    }

    /// A setting that may be absent, whose reader says itself what is wrong with it: it is too long to be repeated.
    pub(super) fn parsed<T>(
        &mut self,
        setting: &Setting<'_>,
        file: Option<Spanned<String>>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.given(setting, file);
        self.explain(setting, given.as_ref(), None);
        let Given { text, origin } = given?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.faults.push(format!("{origin}: `{}` {why}", setting.key));
                None
            }
        }
    }

    /// A whole number of `min` to `max`.
    pub(super) fn number<T>(&mut self, key: &str, file: Option<Spanned<i64>>, default: T, min: u64, max: u64) -> T
    where
        T: Copy + ToString + TryFrom<u64>,
    {
        let file = file.map(|number| Spanned::new(number.span(), number.into_inner().to_string()));
        self.value(&Setting::new(key), file, &default, &format!("a whole number, {min} to {max}"), |text| {
            let number = text.parse::<u64>().ok().filter(|number| (min..=max).contains(number))?;
            T::try_from(number).ok()
        })
    }

    /// A path; a relative one in the file starts at the file's folder.
    pub(super) fn path(
        &mut self,
        setting: &Setting<'_>,
        file: Option<Spanned<String>>,
        default: Option<&str>,
    ) -> Option<PathBuf> {
        let mut given = self.given(setting, file);
        if let Some(Given { text, origin: Origin::File { path, .. } }) = &mut given
            && !text.is_empty()
        {
            let folder = path.parent().unwrap_or(Path::new(""));
            *text = folder.join(&*text).to_string_lossy().into_owned();
        }
        self.explain(setting, given.as_ref(), default.map(str::to_owned));
        let default = default.map(PathBuf::from);
        let read = |text: &str| Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty());
        self.read(setting, given, "a path", read).or(default)
    }

    /// The settings in order, and variables that nobody asked for.
    ///
    /// # Errors
    /// All faults.
    pub(super) fn finish(self) -> Result<(Vec<Explained>, Vec<String>), ConfigError> {
        if !self.faults.is_empty() {
            return Err(ConfigError::Settings(self.faults));
        }
        let known = |name: &str| self.asked.contains(name) || ELSEWHERE.contains(&name);
        let strangers = self.env.keys().filter(|name| name.starts_with(PREFIX) && !known(name)).cloned().collect();
        Ok((self.explained, strangers))
    }

    fn given(&mut self, setting: &Setting<'_>, file: Option<Spanned<String>>) -> Option<Given> {
        if let Some((name, text)) = &setting.flag {
            return Some(Given { text: text.clone(), origin: Origin::Flag(name) });
        }
        let variable = setting.env_name();
        let strong = self.variable(&variable);
        self.asked.insert(variable);
        strong
            .or_else(|| file.zip(self.path.clone()).map(|(value, path)| self.in_file(value, path)))
            .or_else(|| setting.fallback_env.as_deref().and_then(|name| self.variable(name)))
    }

    /// An empty variable counts as not set.
    fn variable(&self, name: &str) -> Option<Given> {
        let text = self.env.get(name).filter(|text| !text.is_empty())?;
        Some(Given { text: text.clone(), origin: Origin::Env(name.to_owned()) })
    }

    fn in_file(&self, value: Spanned<String>, path: PathBuf) -> Given {
        let line = line_of(&self.text, value.span().start);
        Given { text: value.into_inner(), origin: Origin::File { path, line } }
    }

    fn explain(&mut self, setting: &Setting<'_>, given: Option<&Given>, default: Option<String>) {
        let (value, origin) = match given {
            Some(given) if setting.secret => (Some("***".to_owned()), given.origin.clone()),
            Some(given) => (Some(given.text.clone()), given.origin.clone()),
            None => (default, Origin::Default),
        };
        self.explained.push(Explained { key: setting.key.to_owned(), value, origin });
    }

    fn read<T>(
        &mut self,
        setting: &Setting<'_>,
        given: Option<Given>,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let Given { text, origin } = given?;
        let value = read(&text);
        if value.is_none() {
            let found = if setting.secret { "***" } else { &*short(&text) };
            self.faults.push(format!("{origin}: `{}` is `{found}`, allowed is {allowed}", setting.key));
        }
        value
    }
}

/// A value on one line, cut where it is too long for one.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    if text.chars().count() <= SHOWN && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let line = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c });
    let more = if text.chars().count() > SHOWN { "..." } else { "" };
    Cow::Owned(line.collect::<String>() + more)
}
