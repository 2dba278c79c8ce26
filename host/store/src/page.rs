//! Lists in pages: the cursor names the last item of a page by what the list is sorted by.

use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// Most items of one page.
pub(crate) const MAX_LIMIT: usize = 500;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Hand it back for the next page; none: this was the last one.
    pub next_cursor: Option<String>,
}

/// A place in a list that is sorted by time and id, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) at_ms: u64,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// Before everything.
    const START: Self = Self { at_ms: i64::MAX as u64, id: Uuid::max() };

    pub(crate) fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self::START) };
        let (at, id) = text.split_once('.').ok_or(StoreError::InvalidCursor)?;
        let at_ms = u64::from_str_radix(at, 16).map_err(|_| StoreError::InvalidCursor)?;
        let id = Uuid::try_parse(id).map_err(|_| StoreError::InvalidCursor)?;
        Ok(Self { at_ms, id })
    }
}

/// How many rows to read for a page of `limit` (1-500): one more shows whether another page follows.
pub(crate) fn fetch(limit: usize) -> usize {
    limit.clamp(1, MAX_LIMIT) + 1
}

/// The page of `limit` from what was fetched for it.
pub(crate) fn page<T>(mut items: Vec<T>, limit: usize, place: impl Fn(&T) -> Cursor) -> Page<T> {
    let limit = limit.clamp(1, MAX_LIMIT);
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| {
        let Cursor { at_ms, id } = place(last);
        format!("{at_ms:x}.{}", id.simple())
    });
    Page { items, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_refused(text in ".{0,80}") {
            let _ = Cursor::parse(Some(&text));
        }

        #[test]
        fn a_cursor_comes_back(at_ms: u64, id: u128) {
            let place = Cursor { at_ms, id: Uuid::from_u128(id) };
            let page = page(vec![place, place], 1, |place| *place);
            prop_assert_eq!(Cursor::parse(page.next_cursor.as_deref()), Ok(place));
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let place = Cursor { at_ms: 1, id: Uuid::nil() };
        assert_eq!(page(vec![place], 1, |place| *place).next_cursor, None);
    }
}
