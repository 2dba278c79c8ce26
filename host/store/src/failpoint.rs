//! Ends the process abruptly after a chosen commit, for the crash scenario.
//!
//! `TRUNKLINE_EXIT_AFTER_COMMITS=N` aborts right after the N-th commit that holds rows of a log, before anybody is told.
//! `TRUNKLINE_COMMIT_TRACE=FILE` gets one line for each such commit: its number, then `call:last seq` for each call.

use crate::writer::Logged;
use std::fs::{File, OpenOptions};
use std::io::Write;

pub(crate) struct Failpoint {
    exit_after: Option<u64>,
    trace: Option<File>,
    commits: u64,
}

impl Failpoint {
    pub(crate) fn from_env() -> Self {
        let var = |name| std::env::var(name).ok();
        Self {
            exit_after: var("TRUNKLINE_EXIT_AFTER_COMMITS").and_then(|text| text.parse().ok()),
            trace: var("TRUNKLINE_COMMIT_TRACE")
                .and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok()),
            commits: 0,
        }
    }

    /// Called after each commit, with the rows of logs in it.
    pub(crate) fn committed(&mut self, logged: &[Logged]) {
        if logged.is_empty() {
            return;
        }
        self.commits += 1;
        if let Some(trace) = &mut self.trace {
            let mut line = self.commits.to_string();
            for Logged { call, last_seq, .. } in logged {
                line.push_str(&format!(" {call}:{last_seq}"));
            }
            line.push('\n');
            if let Err(error) = trace.write_all(line.as_bytes()) {
                tracing::error!(%error, "the trace of commits cannot be written");
            }
        }
        if self.exit_after.is_some_and(|limit| self.commits >= limit) {
            std::process::abort();
        }
    }
}
