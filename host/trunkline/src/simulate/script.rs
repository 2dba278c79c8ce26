//! What a simulated caller does and what is expected of the agent, as a TOML file that people write.
//!
//! Every fault of the file is reported at once, each with its line and column and with what is allowed there.

mod pattern;
mod reading;
#[cfg(test)]
mod tests;

pub(crate) use pattern::{Pattern, differences};
pub(crate) use reading::Fault;

use reading::{Keys, Reader};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Silence of the agent that counts as the end of its answer, ms.
pub(crate) const PAUSE_MS: u64 = 600;
/// How long the caller waits for an answer, ms.
pub(crate) const PATIENCE_MS: u64 = 20_000;
/// Longest time that a script can name, ms.
const MAX_MS: u64 = 600_000;
/// Longest text that can be said at once, characters; what the speech route takes.
const MAX_TEXT: usize = 1_000;
/// What a telephone has.
const KEYS: &str = "0123456789*#ABCD";

/// A whole script.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Script {
    /// Id or name of the agent that is called.
    pub(crate) agent: Option<String>,
    /// Who speaks.
    pub(crate) voice: Option<String>,
    /// Silence of the agent that counts as the end of its answer, ms.
    pub(crate) pause_ms: Option<u64>,
    /// How long the caller waits for an answer, ms.
    pub(crate) patience_ms: Option<u64>,
    /// In order.
    pub(crate) steps: Vec<Step>,
    /// What is expected when the call is over.
    pub(crate) end: End,
}

/// One thing that the caller does, and what is expected in answer to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// Where it stands in the file, from 1; 0 for steps of the command line.
    pub(crate) line: usize,
    /// When it begins.
    pub(crate) begin: Begin,
    /// What the caller does.
    pub(crate) act: Act,
    /// What the agent's answer must match.
    pub(crate) expect: Vec<Pattern>,
    /// What it must not match.
    pub(crate) expect_not: Vec<Pattern>,
    /// Fields of the call's result as they must be once the agent has answered.
    pub(crate) expect_result: Map<String, Value>,
}

/// When a step begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// When the agent has answered what came before and has been silent for the pause.
    Silence,
    /// So long after the caller's last words, whatever the agent does, ms.
    After(u64),
    /// So long after the agent has begun to answer, ms.
    Interrupting(u64),
}

/// What the caller does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Speaks.
    Say(String),
    /// Plays a recording; the words are those that it holds, for where nothing is played.
    Play(PathBuf, Option<String>),
    /// Presses keys.
    Digits(String),
    /// Ends the call.
    HangUp,
    /// Nothing: only what is expected counts.
    Listen,
}

/// What is expected when the call is over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct End {
    /// Fields of the call's result.
    pub(crate) expect_result: Map<String, Value>,
    /// Why the call ended: `agent-hangup`, `caller-hangup` and so on.
    pub(crate) expect_reason: Option<String>,
}

impl Script {
    /// Reads the text of a script. Relative recordings start at `folder`.
    ///
    /// # Errors
    /// All faults, in the order of the text.
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Fault>> {
        let (document, broken) = DeTable::parse_recoverable(text);
        let mut reader = Reader::new(text);
        if !broken.is_empty() {
            broken.iter().for_each(|error| reader.syntax(error));
            return Err(reader.finish());
        }
        let mut keys = reader.keys(document.get_ref(), "a script", &TOP);
        let mut script = Script {
            agent: reader.text(&mut keys, "agent", 200),
            voice: reader.text(&mut keys, "voice", 200),
            pause_ms: reader.ms(&mut keys, "pause_ms", MAX_MS),
            patience_ms: reader.ms(&mut keys, "patience_ms", MAX_MS),
            steps: Vec::new(),
            end: End::default(),
        };
        if let Some(end) = reader.table(&mut keys, "end") {
            let mut keys = reader.keys(end, "[end]", &END);
            script.end = End {
                expect_result: reader.object(&mut keys, "expect_result"),
                expect_reason: reader.text(&mut keys, "expect_reason", 200),
            };
        }
        let steps = reader.tables(&mut keys, "step");
        if steps.is_empty() && reader.is_clean() {
            reader.fault(0, "there are no steps: a step is `[[step]]` with, for example, `say = \"Hello\"`");
        }
        for (at, table) in steps {
            script.steps.push(step(&mut reader, at, table, folder));
        }
        let faults = reader.finish();
        if faults.is_empty() { Ok(script) } else { Err(faults) }
    }
}

