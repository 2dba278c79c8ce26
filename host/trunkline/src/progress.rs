//! What is going on, on the standard error of somebody who watches; nothing anywhere else.

use crate::output::Out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::borrow::Cow;
use std::io::IsTerminal;
use std::time::Duration;

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// A line that changes while something goes on. It vanishes when it is dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// How long it has taken, and what is being done.
    pub(crate) fn spinner(out: &Out, message: impl Into<Cow<'static, str>>) -> Self {
        Self::start(out, None, "{spinner} {elapsed_precise}  {wide_msg}", message.into())
    }

    /// How many of `count` things are done.
    pub(crate) fn bar(out: &Out, count: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self::start(out, Some(count as u64), "{bar:24} {pos}/{len}  {wide_msg}", message.into())
    }

    fn start(out: &Out, count: Option<u64>, template: &str, message: Cow<'static, str>) -> Self {
        let bar = ProgressBar::with_draw_target(count, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(message);
        if !out.json && std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }

    /// Says what is being done now.
    pub(crate) fn say(&self, message: impl Into<Cow<'static, str>>) {
        self.0.set_message(message);
    }

    /// One more is done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// Writes something else without the two lines getting mixed up.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
