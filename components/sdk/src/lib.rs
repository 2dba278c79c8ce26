//! What a Rust author of Trunkline agents uses: typed events and actions, typed state and settings, a one-line entry
//! macro and a harness that runs a behaviour in an ordinary test.
//!
//! A behaviour is a pure reducer: the host hands it one event, it changes its state and asks for actions. It has no clock
//! but [`Ctx::now_ms`], no randomness but [`Ctx::random`], and nothing survives between two events but [`Ctx::state`]
//! (so no statics, and no iteration over a `HashMap`: its order differs from run to run; take a `BTreeMap`).
//!
//! ```
//! use trunkline_sdk::{Behaviour, Ctx, Error, Event, Generate, Manifest};
//! use serde::{Deserialize, Serialize};
//!
//! struct Counter;
//!
//! #[derive(Default, Serialize, Deserialize)]
//! struct State {
//!     turns: u32,
//! }
//!
//! #[derive(Default, Serialize, Deserialize)]
//! #[serde(default)]
//! struct Settings {
//!     most: Option<u32>,
//! }
//!
//! impl Behaviour for Counter {
//!     type State = State;
//!     type Settings = Settings;
//!
//!     fn manifest() -> Manifest {
//!         Manifest::new("counter", "1.0.0", r#"{"type":"object","properties":{"most":{"type":"integer"}}}"#)
//!     }
//!
//!     fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
//!         match event {
//!             Event::Started(_) => {
//!                 ctx.say("Hello.");
//!             }
//!             Event::UserTurn(_) => {
//!                 ctx.state.turns += 1;
//!                 if Some(ctx.state.turns) > ctx.settings.most {
//!                     ctx.say("That is all for today.");
//!                     ctx.hang_up("enough");
//!                 } else {
//!                     ctx.generate(Generate::spoken());
//!                 }
//!             }
//!             _ => {}
//!         }
//!         Ok(())
//!     }
//! }
//!
//! trunkline_sdk::agent!(Counter);
//!
//! # fn main() {
//! let mut call = trunkline_sdk::test::Harness::<Counter>::with_settings(r#"{"most": 1}"#);
//! call.start();
//! call.user_says("Hi!");
//! let actions = call.user_says("Still there?");
//! assert_eq!(trunkline_sdk::test::names(&actions), ["say", "hang-up"]);
//! # }
//! ```

mod act;
#[doc(hidden)]
pub mod bindings;
mod ctx;
mod envelope;
mod read;
pub mod test;
pub mod tool;
#[doc(hidden)]
pub mod tool_bindings;

pub use bindings::exports::trunkline::agent::behaviour::Manifest;
pub use bindings::trunkline::agent::types::{
    Action, ActionKind, CallInfo, Callback, Control, Custom, Denial, Digits, DigitsSpec, EffectId, EffectResult,
    EndReason, Event, Fault, Generate, Generation, Handoff, HangUp, Interruption, Listen, Memory, Note, Play,
    Resumption, Said, Say, Silence, ToolAnswer, ToolCall, ToolInfo, ToolMode, ToolRequest, ToolResult, Transfer,
    TransferResult, Turn, Usage, Voicemail,
};
pub use ctx::{Call, Ctx};
pub use serde_json;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Drops the event: the host keeps the earlier state, says the fallback line and tries once more.
///
/// Made from any error with `?`. For what can be answered in the conversation, answer it instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Error(error.to_string())
    }
}

/// What an agent does.
pub trait Behaviour: Sized {
    /// Kept between two events of a call; at most 64 KiB as JSON together with the settings.
    type State: Serialize + DeserializeOwned + Default;

    /// What the agent's contract sets under `behaviour.settings`. The default stands until the call's first event.
    type Settings: Serialize + DeserializeOwned + Default;

    /// Who this behaviour is. Asked for once, when the component is uploaded.
    fn manifest() -> Manifest;

    /// Reacts to one event. Runs once for each event, within 50 ms of CPU and 32 MiB.
    ///
    /// # Errors
    /// An error drops the event and its change of the state.
    fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error>;
}

/// Makes a behaviour the component's entry.
///
/// ```ignore
/// trunkline_sdk::agent!(Conversation);
/// ```
///
/// Outside of WebAssembly it only checks the types, so that the crate's tests run natively.
#[macro_export]
macro_rules! agent {
    ($behaviour:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the generated entry functions are called by the host")]
        const _: () = {
            struct Entry;

            impl $crate::bindings::exports::trunkline::agent::behaviour::Guest for Entry {
                fn describe() -> $crate::Manifest {
                    <$behaviour as $crate::Behaviour>::manifest()
                }

                fn handle(
                    input: $crate::bindings::exports::trunkline::agent::behaviour::Input,
                ) -> Result<$crate::bindings::exports::trunkline::agent::behaviour::Output, String> {
                    $crate::run::<$behaviour>(input)
                }
            }

            $crate::bindings::export! { Entry with_types_in $crate::bindings }
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::Entry = $crate::entry::<$behaviour>();
    };
}

/// Keeps a behaviour in use where there is no host to call it.
#[doc(hidden)]
pub type Entry = (
    fn() -> Manifest,
    fn(
        bindings::exports::trunkline::agent::behaviour::Input,
    ) -> Result<bindings::exports::trunkline::agent::behaviour::Output, String>,
);

#[doc(hidden)]
pub const fn entry<B: Behaviour>() -> Entry {
    (B::manifest, run::<B>)
}

/// One step: state bytes and an event in, state bytes and actions out.
#[doc(hidden)]
pub fn run<B: Behaviour>(
    input: bindings::exports::trunkline::agent::behaviour::Input,
) -> Result<bindings::exports::trunkline::agent::behaviour::Output, String> {
    envelope::step::<B>(input).map_err(|Error(message)| message)
}
