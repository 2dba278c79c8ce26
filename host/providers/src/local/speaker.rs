//! Speaking: one process per piece of text, one piece at a time, its audio handed on as it comes.

use super::child::Process;
use super::convert::ForCall;
use super::program::{Speaker, check_voice};
use super::{Local, error, wav};
use crate::error::{ErrorKind, ProviderError};
use crate::outlet::Outlet;
use crate::tts::{Command, Ends, TtsContext, TtsEvent, TtsRequest};
use bytes::Bytes;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use trunkline_contract::speech::AudioFormat;

/// The first audio of a piece must come within this.
const FIRST_AUDIO: Duration = Duration::from_secs(10);
/// A place among the working processes must be free within this.
const PLACE: Duration = Duration::from_secs(5);
/// Audio of one piece, bytes as the program gives it: five minutes at 48 kHz.
const MAX_AUDIO: usize = 5 * 60 * 48_000 * 2;
/// Samples of at most this are silence: -40 dB of full scale.
const SILENT: u16 = 328;
/// Silence of this length, bytes, is meant: two seconds at 16 kHz.
const MAX_SILENCE: usize = 64_000;
/// So much of the silence before the first sound is kept: 20 ms at 16 kHz.
const LEAD_SAMPLES: usize = 320;
/// What is read at a time.
const READ: usize = 16 * 1024;
/// Audio on its way to the session, in portions.
const PORTIONS: usize = 32;

pub(super) async fn run(local: Local, request: TtsRequest, (mut commands, events): Ends) {
    let mut session =
        Session { local, request, outlet: Outlet::new(events.clone()), contexts: VecDeque::new(), working: None };
    session.outlet.push(Ok(TtsEvent::Opened));
    loop {
        session.start();
        let full = session.outlet.is_full();
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(command) => session.obey(command),
                None => return,
            },
            () = events.closed() => return,
            () = session.outlet.drain_one(), if full => {}
            portion = portion(&mut session.working), if !full => session.came(portion),
        }
    }
}

/// Text that is to be spoken on its own.
struct Context {
    id: TtsContext,
    pieces: VecDeque<String>,
    finished: bool,
}

/// A process at work; dropping it kills the process.
struct Working {
    context: TtsContext,
    portions: mpsc::Receiver<Result<Bytes, ProviderError>>,
    task: JoinHandle<()>,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Session {
    local: Local,
    request: TtsRequest,
    outlet: Outlet<Result<TtsEvent, ProviderError>>,
    contexts: VecDeque<Context>,
    working: Option<Working>,
}

async fn portion(working: &mut Option<Working>) -> Option<Result<Bytes, ProviderError>> {
    match working {
        Some(working) => working.portions.recv().await,
        None => std::future::pending().await,
    }
}

impl Session {
    fn obey(&mut self, command: Command) {
        match command {
            Command::Speak { context, text, .. } => self.context(context).pieces.push_back(text),
            Command::Finish(context) => self.context(context).finished = true,
            Command::Cancel(context) => {
                self.contexts.retain(|known| known.id != context);
                self.working.take_if(|working| working.context == context);
            }
        }
    }

    fn context(&mut self, id: TtsContext) -> &mut Context {
        let at = self.contexts.iter().position(|known| known.id == id).unwrap_or_else(|| {
            self.contexts.push_back(Context { id, pieces: VecDeque::new(), finished: false });
            self.contexts.len() - 1
        });
        // The place was just found or made.
        #[allow(clippy::indexing_slicing, reason = "just found or made")]
        &mut self.contexts[at]
    }

