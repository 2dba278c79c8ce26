//! `/calls/{id}/live`: the log of a call as it grows, and what is said and heard at this moment.

use crate::auth::Principal;
use crate::params::{Params, id};
use crate::sse::{self, Event};
use crate::{Api, Problem};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures::stream::{self, StreamExt};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use trunkline_contract::CallId;
use trunkline_contract::log::Entry;
use trunkline_session::Feed;
use trunkline_store::TenantStore;

/// Rows read at a time.
const PAGE: usize = 500;

/// Where to begin.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FollowFrom")]
pub(crate) struct From {
    /// The first row, from 1.
    from_seq: Option<u64>,
}

pub(crate) async fn live(
    State(api): State<Api>,
    principal: Principal,
    Path(call): Path<String>,
    Params(query): Params<From>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let call: CallId = id(&call, "call")?;
    // Before the first look at the log: nothing falls between the two.
    let feed = api.sessions.watch(call);
    principal.tenant.calls().get(call).await?.ok_or_else(|| Problem::missing("call"))?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let next = seen.map_or(query.from_seq.unwrap_or(1), |seen| seen.saturating_add(1)).max(1);
    let watch = Watch { tenant: principal.tenant, call, next, feed, ready: VecDeque::new(), look: true, over: false };
    Ok(sse::response(stream::unfold(watch, Watch::step).flat_map(stream::iter)))
}

/// Somebody who watches a call.
struct Watch {
    tenant: TenantStore,
    call: CallId,
    /// The first row that was not sent.
    next: u64,
    feed: Option<Receiver<Feed>>,
    ready: VecDeque<Event>,
    /// There may be more in the log.
    look: bool,
    over: bool,
}

impl Watch {
    async fn step(mut self) -> Option<(Vec<Event>, Self)> {
        if self.over {
            return None;
        }
        if !self.look {
            self.wait().await;
        }
        if self.look && self.read().await.is_none() {
            // The store failed, which it has said in the log: the other side may ask again from where it was.
            self.over = true;
        }
        Some((self.ready.drain(..).collect(), self))
    }

    /// Waits for news.
    async fn wait(&mut self) {
        let Some(feed) = &mut self.feed else {
            self.over = true;
            return;
        };
        match feed.recv().await {
            Ok(Feed::Committed(_)) | Err(RecvError::Lagged(_)) => self.look = true,
            Ok(Feed::Hearing(text)) => {
                self.ready.push_back(Event::new("partial", &json!({"role": "user", "text": text})));
            }
            Ok(Feed::Saying { index, text }) => {
                let partial = json!({"role": "assistant", "index": index, "text": text});
                self.ready.push_back(Event::new("partial", &partial));
            }
            Err(RecvError::Closed) => {
                // The call has left memory: what is in its log now is all there is.
                self.feed = None;
                self.look = true;
            }
        }
    }

    async fn read(&mut self) -> Option<()> {
        let rows = self.tenant.log().rows(self.call, self.next, PAGE).await.ok()?;
        self.look = rows.len() == PAGE;
        for row in rows {
            self.next = row.seq + 1;
            self.ready.push_back(Event::new("row", &row).id(row.seq));
            if let Entry::Ended { reason, .. } = &row.entry {
                self.ready.push_back(Event::new("end", &json!({"reason": reason})));
                self.over = true;
            }
        }
        Some(())
    }
}
