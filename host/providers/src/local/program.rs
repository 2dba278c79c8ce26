//! Which programs there are, and how they are called.

use super::child::Process;
use super::config::{LocalConfig, SttProgram, TtsProgram};
use super::error;
use super::features::Features;
use crate::error::{ErrorKind, ProviderError};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A program as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProgramStatus {
    /// What contracts call it (`model`).
    pub name: String,
    /// It is installed.
    pub ready: bool,
    /// Voices to choose from; empty: it has one, or does not tell.
    pub voices: Vec<String>,
    /// What to do when it is not ready.
    pub problem: Option<String>,
}

/// A program that needs no configuration.
struct Known {
    name: &'static str,
    program: &'static str,
    packages: &'static str,
}

const FLITE: Known = Known { name: "flite", program: "flite", packages: "flite" };
const ESPEAK: Known = Known { name: "espeak-ng", program: "espeak-ng", packages: "espeak-ng" };
const SPHINX: Known =
    Known { name: "pocketsphinx", program: "pocketsphinx_continuous", packages: "pocketsphinx pocketsphinx-en-us" };

const FLITE_VOICES: &[&str] = &["slt", "rms", "awb", "kal16", "kal"];
const ESPEAK_VOICES: &[&str] = &["en-us", "en-gb", "de", "fr-fr", "es", "it", "nl", "pl", "pt", "sv"];
/// Words a minute of `espeak-ng` at the ordinary speed.
const ESPEAK_PACE: f64 = 165.0;

/// How one text is spoken.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) kind: SpeakerKind,
}

#[derive(Clone, Debug)]
pub(super) enum SpeakerKind {
    Flite,
    Espeak,
    Template(TtsProgram),
}

/// How one utterance is heard.
#[derive(Clone, Debug)]
pub(super) struct Hearer {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) rate: u32,
    /// Telephone sound is doubled sample by sample instead of being filtered.
    pub(super) doubles: bool,
}

/// All programs.
pub(super) struct Programs {
    features: Features,
    tts: BTreeMap<String, TtsProgram>,
    stt: BTreeMap<String, SttProgram>,
}

impl Programs {
    pub(super) fn new(config: &LocalConfig) -> Self {
        Self { features: Features::default(), tts: config.tts.clone(), stt: config.stt.clone() }
    }

    /// The program of this name; without one, the operator's first, else the best that is installed.
    pub(super) fn speaker(&self, name: Option<&str>, locale: &str) -> Result<Speaker, ProviderError> {
        let english = locale.to_ascii_lowercase().starts_with("en");
        let Some(name) = name else {
            let order = if english { [FLITE, ESPEAK] } else { [ESPEAK, FLITE] };
            let own = self.tts.keys().map(String::as_str);
            let names: Vec<&str> = own.chain(order.iter().map(|known| known.name)).collect();
            let found = names.iter().find_map(|name| self.speaker(Some(name), locale).ok());
            let nothing = || not_installed(&order.map(|known| known.packages).join(" "), "speaks");
            return found.ok_or_else(nothing);
        };
        let (kind, program) = match (self.tts.get(name), name) {
            (Some(own), _) => (SpeakerKind::Template(own.clone()), own_program(name, &own.command)?),
            (None, "flite") => (SpeakerKind::Flite, installed(&FLITE)?),
            (None, "espeak-ng") => (SpeakerKind::Espeak, installed(&ESPEAK)?),
            (None, _) => return Err(unknown(name, self.tts.keys(), &[FLITE.name, ESPEAK.name])),
        };
        Ok(Speaker { name: name.to_owned(), program, kind })
    }

    /// As [`Programs::speaker`].
    pub(super) fn listener(&self, name: Option<&str>, telephone: bool) -> Result<Hearer, ProviderError> {
        let Some(name) = name else {
            let mut names = self.stt.keys().map(String::as_str).chain([SPHINX.name]);
            let found = names.find_map(|name| self.listener(Some(name), telephone).ok());
            return found.ok_or_else(|| not_installed(SPHINX.packages, "listens"));
        };
        match (self.stt.get(name), name) {
            (Some(own), _) => Ok(Hearer {
                name: name.to_owned(),
                program: own_program(name, &own.command)?,
                args: own.command.iter().skip(1).cloned().collect(),
                rate: own.rate,
                doubles: false,
            }),
            (None, "pocketsphinx") => {
                let program = installed(&SPHINX)?;
                let model = Path::new("/usr/share/pocketsphinx/model/en-us/en-us/mdef");
                if program.starts_with("/usr/bin") && !model.exists() {
                    return Err(not_installed(SPHINX.packages, "listens to English"));
                }
                let mut args = ["-infile", "/dev/stdin", "-logfn", "/dev/null"].map(str::to_owned).to_vec();
                let adapted = telephone.then(|| self.features.telephone()).flatten();
                let doubles = telephone && adapted.is_none();
                args.extend(adapted.into_iter().flatten());
                Ok(Hearer { name: name.to_owned(), program, args, rate: 16_000, doubles })
            }
            (None, _) => Err(unknown(name, self.stt.keys(), &[SPHINX.name])),
        }
    }

    pub(super) fn speakers(&self) -> Vec<ProgramStatus> {
        let own = self.tts.iter().map(|(name, own)| (name.clone(), own.voices.clone()));
        let voices = |voices: &[&str]| voices.iter().map(|voice| (*voice).to_owned()).collect::<Vec<_>>();
        let known = [(FLITE.name, FLITE_VOICES), (ESPEAK.name, ESPEAK_VOICES)];
        let all = own.chain(known.into_iter().map(|(name, known)| (name.to_owned(), voices(known))));
        all.map(|(name, voices)| {
            let problem = self.speaker(Some(&name), "en").err().map(|error| error.message);
            ProgramStatus { ready: problem.is_none(), voices, problem, name }
        })
        .collect()
    }

