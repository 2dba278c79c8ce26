//! The agents of a tenant, filtered, sorted, in pages.

use super::{AgentVersion, Agents, version};
use crate::bind::params;
use crate::page::{Cursor, MAX_LIMIT, Page, fetch, page};
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_contract::AgentId;
use uuid::Uuid;

/// Which agents to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentFilter {
    /// Only those in whose name or short description this stands, in any case.
    pub text: Option<String>,
    /// Only those of this type.
    pub kind: Option<String>,
    /// Only those of this status; none: all but archived ones.
    pub status: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgentSort {
    /// Newest agent first.
    #[default]
    Newest,
    /// Last changed first.
    Updated,
    /// By name.
    Name,
}

macro_rules! matching {
    ($rest:literal) => {
        concat!(
            "SELECT v.agent_id, v.version, v.document, v.created_at_ms, v.author, v.summary, a.created_at_ms, ",
            "EXISTS (SELECT 1 FROM default_agents d WHERE d.tenant_id = a.tenant_id AND d.agent_id = a.id), ",
            "v.semver, a.updated_at_ms, a.name ",
            "FROM agents a JOIN agent_versions v ON v.agent_id = a.id AND v.version = a.latest_version ",
            "WHERE a.tenant_id = ?1 AND CASE WHEN ?5 IS NULL THEN a.status <> 'archived' ELSE a.status = ?5 END ",
            "AND (?6 IS NULL OR a.kind = ?6) ",
            "AND (?7 IS NULL OR instr(lower(a.name), ?7) > 0 OR instr(lower(a.about), ?7) > 0) ",
            "AND (?8 IS NULL OR EXISTS (SELECT 1 FROM json_each(a.tags) WHERE value = ?8)) AND ",
            $rest
        )
    };
}

impl Agents<'_> {
    /// The latest version of each agent, newest agent first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, cursor: Option<&str>, limit: usize) -> Result<Page<AgentVersion>> {
        self.search(AgentFilter::default(), AgentSort::Newest, cursor, limit).await
    }

    /// The latest version of each agent that fits; `limit` 1-500. A cursor belongs to the order that it came from.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn search(
        &self,
        filter: AgentFilter,
        sort: AgentSort,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<AgentVersion>> {
        if sort == AgentSort::Name {
            return self.by_names(filter, cursor, limit).await;
        }
        const NEWEST: &str =
            matching!("(a.created_at_ms, a.id) < (?2, ?3) ORDER BY a.created_at_ms DESC, a.id DESC LIMIT ?4");
        const UPDATED: &str =
            matching!("(a.updated_at_ms, a.id) < (?2, ?3) ORDER BY a.updated_at_ms DESC, a.id DESC LIMIT ?4");
        let (sql, column) = if sort == AgentSort::Newest { (NEWEST, 6) } else { (UPDATED, 9) };
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let AgentFilter { text, kind, status, tag } = filter;
        let text = text.map(|text| text.to_lowercase());
        let fetched = self.0.store.read(move |db| {
            let values = params![tenant, after.at_ms, after.id, fetch(limit), status, kind, text, tag];
            Ok(db.all(sql, values, |row| Ok((row.u64(column)?, version(row)?)))?)
        });
        let page = page(fetched.await?, limit, |(at_ms, item)| Cursor { at_ms: *at_ms, id: item.agent_id.0 });
        let items = page.items.into_iter().map(|(_, item)| item).collect();
        Ok(Page { items, next_cursor: page.next_cursor })
    }

    async fn by_names(&self, filter: AgentFilter, cursor: Option<&str>, limit: usize) -> Result<Page<AgentVersion>> {
        const SQL: &str = matching!("(a.name, a.id) > (?2, ?3) ORDER BY a.name, a.id LIMIT ?4");
        let (tenant, (name, id)) = (self.0.id, named(cursor)?);
        let AgentFilter { text, kind, status, tag } = filter;
        let text = text.map(|text| text.to_lowercase());
        let limit = limit.clamp(1, MAX_LIMIT);
        let fetched = self.0.store.read(move |db| {
            let values = params![tenant, name, id, limit + 1, status, kind, text, tag];
            Ok(db.all(SQL, values, |row| Ok((row.text(10)?, version(row)?)))?)
        });
        let mut fetched = fetched.await?;
        let more = fetched.len() > limit;
        fetched.truncate(limit);
        let next_cursor = fetched.last().filter(|_| more).map(|(name, last)| place(name, last.agent_id));
        Ok(Page { items: fetched.into_iter().map(|(_, item)| item).collect(), next_cursor })
    }
}

/// A place in a list by name: the name in hex, so that no letter of it means anything.
fn place(name: &str, id: AgentId) -> String {
    let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("n{hex}.{}", id.0.simple())
}

fn named(cursor: Option<&str>) -> Result<(String, Uuid)> {
    let Some(text) = cursor else { return Ok((String::new(), Uuid::nil())) };
    let read = || {
        let (hex, id) = text.strip_prefix('n')?.split_once('.')?;
        let digits = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        Some((String::from_utf8(digits.collect::<Option<Vec<u8>>>()?).ok()?, Uuid::try_parse(id).ok()?))
    };
    read().ok_or(StoreError::InvalidCursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_comes_back_and_any_text_is_one_or_refused(name in "\\PC{0,20}", n: u128, text in "\\PC{0,30}") {
            let id = AgentId(Uuid::from_u128(n));
            prop_assert_eq!(named(Some(&place(&name, id))), Ok((name, id.0)));
            let _ = named(Some(&text));
        }
    }
}
