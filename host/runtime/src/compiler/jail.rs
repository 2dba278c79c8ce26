//! What the process that compiles gives away before it reads a byte: time, memory, files, and the network.
//!
//! System calls are allowed by name (seccomp(2)) and any other fails with `EPERM`: there is no list of dangerous ones that
//! could miss one. It fails closed: whoever cannot be locked in compiles nothing. Where there is no seccomp the limits of
//! the process are all there is.

use super::Job;
use rustix::process::{Resource, Rlimit, nice, setrlimit};

/// Files that may be open: what is open already.
const FILES: u64 = 16;
/// Calls in progress go first.
const NICE: i32 = 10;

pub(super) fn close(job: &Job) -> Result<(), String> {
    // When memory is short this process goes, and not the host. Where that cannot be said there are the limits.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    // One second more until it is killed, should it ignore the first word.
    let limits = [
        (Resource::Cpu, job.cpu_s, job.cpu_s.saturating_add(1)),
        (Resource::As, job.memory, job.memory),
        (Resource::Core, 0, 0),
        (Resource::Fsize, 0, 0),
        (Resource::Nofile, FILES, FILES),
    ];
    for (resource, current, maximum) in limits {
        let limit = Rlimit { current: Some(current), maximum: Some(maximum) };
        setrlimit(resource, limit).map_err(|error| format!("{resource:?}: {error}"))?;
    }
    nice(NICE).map_err(|error| format!("its priority: {error}"))?;
    calls::allow()
}

#[cfg(target_os = "linux")]
mod calls {
    use libc::c_long;
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
        TargetArch,
    };
    use std::collections::BTreeMap;

    type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

    /// What reading, writing, memory and an orderly end need.
    const ALLOWED: &[c_long] = &[
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_getcpu,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];

    pub(super) fn allow() -> Result<(), String> {
        let said = |error: seccompiler::BackendError| error.to_string();
        // What `clone3` shall make stands in memory, where no filter looks: the library is told that there is none, and
        // takes `clone`.
        let none = SeccompAction::Errno(errno(libc::ENOSYS));
        apply(Rules::from([(libc::SYS_clone3, Vec::new())]), SeccompAction::Allow, none)?;
        let thread = libc::CLONE_THREAD as u64;
        let flags = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), thread);
        let threads = flags.and_then(|flags| SeccompRule::new(vec![flags])).map_err(said)?;
        // Ending itself needs a signal to itself; nobody else of this user gets one.
        let own = u64::from(std::process::id());
        let own = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, own);
        let own = own.and_then(|own| SeccompRule::new(vec![own])).map_err(said)?;
        let mut rules: Rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
        let narrow = [(libc::SYS_clone, vec![threads]), (libc::SYS_clone3, Vec::new()), (libc::SYS_tgkill, vec![own])];
        rules.extend(narrow);
        apply(rules, SeccompAction::Errno(errno(libc::EPERM)), SeccompAction::Allow)
    }

    fn errno(error: i32) -> u32 {
        error.unsigned_abs()
    }

    /// From now on and for all threads. It also gives up, for good, ever to gain a privilege (`no_new_privs`).
    fn apply(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<(), String> {
        let said = |error: seccompiler::BackendError| error.to_string();
        let target = TargetArch::try_from(std::env::consts::ARCH).map_err(said)?;
        let filter = SeccompFilter::new(rules, otherwise, matched, target).map_err(said)?;
        let program: BpfProgram = filter.try_into().map_err(said)?;
        seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())
    }
}

#[cfg(not(target_os = "linux"))]
mod calls {
    pub(super) fn allow() -> Result<(), String> {
        Ok(())
    }
}
