//! The versions of one agent, in pages.

use super::{AgentVersion, Agents, version};
use crate::Result;
use crate::bind::params;
use crate::page::{Cursor, Page, fetch, page};
use trunkline_contract::AgentId;

impl Agents<'_> {
    /// Versions of an agent, newest first; none when there is no such agent. `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn versions_page(&self, id: AgentId, cursor: Option<&str>, limit: usize) -> Result<Page<AgentVersion>> {
        const SQL: &str = select!("a.id = ?2 AND v.version < ?3 ORDER BY v.version DESC LIMIT ?4");
        // The place in this list is the number of a version, where others have a time.
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?.at_ms);
        let fetched =
            self.0.store.read(move |db| Ok(db.all(SQL, params![tenant, id, after, fetch(limit)], version)?)).await?;
        Ok(page(fetched, limit, |version| Cursor { at_ms: version.version.into(), id: id.0 }))
    }
}
