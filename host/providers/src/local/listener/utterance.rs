//! One utterance and the process that hears it.

use super::super::child::Process;
use super::super::convert::ForProgram;
use super::super::program::Hearer;
use super::super::{Local, error, wav};
use super::LOOK_MS;
use crate::error::{ErrorKind, ProviderError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// After the last audio, the words must have come within this.
const ANSWER: Duration = Duration::from_secs(12);
/// A place among the working processes must be free within this.
const PLACE: Duration = Duration::from_secs(5);
/// What is printed for one utterance, bytes.
const MAX_TEXT: usize = 64 * 1024;

/// What a process says.
pub(super) enum Said {
    /// Words.
    Line(String),
    /// Nothing more comes.
    End(Result<(), ProviderError>),
}

/// One utterance; dropping it kills its process.
pub(super) struct Utterance {
    pub(super) id: u64,
    pub(super) start_ms: u64,
    rate: u32,
    converter: ForProgram,
    audio: Option<mpsc::UnboundedSender<Vec<u8>>>,
    /// Its beginning, until somebody looks at it.
    beginning: Option<Vec<u8>>,
    bytes: u64,
    task: JoinHandle<()>,
}

impl Drop for Utterance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Utterance {
    pub(super) fn begin(
        local: &Local,
        hearer: &Hearer,
        converter: ForProgram,
        id: u64,
        start_ms: u64,
        said: mpsc::UnboundedSender<(u64, Said)>,
    ) -> Self {
        // Bounded by the length of an utterance: longer ones are cut.
        let (audio, heard) = mpsc::unbounded_channel();
        let (local, hearer) = (local.clone(), hearer.clone());
        let rate = hearer.rate;
        let task = tokio::spawn(async move {
            let ended = hear(&local, &hearer, heard, |line| said.send((id, Said::Line(line))).is_ok()).await;
            said.send((id, Said::End(ended))).ok();
        });
        Self { id, start_ms, rate, converter, audio: Some(audio), beginning: Some(Vec::new()), bytes: 0, task }
    }

    /// How much was fed, ms.
    pub(super) fn ms(&self) -> u64 {
        self.bytes * 1_000 / (u64::from(self.rate.max(1)) * 2)
    }

    pub(super) fn feed(&mut self, audio: &[u8]) -> Result<(), ProviderError> {
        let pcm = self.converter.push(audio)?;
        if let Some(beginning) = &mut self.beginning {
            beginning.extend_from_slice(&pcm);
        }
        self.feed_converted(pcm);
        Ok(())
    }

    pub(super) fn feed_converted(&mut self, pcm: Vec<u8>) {
        self.bytes += pcm.len() as u64;
        if let Some(audio) = &self.audio {
            // A process that has ended says so by itself.
            audio.send(pcm).ok();
        }
    }

    /// What was fed so far; once.
    pub(super) fn take_beginning(&mut self) -> Option<Vec<u8>> {
        self.beginning.take().filter(|_| self.ms() < 2 * LOOK_MS)
    }

    /// No more audio comes.
    pub(super) fn close(&mut self) {
        self.audio = None;
        self.beginning = None;
    }
}

async fn hear(
    local: &Local,
    hearer: &Hearer,
    mut audio: mpsc::UnboundedReceiver<Vec<u8>>,
    mut line: impl FnMut(String) -> bool,
) -> Result<(), ProviderError> {
    let place = timeout(PLACE, local.0.places.clone().acquire_owned()).await;
    let Ok(Ok(_place)) = place else {
        return Err(error(ErrorKind::Unavailable, "all places for local speech are taken (`max_processes`)"));
    };
    let name = hearer.name.as_str();
    let late = || error(ErrorKind::Timeout, format!("`{name}` gave no words within {} s", ANSWER.as_secs()));
    if hearer.takes_file() {
        let mut pcm = Vec::new();
        while let Some(more) = audio.recv().await {
            pcm.extend(more);
        }
        let file = Scratch::write(&wav::write(hearer.rate, &pcm)).await?;
        let mut process = Process::start(&hearer.program, &hearer.arguments(&file.0))?;
        drop(process.stdin.take());
        let stdout = process.stdout.take();
        return timeout(ANSWER, read(name, stdout, &mut process, &mut line)).await.map_err(|_| late())?;
    }
    let mut process = local.0.pool.take(hearer)?;
    let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
    let writing = async move {
        let mut stdin = stdin;
        while let Some(pcm) = audio.recv().await {
            let written = match &mut stdin {
                Some(stdin) => stdin.write_all(&pcm).await.is_ok(),
                None => true,
            };
            if !written {
                // It has ended, or closed its ears; its exit says which.
                stdin = None;
            }
        }
        drop(stdin);
        tokio::time::sleep(ANSWER).await;
    };
    tokio::select! {
        ended = read(name, stdout, &mut process, &mut line) => ended,
        () = writing => Err(late()),
    }
}

/// Reads lines to the end, and how the process ended.
async fn read(
    name: &str,
    stdout: Option<ChildStdout>,
    process: &mut Process,
    line: &mut impl FnMut(String) -> bool,
) -> Result<(), ProviderError> {
    let mut stdout = stdout.ok_or_else(|| error(ErrorKind::Unavailable, "it has no output"))?;
    let (mut waiting, mut total, mut any) = (Vec::new(), 0, false);
    let mut buffer = [0; 4_096];
    loop {
        let read = stdout.read(&mut buffer).await;
        let len = read.map_err(|cause| error(ErrorKind::Unavailable, format!("`{name}`: {cause}")))?;
        waiting.extend_from_slice(buffer.get(..len).unwrap_or_default());
        total += len;
        if total > MAX_TEXT {
            return Err(error(ErrorKind::Protocol, format!("`{name}` printed more than {MAX_TEXT} bytes")));
        }
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n').or((len == 0).then_some(waiting.len())) {
            let rest = waiting.split_off((end + 1).min(waiting.len()));
            let text = words(name, &std::mem::replace(&mut waiting, rest))?;
            if !text.is_empty() {
                any = true;
                line(text);
            }
            if waiting.is_empty() {
                break;
            }
        }
        if len == 0 {
            break;
        }
    }
    // Words count, whatever came after them.
    match process.end(name).await {
        Err(_) if any => Ok(()),
        ended => ended,
    }
}

