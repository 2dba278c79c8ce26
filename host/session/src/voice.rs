//! The call's voice: one synthesis session, opened ahead and opened again after a failure.

use crate::ears::fault;
use bytes::Bytes;
use std::sync::Arc;
use trunkline_contract::speech::WordSpan;
use trunkline_engine::ProviderFault;
use trunkline_providers::{Tts, TtsContext, TtsEvent, TtsRequest, TtsSession};

/// What the synthesiser tells the engine.
#[derive(Debug)]
pub(crate) enum Spoken {
    Audio { context: u32, audio: Bytes, words: Vec<WordSpan> },
    Done { context: u32 },
    Failed { context: Option<u32>, fault: ProviderFault },
    Nothing,
}

/// The call's voice.
pub(crate) struct Voice {
    provider: Option<(Arc<dyn Tts>, TtsRequest)>,
    session: Option<TtsSession>,
}

impl Voice {
    /// Opens the session at once: the phone may still be ringing.
    pub(crate) fn new(provider: Option<(Arc<dyn Tts>, TtsRequest)>) -> Self {
        let session = provider.as_ref().map(|(tts, request)| tts.connect(request.clone()));
        Self { provider, session }
    }

    /// Speaks a piece of text that can stand alone.
    pub(crate) fn speak(&mut self, context: u32, text: &str) {
        if self.session.is_none() {
            self.session = self.provider.as_ref().map(|(tts, request)| tts.connect(request.clone()));
        }
        if let Some(session) = &mut self.session {
            session.speak(TtsContext(context.into()), text, true);
        }
    }

    pub(crate) fn finish(&mut self, context: u32) {
        if let Some(session) = &mut self.session {
            session.finish(TtsContext(context.into()));
        }
    }

    pub(crate) fn cancel(&mut self, context: u32) {
        if let Some(session) = &mut self.session {
            session.cancel(TtsContext(context.into()));
        }
    }

    /// The next thing that the synthesiser gives; never ends without one. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Spoken {
        let Some(session) = &mut self.session else { return std::future::pending().await };
        match session.next().await {
            Some(Ok(TtsEvent::Audio { context, audio, words })) => Spoken::Audio { context: id(context), audio, words },
            Some(Ok(TtsEvent::Done { context })) => Spoken::Done { context: id(context) },
            Some(Ok(TtsEvent::Failed { context, error })) => {
                Spoken::Failed { context: Some(id(context)), fault: fault(&error, error.retryable()) }
            }
            Some(Ok(TtsEvent::Opened)) => Spoken::Nothing,
            Some(Err(error)) => {
                // Opened again with the next words.
                self.session = None;
                Spoken::Failed { context: None, fault: fault(&error, error.retryable()) }
            }
            None => {
                self.session = None;
                Spoken::Nothing
            }
        }
    }
}

fn id(context: TtsContext) -> u32 {
    // Contexts are made from passages, which are 32 bits.
    u32::try_from(context.0).unwrap_or(u32::MAX)
}
