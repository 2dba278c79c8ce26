//! Answers on standard output, as text or JSON; what went wrong on standard error.

use crate::backend::Faults;
use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};
use trunkline_contract::{Fault, Severity};

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    /// Asked for JSON.
    pub(crate) json: bool,
    colour: bool,
    error_colour: bool,
}

/// What a word means, where there is colour.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
    Quiet,
    Heading,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Warning => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Quiet => Style::new().dimmed(),
            Tone::Heading => Style::new().bold(),
        }
    }
}

fn paint(colour: bool, tone: Tone, text: &str) -> String {
    let style = tone.style();
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

impl Out {
    /// Colours only on a terminal, and not when NO_COLOR is set.
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json, colour: wanted && io::stdout().is_terminal(), error_colour: wanted && io::stderr().is_terminal() }
    }

    /// A word in colour, where there is colour.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        paint(self.colour, tone, text)
    }

    /// As [`Out::paint`], for standard error.
    pub(crate) fn paint_aside(&self, tone: Tone, text: &str) -> String {
        paint(self.error_colour, tone, text)
    }

    /// One line.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}", text.as_ref())
    }

    /// A part of a line that goes on.
    pub(crate) fn part(&self, text: impl AsRef<str>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_ref().as_bytes())?;
        out.flush()
    }

    /// One line that is not part of the answer.
    pub(crate) fn aside(&self, text: &str) {
        // Without a standard error there is nobody to tell.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A document over several lines.
    pub(crate) fn document(&self, value: &impl Serialize) -> anyhow::Result<()> {
        Ok(self.line(serde_json::to_string_pretty(value)?)?)
    }

    /// A document on one line, for streams of them.
    pub(crate) fn record(&self, value: &impl Serialize) -> anyhow::Result<()> {
        Ok(self.line(serde_json::to_string(value)?)?)
    }

    /// Rows under their headings, each column as wide as it must be.
    pub(crate) fn table(&self, headings: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(headings.get(column).map(|heading| heading.len())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let text = |cells: &mut dyn Iterator<Item = &str>| {
            let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.line(self.paint(Tone::Heading, &text(&mut headings.iter().copied())))?;
        rows.iter().try_for_each(|row| self.line(clean(&text(&mut row.iter().map(String::as_str)))))
    }

    /// Tells why the command failed. Output that nobody reads any more is no failure.
    pub(crate) fn failure(&self, error: &anyhow::Error) -> ExitCode {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        let label = paint(self.error_colour, Tone::Bad, "error:");
        self.aside(&format!("{label} {error:#}"));
        if let Some(Faults { faults, .. }) = error.downcast_ref::<Faults>() {
            faults.iter().for_each(|fault| self.aside(&fault_line(self.error_colour, fault)));
        }
        ExitCode::FAILURE
    }

    /// One fault of a contract.
    pub(crate) fn fault(&self, fault: &Fault) -> io::Result<()> {
        self.line(fault_line(self.colour, fault))
    }
}

fn fault_line(colour: bool, fault: &Fault) -> String {
    let tone = match fault.severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warning,
    };
    let place = if fault.pointer.is_empty() { "(whole document)" } else { &fault.pointer };
    format!("  {}  {}  [{}]", paint(colour, tone, &clean(place)), clean(&fault.message), clean(&fault.code))
}

/// The last second that has four digits of year.
const LAST_MS: u64 = 253_402_300_799_000;

/// A time, UTC.
pub(crate) fn time(unix_ms: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(unix_ms.min(LAST_MS))).to_string()
}

/// A length of time with a tenth of a second.
pub(crate) fn seconds(ms: u64) -> String {
    format!("{}.{:01}s", ms / 1_000, ms % 1_000 / 100)
}

/// Text of others, without what a terminal would obey.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// As [`clean`], with its lines kept.
pub(crate) fn clean_text(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_time_can_be_shown(unix_ms: u64) {
            time(unix_ms);
        }
    }

    #[test]
    fn a_time_is_shown_in_utc() {
        assert_eq!(time(1_700_000_000_000), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn terminals_are_told_nothing_by_others() {
        assert_eq!(clean("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
