//! The documents of one agent, as the built-in language engine asks for them.

use crate::Knowledge;
use futures::future::BoxFuture;
use trunkline_contract::{AgentId, TenantId};
use trunkline_providers::{Documents, DocumentsError, Found, Passage};
use trunkline_store::Query;

pub(crate) struct OfAgent {
    pub(crate) knowledge: Knowledge,
    pub(crate) tenant: TenantId,
    pub(crate) agent: AgentId,
}

impl Documents for OfAgent {
    fn search(&self, terms: Vec<Vec<String>>, limit: usize) -> BoxFuture<'static, Result<Found, DocumentsError>> {
        let (knowledge, tenant, agent) = (self.knowledge.clone(), self.tenant, Some(self.agent));
        Box::pin(async move {
            let found = knowledge.find(tenant, Query { agent, terms, limit }).await;
            let (searched, excerpts) = found.map_err(|error| DocumentsError(error.to_string()))?;
            let passages = excerpts.into_iter().map(|excerpt| Passage {
                document: excerpt.name,
                heading: excerpt.heading,
                text: excerpt.text,
                score: excerpt.score,
            });
            Ok(Found { total: searched.chunks, having: searched.having, passages: passages.collect() })
        })
    }

    fn names(&self, limit: usize) -> BoxFuture<'static, Result<Vec<String>, DocumentsError>> {
        let (knowledge, tenant, agent) = (self.knowledge.clone(), self.tenant, Some(self.agent));
        Box::pin(async move {
            let page = knowledge.list(tenant, agent, None, limit).await;
            let page = page.map_err(|error| DocumentsError(error.to_string()))?;
            Ok(page.items.into_iter().map(|document| document.name).collect())
        })
    }
}