/// The words of a printed line: without what recognisers print for noises and silences, and for variants of a word.
fn words(name: &str, line: &[u8]) -> Result<String, ProviderError> {
    let line = std::str::from_utf8(line)
        .map_err(|_| error(ErrorKind::Protocol, format!("`{name}` printed something that is no UTF-8 text")))?;
    let noise = |word: &&str| !matches!(word.chars().next(), Some('<' | '[' | '+'));
    let variant = |word: &str| match word.find('(') {
        Some(at) if at > 0 && word.ends_with(')') => word.get(..at).unwrap_or(word).to_owned(),
        _ => word.chars().filter(|c| !c.is_control()).collect(),
    };
    let words: Vec<String> = line.split_whitespace().filter(noise).map(variant).collect();
    Ok(words.join(" "))
}

/// A file of our own; gone when dropped.
struct Scratch(std::path::PathBuf);

impl Scratch {
    async fn write(wav: &[u8]) -> Result<Self, ProviderError> {
        let scratch = Self(super::super::scratch_path());
        let unwritable = |cause| error(ErrorKind::Unavailable, format!("a file for an utterance: {cause}"));
        tokio::fs::write(&scratch.0, wav).await.map_err(unwritable)?;
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn noises_and_variants_are_no_words() {
        assert_eq!(words("x", b"<sil> what are(2) your [NOISE] hours ++um++\r\n").unwrap(), "what are your hours");
        assert_eq!(words("x", b"  \n").unwrap(), "");
        assert!(words("x", &[0xff, 0xfe]).is_err());
    }

    proptest! {
        #[test]
        fn any_line_is_words_or_refused(line in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(text) = words("x", &line) {
                prop_assert!(!text.contains(['\n', '\0']));
            }
        }
    }
}
