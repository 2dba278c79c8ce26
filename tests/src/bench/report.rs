//! What is printed: tables for people, JSON for machines.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark speaks to people")]

use std::fmt::Write as _;
use std::fs;

use anyhow::Result;
use serde::Serialize;

use super::admin::Interface;
use super::figures::Figures;
use super::options::Options;
use super::startup::Startup;

/// Everything that was measured, and on what.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) options: Options,
    /// How `set_delay_ms` comes about.
    pub(super) set_delay: &'static str,
    pub(super) runs: Vec<Figures>,
    pub(super) startup: Option<Startup>,
    pub(super) interface: Vec<Interface>,
}

/// The machine.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    pub(super) processors: usize,
    pub(super) model: String,
    pub(super) kernel: String,
}

const SET_DELAY: &str = "max(endpoint_ms, 200 + stt_ms) + llm_ms + words of the first sentence * 1000 / tokens_per_s + tts_ms + round_trip_ms";

impl Report {
    pub(super) fn new(options: &Options) -> Result<Self> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let machine = Machine {
            processors: std::thread::available_parallelism()?.get(),
            model: model.trim_start_matches(['\t', ' ', ':']).to_owned(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        };
        Ok(Self {
            machine,
            options: options.clone(),
            set_delay: SET_DELAY,
            runs: Vec::new(),
            startup: None,
            interface: Vec::new(),
        })
    }

    pub(super) fn print(&self, json: bool) -> Result<()> {
        let text = if json { serde_json::to_string_pretty(self)? } else { self.to_text() };
        println!("{text}");
        Ok(())
    }

    fn to_text(&self) -> String {
        let Machine { processors, model, kernel } = &self.machine;
        let mut text = format!("{processors} processors ({model}), Linux {kernel}\n");
        if let Some(startup) = &self.startup {
            let _ = write!(text, "{}", start_table(startup));
        }
        if let Some(run) = self.runs.first() {
            let tls = if run.tls { "TLS" } else { "no TLS" };
            let _ = writeln!(text, "{} s steady, {tls}, set delay of a turn {:.1} ms", run.steady_s, run.set_delay_ms);
            let _ = writeln!(text, "set delay = {SET_DELAY}\n");
            let _ = writeln!(text, "{HEAD}");
        }
        for run in &self.runs {
            let _ = writeln!(text, "{}", line(run));
        }
        for interface in &self.interface {
            text.push_str(&interface_table(interface));
        }
        for run in self.runs.iter().filter(|run| run.failed > 0) {
            let _ = writeln!(text, "\nfailed of {} at {} calls:", run.placed, run.calls);
            for (why, count) in &run.failures {
                let _ = writeln!(text, "  {count} x {why}");
            }
        }
        text
    }
}

/// A line while something is measured.
pub(super) fn progress(line: &str) {
    eprintln!("{line}");
}

const HEAD: &str = "calls  what                            host CPU  carrier  providers  machine  RSS/call   added ms       to clear ms    underruns  failed\n                                       ms/call-s ms/call-s ms/call-s    busy       MiB   p50    p99     p50    p99       (ms)     /placed";

/// A run as a line of the table.
pub(super) fn line(run: &Figures) -> String {
    let clear = match run.speech_to_clear_ms.count {
        0 => format!("{:>6} {:>6}", "-", "-"),
        _ => format!("{:>6.1} {:>6.1}", run.speech_to_clear_ms.p50, run.speech_to_clear_ms.p99),
    };
    format!(
        "{:>5}  {:<31} {:>8.3} {:>8.3}  {:>8.3}   {:>5.1}%  {:>8.3}  {:>5.1} {:>6.1}  {clear}  {:>4} ({:.0})  {:>3}/{}",
        run.calls,
        run.variant,
        run.cpu_ms_per_call_second,
        run.carrier_cpu_ms_per_call_second,
        run.providers_cpu_ms_per_call_second,
        run.machine_busy * 100.0,
        run.rss_per_call_mib,
        run.added_ms.p50,
        run.added_ms.p99,
        run.underruns,
        run.underrun_ms,
        run.failed,
        run.placed,
    )
}

fn interface_table(seen: &Interface) -> String {
    let requests = &seen.requests;
    let mut text = format!(
        "\n{} agents, {} requests, {} failed; ms      p50     p99     max\n",
        requests.agents, requests.requests, requests.failed
    );
    let rows = [
        ("list page, by the host", &requests.list_ms),
        ("get, by the host", &requests.get_ms),
        ("create, by the host", &requests.create_ms),
        ("all, from outside", &requests.outside_ms),
        ("switch of a live call, from outside", &seen.switch_outside_ms),
    ];
    for (name, shape) in rows {
        let _ =
            writeln!(text, "{name:<40} {:>7.2} {:>7.2} {:>7.2}  of {}", shape.p50, shape.p99, shape.max, shape.count);
    }
    for (name, share) in [
        ("contract found within 50 us", seen.lookups_within_50_us),
        ("agent switched within 5 ms", seen.switches_within_5_ms),
    ] {
        let share = share.map_or("-".to_owned(), |(share, count)| format!("{:.2} % of {count}", share * 100.0));
        let _ = writeln!(text, "{name:<40} {share}");
    }
    text
}

fn start_table(startup: &Startup) -> String {
    let rows = [
        ("listening", &startup.listening_ms),
        ("first call accepted", &startup.accepted_ms),
        ("its media socket open", &startup.media_ms),
        ("its greeting heard", &startup.greeting_ms),
    ];
    let mut text = format!("first start, components compiled: ready after {:.0} ms\n", startup.first_ready_ms);
    let _ = writeln!(text, "{:<24} {:>7} {:>7} {:>7}  ms after the process was started", "", "p50", "p90", "max");
    for (name, shape) in rows {
        let _ =
            writeln!(text, "{name:<24} {:>7.1} {:>7.1} {:>7.1}  of {}", shape.p50, shape.p90, shape.max, shape.count);
    }
    text
}
