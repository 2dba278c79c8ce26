//! What is typed and must not be seen: stars stand for it.

use anyhow::bail;
use rustyline::completion::Completer;
use rustyline::config::{Behavior, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, Editor, Helper};
use std::borrow::Cow;

struct Stars;

impl Completer for Stars {
    type Candidate = String;
}

impl Hinter for Stars {
    type Hint = String;
}

impl Validator for Stars {}

impl Highlighter for Stars {
    fn highlight<'l>(&self, line: &'l str, _at: usize) -> Cow<'l, str> {
        Cow::Owned("*".repeat(line.chars().count()))
    }

    fn highlight_char(&self, _line: &str, _at: usize, kind: CmdKind) -> bool {
        !matches!(kind, CmdKind::MoveCursor)
    }
}

impl Helper for Stars {}

/// Asks for it on the terminal, whatever becomes of standard output.
///
/// # Errors
/// There is no terminal; nothing was typed.
pub(crate) fn ask(what: &str) -> anyhow::Result<String> {
    let config = Config::builder().behavior(Behavior::PreferTerm).color_mode(ColorMode::Forced).auto_add_history(false);
    let mut editor = Editor::<Stars, DefaultHistory>::with_config(config.build())?;
    editor.set_helper(Some(Stars));
    match editor.readline(&format!("{what}: ")) {
        Ok(line) if !line.is_empty() => Ok(line),
        Ok(_) | Err(ReadlineError::Eof) => bail!("{what} is missing: nothing was typed"),
        Err(ReadlineError::Interrupted) => bail!("stopped"),
        Err(error) => Err(error.into()),
    }
}
