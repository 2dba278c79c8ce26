//! What every part of Trunkline agrees on: agent contracts, events, actions, the log's rows and the neutral shapes of
//! speech and chat.
//!
//! Pure: no I/O, no clock, no randomness. Everything here is plain data with its validation, so that the engine, the
//! runtime, the store and the API can share it without depending on each other.

pub mod action;
pub mod agent;
pub mod chat;
pub mod diff;
pub mod event;
pub mod id;
pub mod instructions;
pub mod layers;
pub mod log;
pub mod number;
pub mod rollout;
pub mod shapes;
pub mod speech;
pub mod spoken;
pub mod stock;
pub mod template;
pub mod validate;
pub mod version;

pub use action::{Action, ActionKind};
pub use agent::Agent;
pub use event::Event;
pub use id::{AgentId, CallId, ComponentId, DeliveryId, DocumentId, KeyId, SessionId, TenantId, UserId, WebhookId};
pub use validate::{Fault, Severity};

/// Milliseconds on a call's own clock, counted from the moment the call was created.
pub type Ms = u64;

/// Names an action within a call; chosen by the behaviour.
pub type EffectId = u32;
