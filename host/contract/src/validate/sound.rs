//! A document that may be wrong in places, seen through what is right in it.

use super::Fault;
use serde_json::Value;
use std::collections::HashSet;

/// A document and what its shape is at fault for.
pub(super) struct Sound<'a> {
    document: &'a Value,
    /// Pointers of what is wrong.
    wrong: HashSet<String>,
}

impl<'a> Sound<'a> {
    pub(super) fn new(document: &'a Value, faults: &[Fault]) -> Self {
        Self { document, wrong: faults.iter().map(|fault| fault.pointer.clone()).collect() }
    }

    /// Whether neither what stands there, if anything does, nor what it stands in is wrong.
    pub(super) fn is(&self, at: &str) -> bool {
        let ends = at.match_indices('/').map(|(end, _)| end).chain([at.len()]);
        !ends.filter_map(|end| at.get(..end)).any(|above| self.wrong.contains(above))
    }

    /// Whether nothing stands there, though something could.
    pub(super) fn lacks(&self, at: &str) -> bool {
        self.is(at) && self.document.pointer(at).is_none()
    }

    /// What stands there and is not wrong.
    pub(super) fn get(&self, at: &str) -> Option<&'a Value> {
        self.document.pointer(at).filter(|_| self.is(at))
    }

    /// The text that stands there.
    pub(super) fn text(&self, at: &str) -> Option<&'a str> {
        self.get(at)?.as_str()
    }

    /// The text that stands there, or what counts when nobody says anything; none when it is wrong.
    pub(super) fn text_or(&self, at: &str, default: &'a str) -> Option<&'a str> {
        if self.lacks(at) { Some(default) } else { self.text(at) }
    }

    /// The items that stand there, with their places; some may be wrong themselves.
    pub(super) fn items(&self, at: &str) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
        self.get(at).and_then(Value::as_array).into_iter().flatten().enumerate()
    }
}
