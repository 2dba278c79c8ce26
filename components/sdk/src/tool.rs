//! Tools: sandboxed functions that a model or a behaviour calls.
//!
//! A tool has the network that its tenant granted it ([`http`]), a little memory of its own ([`kv`]) and a log for its
//! author ([`log`]). Each call gets a fresh instance: nothing else survives.
//!
//! ```
//! use trunkline_sdk::serde_json::{Value, json};
//! use trunkline_sdk::tool::{Failure, Invocation, Spec, Tools, spec};
//!
//! struct Dice;
//!
//! impl Tools for Dice {
//!     fn list() -> Vec<Spec> {
//!         vec![spec("roll", "Rolls a die.", r#"{"type":"object","properties":{"sides":{"type":"integer"}}}"#)]
//!     }
//!
//!     fn call(_: &str, args: Value, _: &Invocation) -> Result<Value, Failure> {
//!         let sides = args["sides"].as_u64().unwrap_or(6);
//!         if sides == 0 {
//!             return Err(Failure::InvalidArgs("a die has sides".to_owned()));
//!         }
//!         Ok(json!({ "sides": sides }))
//!     }
//! }
//!
//! trunkline_sdk::tools!(Dice);
//! # fn main() {}
//! ```

pub use crate::tool_bindings::exports::trunkline::tool::tools::{Failure, Invocation, Spec};
pub use crate::tool_bindings::trunkline::tool::types::Effect;
pub use crate::tool_bindings::trunkline::tool::{http, kv};

use serde_json::Value;

/// What a component's tools do.
pub trait Tools {
    /// The tools. Asked for once, when the component is uploaded, with no grants.
    fn list() -> Vec<Spec>;

    /// Calls the tool of this name; the arguments fit its schema. Within 500 ms of CPU, 64 MiB, and the spec's time-out.
    ///
    /// # Errors
    /// Why there is no result. The model is told.
    fn call(name: &str, args: Value, context: &Invocation) -> Result<Value, Failure>;
}

/// A tool that only reads, may be cancelled and has 5 s. `input_schema` is the JSON Schema of its arguments.
pub fn spec(name: &str, description: &str, input_schema: &str) -> Spec {
    Spec {
        name: name.to_owned(),
        description: description.to_owned(),
        input_schema: input_schema.to_owned(),
        output_schema: None,
        timeout_ms: 5_000,
        effect: Effect::Read,
        idempotent: true,
        cancellable: true,
    }
}

/// Lines for the author of a tool.
pub mod log {
    use crate::tool_bindings::trunkline::tool::log::{Level, write};

    /// What happened.
    pub fn info(message: &str) {
        write(Level::Info, message, &[]);
    }

    /// What should not have happened.
    pub fn warn(message: &str) {
        write(Level::Warn, message, &[]);
    }
}

/// Makes the tools of a type the component's entry.
///
/// Outside of WebAssembly it only checks the types, so that the crate's tests run natively.
#[macro_export]
macro_rules! tools {
    ($tools:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the generated entry functions are called by the host")]
        const _: () = {
            struct Entry;

            impl $crate::tool_bindings::exports::trunkline::tool::tools::Guest for Entry {
                fn list_tools() -> Vec<$crate::tool::Spec> {
                    <$tools as $crate::tool::Tools>::list()
                }

                fn call(
                    name: String,
                    args: String,
                    context: $crate::tool::Invocation,
                ) -> Result<String, $crate::tool::Failure> {
                    $crate::tool::run::<$tools>(&name, &args, &context)
                }
            }

            $crate::tool_bindings::export_tools! { Entry with_types_in $crate::tool_bindings }
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn(&str, &str, &$crate::tool::Invocation) -> Result<String, $crate::tool::Failure> =
            $crate::tool::run::<$tools>;
    };
}

/// One call: texts in, a text out.
#[doc(hidden)]
pub fn run<T: Tools>(name: &str, args: &str, context: &Invocation) -> Result<String, Failure> {
    let args = serde_json::from_str(args).map_err(|error| Failure::InvalidArgs(error.to_string()))?;
    T::call(name, args, context).map(|value| value.to_string())
}
