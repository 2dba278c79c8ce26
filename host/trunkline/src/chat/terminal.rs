//! A conversation for people: answers appear as they are written, tools and results dimmed.

use super::turn::{Answer, Done, Piece, Talk};
use crate::commands::show_row;
use crate::output::{Out, Tone, clean, clean_text};
use crate::progress::Progress;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use serde_json::{Map, Value};
use std::process::ExitCode;
use trunkline_contract::log::{Entry, Row};

const PROMPT: &str = "you> ";
const HELP: &str =
    "/new begins again, /events shows what happened so far, /quit leaves (or Ctrl-D); Ctrl-C stops an answer";

/// What was typed.
enum Typed {
    Text(String),
    Command(String),
    Nothing,
    Leave,
}

pub(super) async fn run(mut talk: Talk, name: &str, version: u64, out: &Out) -> anyhow::Result<ExitCode> {
    let mut editor = DefaultEditor::new()?;
    let mut screen = Screen { out, name: clean(name), open: None, result: Map::new(), ended: false, seen: 0 };
    out.line(out.paint(Tone::Quiet, &format!("{} version {version}. {HELP}", screen.name)))?;
    if talk.thread.is_none() {
        screen.turn(&mut talk, None).await?;
    }
    loop {
        let (given, typed) = read(editor).await?;
        editor = given;
        match typed {
            Typed::Leave => return Ok(ExitCode::SUCCESS),
            Typed::Nothing => {}
            Typed::Text(_) if screen.ended => out.aside("the conversation is over: /new begins another, /quit leaves"),
            Typed::Text(text) => screen.turn(&mut talk, Some(&text)).await?,
            Typed::Command(command) => match command.as_str() {
                "/quit" | "/exit" => return Ok(ExitCode::SUCCESS),
                "/new" => {
                    talk.thread = None;
                    screen = Screen { open: None, result: Map::new(), ended: false, seen: 0, ..screen };
                    screen.turn(&mut talk, None).await?;
                }
                "/events" => screen.events(&talk).await?,
                "/help" => out.line(out.paint(Tone::Quiet, HELP))?,
                other => out.aside(&format!("`{}` is no command: {HELP}", clean(other))),
            },
        }
    }
}

/// Reads a line on a thread of its own: the editor waits for keys.
async fn read(mut editor: DefaultEditor) -> anyhow::Result<(DefaultEditor, Typed)> {
    let read = tokio::task::spawn_blocking(move || {
        let line = editor.readline(PROMPT);
        (editor, line)
    });
    let (mut editor, line) = read.await?;
    let typed = match line {
        Ok(line) if line.trim().is_empty() => Typed::Nothing,
        Ok(line) => {
            // Without a history only the arrow keys suffer.
            let _ = editor.add_history_entry(&line);
            let line = line.trim().to_owned();
            if line.starts_with('/') { Typed::Command(line) } else { Typed::Text(line) }
        }
        Err(ReadlineError::Eof) => Typed::Leave,
        Err(ReadlineError::Interrupted) => Typed::Nothing,
        Err(error) => return Err(error.into()),
    };
    Ok((editor, typed))
}

struct Screen<'a> {
    out: &'a Out,
    name: String,
    /// The message whose text is being written.
    open: Option<u64>,
    result: Map<String, Value>,
    ended: bool,
    /// Rows that `/events` has shown.
    seen: u64,
}

impl Screen<'_> {
    /// Sends a message and shows the answer; what goes wrong is said, and the conversation goes on.
    async fn turn(&mut self, talk: &mut Talk, text: Option<&str>) -> anyhow::Result<()> {
        let waiting = Progress::spinner(self.out, self.name.clone());
        let answered = tokio::select! {
            answered = self.answer(talk, text, Some(waiting)) => answered,
            _ = tokio::signal::ctrl_c() => {
                self.close()?;
                self.out.aside("stopped");
                return Ok(());
            }
        };
        self.close()?;
        match answered {
            Ok(done) => {
                self.ended = done.ended;
                if done.ended {
                    self.quiet("the conversation is over: /new begins another, /quit leaves")?;
                }
            }
            // Without a conversation there is nothing to go on with.
            Err(error) if talk.thread.is_none() => return Err(error),
            Err(error) => {
                self.out.failure(&error);
            }
        }
        Ok(())
    }

    async fn answer(
        &mut self,
        talk: &mut Talk,
        text: Option<&str>,
        mut waiting: Option<Progress>,
    ) -> anyhow::Result<Done> {
        let mut answer: Answer = talk.streamed(text).await?;
        let mut written: Vec<u64> = Vec::new();
        loop {
            let piece = answer.next(talk).await?;
            if !matches!(piece, Piece::Row(_)) {
                waiting = None;
            }
            match piece {
                Piece::Text { index, text } => {
                    written.push(index);
                    self.text(index, &text)?;
                }
                Piece::Line(line) => self.line(&line, &written)?,
                Piece::Row(row) => self.row(&row, waiting.as_ref())?,
                Piece::Done(done) => return Ok(done),
            }
        }
    }

    fn text(&mut self, index: u64, text: &str) -> anyhow::Result<()> {
        if self.open != Some(index) {
            self.close()?;
            let name = self.out.paint(Tone::Heading, &format!("{}> ", self.name));
            self.out.part(name)?;
            self.open = Some(index);
        }
        Ok(self.out.part(clean_text(text))?)
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if self.open.take().is_some() {
            self.out.line("")?;
        }
        Ok(())
    }

    fn quiet(&mut self, text: &str) -> anyhow::Result<()> {
        self.close()?;
        Ok(self.out.line(self.out.paint(Tone::Quiet, &clean(text)))?)
    }

    /// A whole message: words that were not written piece by piece, and tools.
    fn line(&mut self, line: &Value, written: &[u64]) -> anyhow::Result<()> {
        let index = line["index"].as_u64().unwrap_or_default();
        let text = line["text"].as_str().unwrap_or_default();
        match line["role"].as_str() {
            Some("assistant") => {
                if !text.is_empty() && !written.contains(&index) {
                    self.text(index, text)?;
                }
                for call in line["tool_calls"].as_array().into_iter().flatten() {
                    let name = call["name"].as_str().unwrap_or_default();
                    let arguments = call["arguments"].as_str().unwrap_or_default();
                    self.quiet(&format!("  -> {name} {arguments}"))?;
                }
            }
            Some("tool") => {
                let name = line["tool"].as_str().unwrap_or_default();
                self.quiet(&format!("  <- {name} {text}"))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What else is worth a line: fields of the result as they change, and what goes wrong.
    fn row(&mut self, row: &Row, waiting: Option<&Progress>) -> anyhow::Result<()> {
        let text = match &row.entry {
            Entry::Result { name, value } if self.result.get(name) != Some(value) => {
                self.result.insert(name.clone(), value.clone());
                format!("  result: {name} = {value}")
            }
            Entry::Dropped { reason, .. } => format!("  the behaviour failed: {reason}"),
            Entry::Provider { part, what, message } => format!("  {part}: {what}: {message}"),
            _ => return Ok(()),
        };
        match waiting {
            Some(waiting) => waiting.aside(|| self.quiet(&text)),
            None => self.quiet(&text),
        }
    }

    async fn events(&mut self, talk: &Talk) -> anyhow::Result<()> {
        let Some(call) = talk.call()? else { return Ok(()) };
        loop {
            let rows = talk.remote.rows(call, self.seen + 1).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            self.seen = last.seq;
            rows.iter().try_for_each(|row| show_row(self.out, row))?;
        }
    }
}
