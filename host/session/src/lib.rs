//! Resolves who answers a call and drives it: one task per call owns the engine's state and every handle, and nothing
//! else touches them. Whoever wants something of a live call writes to its mailbox.

mod admission;
mod attach;
mod brain;
mod chat;
mod clock;
mod contracts;
mod control;
mod dependents;
mod driver;
mod ears;
mod feed;
mod incoming;
mod journal;
mod kit;
mod library;
mod line;
mod metrics;
mod minds;
mod news;
mod prices;
mod recovery;
mod resolve;
mod sessions;
mod setup;
mod switch;
mod toolbox;
mod voice;
mod web;

pub use attach::AttachError;
pub use chat::{Chat, Told};
pub use clock::unix_ms;
pub use contracts::{Above, Proposed, Resolved};
pub use dependents::ComponentUser;
pub use dependents::{Broken, BrokenAgent};
pub use feed::Feed;
pub use incoming::{After, Answer};
pub use kit::{Bound, Caller, tools_of};
pub use library::{AdmitError, Admitted, Library, LibraryError};
pub use metrics::Metrics;
pub use prices::{Prices, TokenPrice};
pub use sessions::{SessionConfig, SessionError, Sessions};
pub use switch::Switched;
pub use trunkline_runtime::{LoadError, ToolEffect};
pub use trunkline_tools::Grants;
pub use web::WebCall;
