//! Listening: one process per utterance, fed while it is spoken, so that most is recognised when the speech ends.
//!
//! The engine says when the caller may be speaking and when they paused. Between utterances the audio goes into a short
//! memory only, which costs nothing; an utterance begins with what is in it, because speech is noticed late. A look at the
//! first second gives words early, for interruptions. Long speech is cut at quiet moments.

mod utterance;

use self::utterance::{Said, Utterance};
use super::Local;
use super::convert::{ForProgram, decode};
use super::program::Hearer;
use crate::error::ProviderError;
use crate::outlet::Outlet;
use crate::stt::{Command, Ends, SttEvent, SttRequest, ms_of_bytes};
use bytes::Bytes;
use std::collections::VecDeque;
use tokio::sync::mpsc;
use trunkline_contract::speech::{AudioFormat, Transcript};

/// Audio before the speech was noticed, ms.
const PRE_ROLL_MS: u64 = 700;
/// Speech after which a first look is taken, ms.
const LOOK_MS: u64 = 1_200;
/// From this length on an utterance is cut at the next quiet moment, and in any case at the second, ms.
const CUT_MS: (u64, u64) = (9_000, 13_000);
/// Louder than this is not quiet, of full scale: -45 dB.
const QUIET: f64 = 0.005_6;

pub(super) async fn run(local: Local, request: SttRequest, (mut commands, events): Ends) {
    let mut outlet = Outlet::new(events.clone());
    let ended = match local.0.programs.listener(request.model.as_deref(), request.format == AudioFormat::Mulaw8k) {
        Ok(mut hearer) => {
            hearer.speak_of(request.language.as_deref().unwrap_or("en"));
            if !hearer.takes_file() {
                local.0.pool.warm(&hearer);
            }
            outlet.push(Ok(SttEvent::Opened));
            let (said, mut saying) = mpsc::unbounded_channel();
            let mut session = Session::new(local, hearer, &request, said, &mut outlet);
            match session.drive(&mut commands, &events, &mut saying).await {
                Some(ended) => ended,
                // Nobody listens any more.
                None => return,
            }
        }
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        outlet.push(Err(error));
    }
    // Handles see the end of the stream when both ends of the channel are gone.
    drop((commands, events));
    outlet.finish().await;
}

type Events = mpsc::Sender<Result<SttEvent, ProviderError>>;

/// An utterance that is not told yet, in the order in which they were spoken.
struct Heard {
    id: u64,
    start_ms: u64,
    end_ms: u64,
    text: String,
    /// It answers a request to finalise.
    finalize: bool,
    /// Its process; none: it has ended.
    process: Option<Utterance>,
}

struct Session<'a> {
    local: Local,
    hearer: Hearer,
    format: AudioFormat,
    offset_ms: u64,
    outlet: &'a mut Outlet<Result<SttEvent, ProviderError>>,
    said: mpsc::UnboundedSender<(u64, Said)>,
    /// Of audio that came or was lost.
    bytes: u64,
    memory: VecDeque<Bytes>,
    expecting: bool,
    current: Option<Utterance>,
    heard: VecDeque<Heard>,
    look: Option<Look>,
    next: u64,
    closed: bool,
}

/// A look at the beginning of an utterance that is still being spoken.
struct Look {
    utterance: Utterance,
    of: u64,
    text: String,
}

impl<'a> Session<'a> {
    fn new(
        local: Local,
        hearer: Hearer,
        request: &SttRequest,
        said: mpsc::UnboundedSender<(u64, Said)>,
        outlet: &'a mut Outlet<Result<SttEvent, ProviderError>>,
    ) -> Self {
        Self {
            local,
            hearer,
            format: request.format,
            offset_ms: request.time_offset_ms,
            outlet,
            said,
            bytes: 0,
            memory: VecDeque::new(),
            expecting: false,
            current: None,
            heard: VecDeque::new(),
            look: None,
            next: 0,
            closed: false,
        }
    }

    /// To the end of the stream; `None`: nobody waits for it.
    async fn drive(
        &mut self,
        commands: &mut mpsc::Receiver<Command>,
        events: &Events,
        saying: &mut mpsc::UnboundedReceiver<(u64, Said)>,
    ) -> Option<Result<(), ProviderError>> {
        while !self.closed || !self.heard.is_empty() {
            let full = self.outlet.is_full();
            let went = tokio::select! {
                biased;
                command = commands.recv() => self.obey(command?),
                () = events.closed() => return None,
                () = self.outlet.drain_one(), if full => Ok(()),
                Some((id, news)) = saying.recv(), if !full => self.told(id, news),
            };
            if let Err(error) = went {
                return Some(Err(error));
            }
        }
        Some(Ok(()))
    }

    fn now_ms(&self) -> u64 {
        self.offset_ms + ms_of_bytes(self.format, self.bytes)
    }

    fn obey(&mut self, command: Command) -> Result<(), ProviderError> {
        match command {
            Command::Audio { audio, lost } => self.hear(&audio, lost)?,
            Command::Expect(true) => {
                self.expecting = true;
                self.begin()?;
            }
            Command::Expect(false) => {
                self.expecting = false;
                // Nobody waits for these words.
                self.current = None;
                self.look = None;
            }
            Command::Finalize => self.close_current(true),
            Command::Close => {
                self.close_current(true);
                self.closed = true;
            }
        }
        self.deliver();
        Ok(())
    }