    pub(super) fn listeners(&self) -> Vec<ProgramStatus> {
        let all = self.stt.keys().cloned().chain([SPHINX.name.to_owned()]);
        all.map(|name| {
            let problem = self.listener(Some(&name), false).err().map(|error| error.message);
            ProgramStatus { ready: problem.is_none(), voices: Vec::new(), problem, name }
        })
        .collect()
    }
}

impl Hearer {
    pub(super) fn start(&self) -> Result<Process, ProviderError> {
        Process::start(&self.program, &self.args)
    }

    /// It wants the whole utterance in a file.
    pub(super) fn takes_file(&self) -> bool {
        self.args.iter().any(|arg| arg.contains("{wav}"))
    }

    /// Fills the language in.
    pub(super) fn speak_of(&mut self, language: &str) {
        for arg in &mut self.args {
            *arg = arg.replace("{language}", language);
        }
    }

    pub(super) fn arguments(&self, file: &Path) -> Vec<String> {
        let file = file.to_string_lossy();
        self.args.iter().map(|arg| arg.replace("{wav}", &file)).collect()
    }
}

impl Speaker {
    /// The arguments for a text, and what is written to standard input.
    pub(super) fn arguments(
        &self,
        text: &str,
        voice: Option<&str>,
        language: Option<&str>,
        speed: Option<f64>,
        out: &Path,
    ) -> (Vec<String>, Option<String>) {
        let speed = speed.unwrap_or(1.0).clamp(0.5, 2.0);
        let owned = |args: &[&str]| args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
        match &self.kind {
            SpeakerKind::Flite => {
                let voice = voice.unwrap_or("slt");
                let stretch = format!("duration_stretch={:.3}", 1.0 / speed);
                // After `-t` everything is text, whatever it begins with.
                (owned(&["-voice", voice, "--setf", &stretch, "-o", "/dev/stdout", "-t", text]), None)
            }
            SpeakerKind::Espeak => {
                let pace = format!("{:.0}", ESPEAK_PACE * speed);
                let voice = voice.or(language).unwrap_or("en-us");
                (owned(&["-v", voice, "-s", &pace, "--stdin", "--stdout"]), Some(text.to_owned()))
            }
            SpeakerKind::Template(own) => {
                let voice = voice.or(own.voice.as_deref()).unwrap_or_default();
                let speed = format!("{speed}");
                let out = out.to_string_lossy();
                let fill = |arg: &String| {
                    let arg = arg.replace("{voice}", voice).replace("{speed}", &speed).replace("{out}", &out);
                    // Last: a text that names places is only a text. One that begins an argument is no option.
                    let guard = if arg.starts_with("{text}") && text.starts_with('-') { " " } else { "" };
                    format!("{guard}{}", arg.replace("{text}", text))
                };
                let takes_text = own.command.iter().any(|arg| arg.contains("{text}"));
                let args = own.command.iter().skip(1).map(fill).collect();
                (args, (!takes_text).then(|| text.to_owned()))
            }
        }
    }

    /// It writes a file instead of standard output.
    pub(super) fn writes_file(&self) -> bool {
        matches!(&self.kind, SpeakerKind::Template(own) if own.command.iter().any(|arg| arg.contains("{out}")))
    }

    /// Hz of raw PCM; none: WAV.
    pub(super) fn raw_rate(&self) -> Option<u32> {
        match &self.kind {
            SpeakerKind::Flite | SpeakerKind::Espeak => None,
            SpeakerKind::Template(own) => own.rate,
        }
    }
}

/// Whether a voice may be named so: a name never becomes an option or a path.
pub(super) fn check_voice(voice: Option<&str>) -> Result<(), ProviderError> {
    let Some(voice) = voice else { return Ok(()) };
    let first = voice.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let plain = voice.len() <= 64 && voice.chars().all(|c| c.is_ascii_alphanumeric() || "_.+-".contains(c));
    if first && plain && !voice.contains("..") {
        return Ok(());
    }
    let message =
        "the name of a voice has 1-64 of the characters A-Z a-z 0-9 _ . + - and begins with a letter or digit";
    Err(error(ErrorKind::InvalidRequest, message))
}

fn installed(known: &Known) -> Result<PathBuf, ProviderError> {
    find(known.program).ok_or_else(|| {
        let message = format!("`{}` is not installed: `apt-get install {}`", known.program, known.packages);
        error(ErrorKind::InvalidRequest, message)
    })
}

fn not_installed(packages: &str, does: &str) -> ProviderError {
    let message = format!("no program that {does} is installed: `apt-get install {packages}`");
    error(ErrorKind::InvalidRequest, message)
}

fn own_program(name: &str, command: &[String]) -> Result<PathBuf, ProviderError> {
    let program = command.first().ok_or_else(|| {
        error(ErrorKind::InvalidRequest, format!("`{name}` has an empty `command` in the configuration"))
    })?;
    find(program).ok_or_else(|| {
        let message = format!("`{program}` of `{name}` is not on PATH: install it, or write its whole path");
        error(ErrorKind::InvalidRequest, message)
    })
}

fn unknown<'a>(name: &str, own: impl Iterator<Item = &'a String>, known: &[&'a str]) -> ProviderError {
    let all: Vec<&str> = own.map(String::as_str).chain(known.iter().copied()).collect();
    let message = format!("there is no program `{name}` (allowed: {})", all.join(", "));
    error(ErrorKind::InvalidRequest, message)
}

/// As a shell would find it: looked up each time, so that what is installed later works without a restart.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        let path = PathBuf::from(program);
        return path.is_file().then_some(path);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
