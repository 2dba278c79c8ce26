//! What a call needs to know before it begins.

use serde::{Deserialize, Serialize};
use trunkline_audio::playout;
use trunkline_contract::Ms;
use trunkline_contract::agent::{Limits, OutputSchema, TurnRules};
use trunkline_contract::event::{CallInfo, ToolInfo};

/// A component that can decide for this call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// SHA-256, lower-case hex.
    pub digest: String,
    /// `start` for the agent's own, then `last-good`, `stock`.
    pub reason: String,
}

/// Who runs a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Runner {
    /// Ends the call after what is being said.
    EndCall,
    /// Stores fields of the call's result.
    SaveData,
    /// Somebody outside of the engine.
    External {
        /// It changes something: recorded before it is sent, never repeated.
        write: bool,
        /// It is dropped when the caller interrupts.
        cancellable: bool,
        /// It fails after this long, ms.
        timeout_ms: u32,
    },
}

/// A tool that the agent was granted.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// What the model and the behaviour see.
    pub info: ToolInfo,
    /// Who runs it.
    pub runner: Runner,
}

/// How long to wait before something counts as lost, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Finalise asked for, nothing back: the turn ends with what is known and the recogniser is reconnected.
    pub stt_stall: Ms,
    /// A generation without a new piece.
    pub llm_stall: Ms,
    /// Text sent to the synthesiser, no audio back.
    pub tts_stall: Ms,
    /// The media socket opened, but no audio came.
    pub first_media: Ms,
    /// The media socket was lost: how long the carrier may take to come back.
    pub media_grace: Ms,
    /// The last words before a hang-up must be heard within this.
    pub farewell: Ms,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            stt_stall: 1_500,
            llm_stall: 8_000,
            tts_stall: 5_000,
            first_media: 15_000,
            media_grace: 20_000,
            farewell: 30_000,
        }
    }
}

/// What a call needs to know before it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct CallConfig {
    /// Handed to the behaviour with `started`.
    pub call: CallInfo,
    /// Turn-taking.
    pub rules: TurnRules,
    /// Bounds.
    pub limits: Limits,
    /// The contract's instructions, not yet rendered: the context may change.
    pub instructions: String,
    /// Rendered line for when the agent's own code fails.
    pub fallback: String,
    /// Rendered last line.
    pub goodbye: String,
    /// The agent has a language model.
    pub can_generate: bool,
    /// What the model's spoken answers are made of; without fields they are plain text.
    pub output: OutputSchema,
    /// Messages of the history that the model is shown at most, newest first.
    pub thread_window: usize,
    /// Granted tools.
    pub tools: Vec<Granted>,
    /// Who decides: the agent's own component, then those to fall back to. Never empty.
    pub components: Vec<Component>,
    /// How audio goes out.
    pub playout: playout::Config,
    /// What counts as lost.
    pub timeouts: Timeouts,
    /// All chance of this call comes from here.
    pub seed: u64,
}