    fn hear(&mut self, audio: &Bytes, lost: u64) -> Result<(), ProviderError> {
        self.bytes += lost + audio.len() as u64;
        let loud = is_loud(self.format, audio);
        self.memory.push_back(audio.clone());
        while ms_of_bytes(self.format, self.memory.iter().skip(1).map(|a| a.len() as u64).sum()) >= PRE_ROLL_MS {
            self.memory.pop_front();
        }
        let Some(current) = &mut self.current else {
            // After a pause within a turn nobody says that speech goes on.
            return if self.expecting && loud { self.begin() } else { Ok(()) };
        };
        current.feed(audio)?;
        let long = current.ms();
        if long >= LOOK_MS
            && let Some(beginning) = current.take_beginning()
        {
            self.look_at(beginning);
        }
        if long >= CUT_MS.1 || (long >= CUT_MS.0 && !loud) {
            self.close_current(false);
            self.begin()?;
        }
        Ok(())
    }

    /// Begins an utterance with what is in memory.
    fn begin(&mut self) -> Result<(), ProviderError> {
        if self.current.is_some() {
            return Ok(());
        }
        let before = ms_of_bytes(self.format, self.memory.iter().map(|audio| audio.len() as u64).sum());
        let mut utterance = self.utterance(self.now_ms().saturating_sub(before))?;
        for audio in self.memory.drain(..) {
            utterance.feed(&audio)?;
        }
        self.current = Some(utterance);
        Ok(())
    }

    fn utterance(&mut self, start_ms: u64) -> Result<Utterance, ProviderError> {
        self.next += 1;
        let converter = ForProgram::new(self.format, self.hearer.rate, self.hearer.doubles)?;
        Ok(Utterance::begin(&self.local, &self.hearer, converter, self.next, start_ms, self.said.clone()))
    }

    fn look_at(&mut self, beginning: Vec<u8>) {
        let Some(of) = self.current.as_ref().map(|current| current.id) else { return };
        if self.hearer.takes_file() || self.look.is_some() {
            return;
        }
        if let Ok(mut utterance) = self.utterance(0) {
            utterance.feed_converted(beginning);
            utterance.close();
            self.look = Some(Look { utterance, of, text: String::new() });
        }
    }

    fn close_current(&mut self, finalize: bool) {
        self.memory.clear();
        let end_ms = self.now_ms();
        let heard = match self.current.take() {
            Some(mut process) => {
                process.close();
                let (id, start_ms) = (process.id, process.start_ms);
                Heard { id, start_ms, end_ms, text: String::new(), finalize, process: Some(process) }
            }
            None => Heard { id: 0, start_ms: end_ms, end_ms, text: String::new(), finalize, process: None },
        };
        self.heard.push_back(heard);
    }

    fn told(&mut self, id: u64, news: Said) -> Result<(), ProviderError> {
        if let Some(look) = self.look.as_mut().filter(|look| look.utterance.id == id) {
            match news {
                Said::Line(line) => push_words(&mut look.text, &line),
                Said::End(_) => self.looked(),
            }
            return Ok(());
        }
        if let Some(heard) = self.heard.iter_mut().find(|heard| heard.id == id) {
            match news {
                Said::Line(line) => push_words(&mut heard.text, &line),
                Said::End(ended) => {
                    ended?;
                    heard.process = None;
                }
            }
            self.deliver();
            return Ok(());
        }
        let now_ms = self.now_ms();
        let before = self.heard.is_empty();
        if let Some(current) = self.current.as_mut().filter(|current| current.id == id) {
            match news {
                // A pause of its own finding: these words are final.
                Said::Line(line) if before => {
                    let start_ms = std::mem::replace(&mut current.start_ms, now_ms);
                    self.transcript(line, true, false, start_ms, now_ms);
                }
                Said::Line(line) => {
                    let (id, start_ms) = (0, current.start_ms);
                    self.heard.push_back(Heard {
                        id,
                        start_ms,
                        end_ms: now_ms,
                        text: line,
                        finalize: false,
                        process: None,
                    });
                }
                Said::End(ended) => {
                    self.current = None;
                    ended?;
                }
            }
        }
        Ok(())
    }

    /// Words of the beginning, while the rest is still being spoken.
    fn looked(&mut self) {
        let Some(look) = self.look.take() else { return };
        let Some(current) = self.current.as_ref().filter(|current| current.id == look.of) else { return };
        let start_ms = current.start_ms;
        if !look.text.is_empty() && self.heard.is_empty() {
            self.transcript(look.text, false, false, start_ms, start_ms + LOOK_MS);
        }
    }

    fn deliver(&mut self) {
        while let Some(heard) = self.heard.pop_front_if(|heard| heard.process.is_none()) {
            if heard.finalize || !heard.text.is_empty() {
                self.transcript(heard.text, true, heard.finalize, heard.start_ms, heard.end_ms);
            }
        }
    }

    fn transcript(&mut self, text: String, is_final: bool, from_finalize: bool, start_ms: u64, end_ms: u64) {
        self.outlet.push(Ok(SttEvent::Transcript(Transcript {
            text,
            is_final,
            from_finalize,
            confidence: None,
            language: None,
            start_ms,
            end_ms,
            words: Vec::new(),
        })));
    }
}

fn push_words(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

fn is_loud(format: AudioFormat, audio: &[u8]) -> bool {
    let samples = decode(format, audio);
    let power: f64 = samples.iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum();
    power > QUIET * QUIET * samples.len().max(1) as f64
}
