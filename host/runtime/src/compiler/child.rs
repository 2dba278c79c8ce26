//! The other side: what the process does that compiles.

use super::jail;
use crate::component::LoadError;
use crate::config::Config;
use crate::runtime;
use std::io::{Read, Write};
use std::process::ExitCode;

/// First byte of an answer that is code.
const CODE: u8 = 0;
/// First byte of an answer that says why there is no code: the component's own fault.
const FAULT: u8 = 1;
/// The same, and it is the machine's.
const BROKEN: u8 = 2;
/// Instead of the first byte of an answer that did not come.
pub(super) const NOTHING: u8 = 255;

/// What is to be done and with how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// CPU of the whole process, s.
    pub cpu_s: u64,
    /// Address space, bytes.
    pub memory: u64,
    /// For a host whose guests have no reserved slots.
    pub on_demand: bool,
}

impl Job {
    /// As arguments of a command line.
    pub(super) fn arguments(&self) -> [String; 3] {
        [self.cpu_s.to_string(), self.memory.to_string(), self.on_demand.to_string()]
    }

    /// From what [`Compiler`](super::Compiler) puts on the command line; none: it is something else.
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let [cpu_s, memory, on_demand] = arguments else { return None };
        Some(Self { cpu_s: cpu_s.parse().ok()?, memory: memory.parse().ok()?, on_demand: on_demand.parse().ok()? })
    }
}

/// Compiles what comes on standard input and writes the answer to standard output. It gives away, first of all and for
/// good, what compiling does not need; call it before anything else is started in the process.
pub fn compile_here(job: &Job) -> ExitCode {
    let (kind, answer) = match jail::close(job) {
        // Nothing is compiled in a jail that does not close.
        Err(error) => (BROKEN, format!("the compiler cannot be locked in: {error}").into_bytes()),
        Ok(()) => match compile(job) {
            Ok(code) => (CODE, code),
            Err(fault) => (FAULT, fault.into_bytes()),
        },
    };
    let mut out = std::io::stdout().lock();
    let written = out.write_all(&[kind]).and_then(|()| out.write_all(&answer)).and_then(|()| out.flush());
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn compile(job: &Job) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    runtime::compile(&Config::new([0; 32]), job.on_demand, &bytes).map_err(|error| match error {
        LoadError::Compile(why) => why,
        error => error.to_string(),
    })
}

/// Reads what a child wrote.
pub(super) fn answer([kind]: [u8; 1], answer: Vec<u8>) -> Result<Vec<u8>, LoadError> {
    let text = |answer: Vec<u8>| {
        let mut text = String::from_utf8_lossy(&answer).into_owned();
        text.truncate(text.floor_char_boundary(2_000));
        text
    };
    match kind {
        CODE => Ok(answer),
        FAULT => Err(LoadError::Compile(text(answer))),
        NOTHING => Err(LoadError::Compiler("it gave no answer".to_owned())),
        _ => Err(LoadError::Compiler(text(answer))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_what_its_arguments_say() {
        let job = Job { cpu_s: 60, memory: 4 << 30, on_demand: true };
        assert_eq!(Job::parse(&job.arguments()), Some(job));
        for wrong in [&["60"][..], &["60", "1", "perhaps"], &["", "1", "true"], &["1", "2", "true", "4"]] {
            let wrong: Vec<String> = wrong.iter().map(|part| (*part).to_owned()).collect();
            assert_eq!(Job::parse(&wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_is_code_or_says_why_there_is_none() {
        assert_eq!(answer([CODE], vec![1, 2]), Ok(vec![1, 2]));
        assert_eq!(answer([FAULT], b"no".to_vec()), Err(LoadError::Compile("no".to_owned())));
        assert_eq!(answer([BROKEN], b"no".to_vec()), Err(LoadError::Compiler("no".to_owned())));
        assert!(matches!(answer([NOTHING], Vec::new()), Err(LoadError::Compiler(_))));
    }
}
