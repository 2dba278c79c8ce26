//! Speech and language providers behind three traits: recognition, generation and synthesis.
//!
//! A conversation with a provider is a handle: dropping it cancels whatever is under way. Sockets are driven by one
//! task each, which dials, so that a handle can be used (and audio or text handed over) before its socket is open.
//! Errors say whether trying again can help; the decision to do so is the caller's, except in [`ReconnectingStt`].

mod config;
mod documents;
mod duplex;
mod error;
mod llm;
mod local;
mod outlet;
mod registry;
mod stt;
mod tryout;
mod tts;

pub use config::{EndpointConfig, ProvidersConfig, Secret};
pub use documents::{Documents, DocumentsError, Found, Passage};
pub use error::{ErrorKind, ProviderError};
pub use llm::builtin::{Builtin, language};
pub use llm::openai::OpenAi;
pub use llm::{Llm, LlmRequest, LlmStream};
pub use local::{Local, LocalConfig, ProgramStatus, SttProgram, TtsProgram};
pub use registry::{Kind, ProviderStatus, Providers};
pub use stt::deepgram::Deepgram;
pub use stt::reconnecting::{Reconnect, ReconnectingStt};
pub use stt::{Stt, SttEvent, SttRequest, SttStream};
pub use tryout::{Heard, Spoken};
pub use tts::elevenlabs::ElevenLabs;
pub use tts::{Tts, TtsContext, TtsEvent, TtsRequest, TtsSession, TtsSettings};