const TOP: [&str; 6] = ["agent", "voice", "pause_ms", "patience_ms", "step", "end"];
const END: [&str; 2] = ["expect_result", "expect_reason"];
const STEP: [&str; 9] =
    ["say", "wav", "digits", "hang_up", "wait", "interrupt_after_ms", "expect", "expect_not", "expect_result"];

fn step(reader: &mut Reader<'_>, at: usize, table: &DeTable<'_>, folder: &Path) -> Step {
    let mut keys = reader.keys(table, "a step", &STEP);
    let act = act(reader, &mut keys, at, folder);
    let begin = begin(reader, &mut keys, at);
    let step = Step {
        line: reader.line(at),
        begin,
        act,
        expect: reader.patterns(&mut keys, "expect"),
        expect_not: reader.patterns(&mut keys, "expect_not"),
        expect_result: reader.object(&mut keys, "expect_result"),
    };
    if matches!(step.act, Act::HangUp) && !step.expect.is_empty() {
        reader.fault(at, "nobody answers after `hang_up`: put `expect` into the step before, or use [end]");
    }
    step
}

fn act(reader: &mut Reader<'_>, keys: &mut Keys<'_>, at: usize, folder: &Path) -> Act {
    let say = reader.text(keys, "say", MAX_TEXT);
    let wav = reader.text(keys, "wav", 4_096);
    let digits = reader.text(keys, "digits", 100);
    let hang_up = reader.flag(keys, "hang_up");
    if let Some(stranger) = digits.iter().flat_map(|digits| digits.chars()).find(|key| !KEYS.contains(*key)) {
        let place = keys.place("digits").unwrap_or(at);
        reader.fault(place, &format!("`{stranger}` is no key of a telephone (allowed: 0-9, *, #, A-D)"));
    }
    let given = [say.is_some() || wav.is_some(), digits.is_some(), hang_up];
    if given.iter().filter(|given| **given).count() > 1 {
        reader.fault(at, "a step does one thing: keep one of `say` (or `wav`), `digits` and `hang_up`");
    }
    match (wav, say, digits, hang_up) {
        (Some(wav), say, ..) => Act::Play(folder.join(wav), say),
        (None, Some(say), ..) => Act::Say(say),
        (None, None, Some(digits), _) => Act::Digits(digits),
        (None, None, None, true) => Act::HangUp,
        (None, None, None, false) => Act::Listen,
    }
}

fn begin(reader: &mut Reader<'_>, keys: &mut Keys<'_>, at: usize) -> Begin {
    let wait = reader.wait(keys, "wait", MAX_MS);
    let interrupt = reader.ms(keys, "interrupt_after_ms", MAX_MS);
    match (wait, interrupt) {
        (Some(_), Some(_)) => {
            reader.fault(at, "`wait` and `interrupt_after_ms` exclude each other: keep one");
            Begin::Silence
        }
        (Some(wait), None) => wait,
        (None, Some(ms)) => Begin::Interrupting(ms),
        (None, None) => Begin::Silence,
    }
}

impl Step {
    /// A step of the command line: nothing is expected but an answer.
    pub(crate) fn of(act: Act) -> Self {
        Self {
            line: 0,
            begin: Begin::Silence,
            act,
            expect: Vec::new(),
            expect_not: Vec::new(),
            expect_result: Map::new(),
        }
    }
}

impl Act {
    /// What it is, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Act::Say(text) | Act::Play(_, Some(text)) => text.clone(),
            Act::Play(path, None) => format!("({})", path.display()),
            Act::Digits(digits) => format!("(keys {digits})"),
            Act::HangUp => "(hangs up)".to_owned(),
            Act::Listen => "(listens)".to_owned(),
        }
    }
}
