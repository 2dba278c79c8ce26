//! Runs the behaviour for one call: at most one decision at a time, on the guests' own threads.

use crate::library::Library;
use futures::future::{BoxFuture, FutureExt};
use std::collections::VecDeque;
use trunkline_contract::{Event, Ms};
use trunkline_engine::{Component, Decision, InvalidAction};
use trunkline_runtime::{Input, Output};

type Outcome = (u64, Result<Decision, String>);

/// Runs the behaviour for one call.
pub(crate) struct Brain {
    library: Library,
    components: Vec<Component>,
    deciding: VecDeque<BoxFuture<'static, Outcome>>,
}

impl Brain {
    pub(crate) fn new(library: Library, components: Vec<Component>) -> Self {
        Self { library, components, deciding: VecDeque::new() }
    }

    pub(crate) fn decide(&mut self, component: usize, seq: u64, now_ms: Ms, seed: u64, state: Vec<u8>, event: Event) {
        let Some(component) = self.components.get(component) else { return };
        let (library, digest) = (self.library.clone(), component.digest.clone());
        let input = Input { seq, now_ms, seed, state, event };
        // Looked up for each event: a call that waits for its caller holds no code.
        let decide = async move {
            let behaviour = library.behaviour(&digest).await.map_err(|error| error.to_string())?;
            behaviour.handle(input).await.map(decision).map_err(|failure| failure.to_string())
        };
        self.deciding.push_back(async move { (seq, decide.await) }.boxed());
    }

    /// Others decide from now on; what is under way comes to its end.
    pub(crate) fn succeed(&mut self, components: Vec<Component>) {
        self.components = components;
    }

    /// The component that the call began with.
    pub(crate) fn digest(&self) -> Option<String> {
        self.components.first().map(|component| component.digest.clone())
    }

    /// The next decision; never ends while none is under way. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Outcome {
        let Some(deciding) = self.deciding.front_mut() else { return std::future::pending().await };
        let outcome = deciding.await;
        self.deciding.pop_front();
        outcome
    }
}

fn decision(output: Output) -> Decision {
    let invalid = output.invalid.into_iter();
    Decision {
        state: output.state,
        actions: output.actions,
        invalid: invalid
            .map(|i| InvalidAction { effect: i.effect, action: i.action.to_owned(), message: i.message })
            .collect(),
        notes: output.notes.lines().map(str::to_owned).collect(),
    }
}
