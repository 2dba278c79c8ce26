//! The generations that a call has under way.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use trunkline_contract::chat::Delta;
use trunkline_providers::{LlmStream, ProviderError};

/// The generations that a call has under way: seldom more than one.
#[derive(Default)]
pub(crate) struct Minds(Vec<(u64, LlmStream)>);

impl Minds {
    pub(crate) fn add(&mut self, generation: u64, stream: LlmStream) {
        self.0.push((generation, stream));
    }

    pub(crate) fn cancel(&mut self, generation: u64) {
        self.0.retain(|(id, _)| *id != generation);
    }

    /// The next piece of any of them; `None`: that one has ended. Never ends without one. Cancel-safe.
    pub(crate) async fn next(&mut self) -> (u64, Option<Result<Delta, ProviderError>>) {
        let (generation, piece) = poll_fn(|cx| {
            for (generation, stream) in &mut self.0 {
                if let Poll::Ready(piece) = pin!(stream.next()).poll(cx) {
                    return Poll::Ready((*generation, piece));
                }
            }
            Poll::Pending
        })
        .await;
        if piece.is_none() {
            self.cancel(generation);
        }
        (generation, piece)
    }
}
