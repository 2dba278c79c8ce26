//! What a process uses, from `/proc`.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// What a process has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user and system mode, of all threads, those that ended included. In steps of 10 ms.
    pub cpu: Duration,
    /// Memory in use that is resident (RSS), in bytes; pages shared with others count in full.
    pub rss_bytes: u64,
    /// The largest RSS so far, in bytes.
    pub peak_rss_bytes: u64,
    /// Threads.
    pub threads: u32,
}

/// Processor time of the whole machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MachineTime {
    /// Ticks in which something ran.
    pub busy: u64,
    /// Ticks in which nothing ran, or the machine waited for a disk.
    pub idle: u64,
}

impl MachineTime {
    /// Share of the time since `before` in which the processors were busy, 0-1.
    pub fn busy_since(&self, before: &Self) -> f64 {
        let busy = self.busy.saturating_sub(before.busy) as f64;
        let all = busy + self.idle.saturating_sub(before.idle) as f64;
        if all > 0.0 { busy / all } else { 0.0 }
    }
}

/// Reads what a process has used.
pub fn of(pid: u32) -> Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let ticks = cpu_ticks(&stat).context("/proc/PID/stat has an unknown form")?;
    Ok(Usage {
        cpu: Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64),
        rss_bytes: kilobytes(&status, "VmRSS:").context("/proc/PID/status has no VmRSS")? * 1_024,
        peak_rss_bytes: kilobytes(&status, "VmHWM:").unwrap_or_default() * 1_024,
        threads: field(&status, "Threads:").and_then(|text| text.parse().ok()).unwrap_or_default(),
    })
}

/// Reads what this process has used.
pub fn own() -> Result<Usage> {
    of(std::process::id())
}

/// Reads the processor time of the whole machine.
pub fn machine() -> Result<MachineTime> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    machine_time(&stat).context("/proc/stat has an unknown form")
}

/// `utime` + `stime`. The program's name, in parentheses, may contain anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let value: u64 = field(status, name)?.parse().ok()?;
    value.checked_mul(1_024).map(|_| value)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_ascii_whitespace().next()
}

fn machine_time(stat: &str) -> Option<MachineTime> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    // user nice system idle iowait irq softirq steal; what follows is counted in these already.
    let ticks: Vec<u64> = line.split_ascii_whitespace().take(8).map_while(|text| text.parse().ok()).collect();
    let idle = ticks.get(3)?.checked_add(*ticks.get(4)?)?;
    let all = ticks.iter().try_fold(0u64, |sum, ticks| sum.checked_add(*ticks))?;
    Some(MachineTime { busy: all - idle, idle })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_name_of_a_program_does_not_confuse() {
        let stat = "42 (a) R 1 (b) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 100 1 1";
        assert_eq!(cpu_ticks(stat), Some(200));
    }

    #[test]
    fn memory_is_read_in_kilobytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t9\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(1_024));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
        assert_eq!(field(status, "Threads:"), Some("9"));
    }

    #[test]
    fn the_machines_time_is_busy_or_idle() {
        let before = machine_time("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 1 1 1\n").unwrap();
        assert_eq!(before, MachineTime { busy: 150, idle: 850 });
        let after = MachineTime { busy: 250, idle: 950 };
        assert!((after.busy_since(&before) - 0.5).abs() < 1e-9);
        assert!((before.busy_since(&before)).abs() < 1e-9);
    }

    #[test]
    fn this_process_can_be_measured() {
        let usage = own().unwrap();
        assert!(usage.rss_bytes > 100_000 && usage.peak_rss_bytes >= usage.rss_bytes / 2 && usage.threads > 0);
        assert!(of(u32::MAX).is_err());
        assert!(machine().unwrap().busy > 0);
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in "[ \\PC\n]{0,200}") {
            let _ = cpu_ticks(&text);
            let _ = kilobytes(&text, "VmRSS:");
            let _ = machine_time(&text);
            let _ = machine_time(&format!("cpu {text}"));
        }
    }
}