    /// Begins the next piece; contexts are spoken in the order in which they were begun.
    fn start(&mut self) {
        while self.working.is_none() {
            let Some(context) = self.contexts.front_mut() else { return };
            let id = context.id;
            match context.pieces.pop_front() {
                Some(text) => {
                    let (sender, portions) = mpsc::channel(PORTIONS);
                    let speaking = speak(self.local.clone(), self.request.clone(), text, sender);
                    self.working = Some(Working { context: id, portions, task: tokio::spawn(speaking) });
                }
                None if context.finished => {
                    self.contexts.pop_front();
                    self.outlet.push(Ok(TtsEvent::Done { context: id }));
                }
                None => {
                    // It waits for more text. Others need not wait for it.
                    let later = self.contexts.iter().position(|c| !c.pieces.is_empty() || c.finished);
                    let Some(context) = later.and_then(|at| self.contexts.remove(at)) else { return };
                    self.contexts.push_front(context);
                }
            }
        }
    }

    fn came(&mut self, portion: Option<Result<Bytes, ProviderError>>) {
        let Some(context) = self.working.as_ref().map(|working| working.context) else { return };
        match portion {
            Some(Ok(audio)) => {
                self.outlet.push(Ok(TtsEvent::Audio { context, audio, words: Vec::new() }));
            }
            Some(Err(error)) => {
                self.working = None;
                self.contexts.retain(|known| known.id != context);
                self.outlet.push(Ok(TtsEvent::Failed { context, error }));
            }
            None => self.working = None,
        }
    }
}

async fn speak(local: Local, request: TtsRequest, text: String, portions: mpsc::Sender<Result<Bytes, ProviderError>>) {
    let locale = request.language.as_deref().unwrap_or("en");
    let speaker = local.0.programs.speaker(request.model.as_deref(), locale);
    let outcome = match speaker {
        Ok(speaker) => synthesise(&local, &speaker, &request, &text, &portions).await,
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        portions.send(Err(error)).await.ok();
    }
}

async fn synthesise(
    local: &Local,
    speaker: &Speaker,
    request: &TtsRequest,
    text: &str,
    portions: &mpsc::Sender<Result<Bytes, ProviderError>>,
) -> Result<(), ProviderError> {
    check_voice(request.voice.as_deref())?;
    let text = plain(text);
    if text.is_empty() {
        return Ok(());
    }
    let place = timeout(PLACE, local.0.places.clone().acquire_owned()).await;
    let Ok(Ok(_place)) = place else {
        return Err(error(ErrorKind::Unavailable, "all places for local speech are taken (`max_processes`)"));
    };
    let out = speaker.writes_file().then(Scratch::new);
    let path = out.as_ref().map(|out| out.0.clone()).unwrap_or_default();
    let (voice, language) = (request.voice.as_deref(), request.language.as_deref());
    let (args, input) = speaker.arguments(&text, voice, language, request.settings.speed, &path);
    let mut process = Process::start(&speaker.program, &args)?;
    let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
    let writing = async move {
        if let (Some(mut stdin), Some(text)) = (stdin, input) {
            // A program that does not read it says so by its exit.
            stdin.write_all(text.as_bytes()).await.ok();
        }
        std::future::pending::<()>().await;
    };
    let name = speaker.name.as_str();
    let heard = async {
        let mut hearing = Hearing::new(name, speaker.raw_rate(), request.format);
        match &out {
            None => {
                let Some(mut stdout) = stdout else { return Err(error(ErrorKind::Unavailable, "it has no output")) };
                let mut buffer = vec![0; READ];
                loop {
                    let read = match hearing.began() {
                        true => stdout.read(&mut buffer).await,
                        false => timeout(FIRST_AUDIO, stdout.read(&mut buffer)).await.map_err(|_| silent(name))?,
                    };
                    let len = read.map_err(|cause| error(ErrorKind::Unavailable, format!("`{name}`: {cause}")))?;
                    if len == 0 {
                        break;
                    }
                    hearing.take(buffer.get(..len).unwrap_or_default(), portions).await?;
                }
            }
            Some(out) => {
                timeout(FIRST_AUDIO, process.end(name)).await.map_err(|_| silent(name))??;
                let audio = tokio::fs::read(&out.0).await;
                let audio =
                    audio.map_err(|cause| error(ErrorKind::Protocol, format!("`{name}` wrote no file: {cause}")))?;
                hearing.take(&audio, portions).await?;
            }
        }
        Ok(hearing)
    };
    let hearing = tokio::select! {
        hearing = heard => hearing,
        () = writing => return Ok(()),
    };
    if out.is_none() && hearing.as_ref().is_ok_and(|hearing| !hearing.began()) {
        // Its own words are worth more than that it made no sound.
        timeout(FIRST_AUDIO, process.end(name)).await.map_err(|_| silent(name))??;
    }
    hearing?.finish(portions).await
}

fn silent(name: &str) -> ProviderError {
    error(ErrorKind::Timeout, format!("`{name}` gave no audio within {} s", FIRST_AUDIO.as_secs()))
}

/// What a program may be given: control characters have no sound.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// A file of our own; gone when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        Self(super::scratch_path())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

/// The audio of one piece: its header first, then PCM.
struct Hearing<'a> {
    name: &'a str,
    raw_rate: Option<u32>,
    format: AudioFormat,
    head: Vec<u8>,
    converter: Option<ForCall>,
    bytes: usize,
    /// The silence before the first sound: of it only the end is handed on.
    silence: Option<Vec<u8>>,
}

