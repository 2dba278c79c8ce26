//! Trying a provider out: one text spoken, one recording heard.

use crate::error::{ErrorKind, ProviderError};
use crate::stt::{Stt, SttEvent, SttRequest};
use crate::tts::{Tts, TtsContext, TtsEvent, TtsRequest};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use trunkline_contract::speech::Word;

/// Longer than any provider's own patience.
const PATIENCE: Duration = Duration::from_secs(45);
/// Audio is handed over in such pieces, bytes.
const PORTION: usize = 4_096;
const CONTEXT: TtsContext = TtsContext(1);

/// A text that was spoken.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// In the format asked for.
    pub audio: Vec<u8>,
    /// From the text to its first audio, ms.
    pub first_audio_ms: u64,
}

/// A recording that was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// What was said.
    pub text: String,
    /// Words, when the provider tells.
    pub words: Vec<Word>,
    /// From the end of the recording to the last words, ms.
    pub took_ms: u64,
}

impl Spoken {
    /// Has a text spoken.
    ///
    /// # Errors
    /// The provider's.
    pub async fn of(tts: &dyn Tts, request: TtsRequest, text: &str) -> Result<Self, ProviderError> {
        let began = Instant::now();
        let mut session = tts.connect(request);
        session.speak(CONTEXT, text, true);
        session.finish(CONTEXT);
        let (mut audio, mut first) = (Vec::new(), None);
        loop {
            match timeout(PATIENCE, session.next()).await.map_err(|_| late())? {
                Some(Ok(TtsEvent::Audio { audio: more, .. })) => {
                    if !more.is_empty() {
                        first.get_or_insert_with(|| began.elapsed());
                    }
                    audio.extend_from_slice(&more);
                }
                Some(Ok(TtsEvent::Done { .. })) | None => break,
                Some(Ok(TtsEvent::Failed { error, .. }) | Err(error)) => return Err(error),
                Some(Ok(TtsEvent::Opened)) => {}
            }
        }
        Ok(Self { audio, first_audio_ms: ms(first.unwrap_or_else(|| began.elapsed())) })
    }
}

impl Heard {
    /// Has a recording recognised, as quickly as the provider takes it.
    ///
    /// # Errors
    /// The provider's.
    pub async fn of(stt: &dyn Stt, request: SttRequest, audio: &[u8]) -> Result<Self, ProviderError> {
        // Few large messages: what a stream's task cannot take at once is dropped.
        let mut stream = stt.connect(SttRequest { batch_ms: 1_000, ..request });
        stream.expect(true);
        for portion in audio.chunks(PORTION) {
            stream.send(portion);
        }
        stream.finalize();
        let began = Instant::now();
        let (mut text, mut words) = (String::new(), Vec::new());
        loop {
            match timeout(PATIENCE, stream.next()).await.map_err(|_| late())? {
                Some(Ok(SttEvent::Transcript(piece))) if piece.is_final => {
                    if !text.is_empty() && !piece.text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(&piece.text);
                    words.extend(piece.words);
                    if piece.from_finalize {
                        break;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => break,
            }
        }
        Ok(Self { text, words, took_ms: ms(began.elapsed()) })
    }
}

fn late() -> ProviderError {
    ProviderError::new("try-out", ErrorKind::Timeout, format!("no answer within {} s", PATIENCE.as_secs()))
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