impl<'a> Hearing<'a> {
    fn new(name: &'a str, raw_rate: Option<u32>, format: AudioFormat) -> Self {
        Self { name, raw_rate, format, head: Vec::new(), converter: None, bytes: 0, silence: Some(Vec::new()) }
    }

    fn began(&self) -> bool {
        self.bytes > 0
    }

    async fn take(
        &mut self,
        bytes: &[u8],
        portions: &mpsc::Sender<Result<Bytes, ProviderError>>,
    ) -> Result<(), ProviderError> {
        let first;
        let pcm = match (&self.converter, self.raw_rate) {
            (Some(_), _) => bytes,
            (None, Some(rate)) => {
                self.converter = Some(ForCall::new(rate, self.format)?);
                bytes
            }
            (None, None) => {
                self.head.extend_from_slice(bytes);
                let found = wav::header(&self.head);
                let found = found.map_err(|cause| error(ErrorKind::Protocol, format!("`{}`: {cause}", self.name)))?;
                let Some((at, rate)) = found else { return Ok(()) };
                self.converter = Some(ForCall::new(rate, self.format)?);
                first = self.head.split_off(at);
                first.as_slice()
            }
        };
        self.bytes += pcm.len();
        if self.bytes > MAX_AUDIO {
            return Err(error(ErrorKind::Protocol, format!("`{}` does not stop speaking", self.name)));
        }
        let from_sound;
        let pcm = match &mut self.silence {
            None => pcm,
            Some(silence) => {
                let known = silence.len() / 2;
                silence.extend_from_slice(pcm);
                let loud = |pair: &[u8; 2]| i16::from_le_bytes(*pair).unsigned_abs() > SILENT;
                let sound = silence.as_chunks().0.iter().skip(known).position(loud);
                let keep = match sound {
                    Some(at) => (known + at).saturating_sub(LEAD_SAMPLES) * 2,
                    None if silence.len() < MAX_SILENCE => return Ok(()),
                    None => 0,
                };
                from_sound = silence.split_off(keep);
                self.silence = None;
                from_sound.as_slice()
            }
        };
        let Some(converter) = &mut self.converter else { return Ok(()) };
        let audio = converter.push(pcm)?;
        if !audio.is_empty() {
            portions.send(Ok(Bytes::from(audio))).await.ok();
        }
        Ok(())
    }

    async fn finish(mut self, portions: &mpsc::Sender<Result<Bytes, ProviderError>>) -> Result<(), ProviderError> {
        let Some(converter) = self.converter.as_mut().filter(|_| self.bytes > 0) else {
            return Err(error(ErrorKind::Protocol, format!("`{}` gave no audio", self.name)));
        };
        let mut rest = converter.push(&self.silence.take().unwrap_or_default())?;
        rest.extend(converter.finish()?);
        if !rest.is_empty() {
            portions.send(Ok(Bytes::from(rest))).await.ok();
        }
        Ok(())
    }
}
