//! How often somebody may ask: each principal by itself, and each tenant as a whole.
//!
//! An operator's requests count for the operator only: looking after a tenant takes nothing from it.

use super::bucket::{Bucket, Taken};
use crate::Problem;
use crate::auth::Principal;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use trunkline_contract::TenantId;
use trunkline_store::Role;

/// Buckets that are kept at a time; beyond it those that are full again are forgotten.
const KEPT: usize = 10_000;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Requests a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one key, token or user; 0: no limit.
    pub per_key: u32,
    /// Of one tenant, unless it has a limit of its own; 0: no limit.
    pub per_tenant: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { per_key: 6_000, per_tenant: 12_000 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    Principal(String),
    Tenant(TenantId),
}

/// Counts requests. Cloning gives the same count.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    limits: RateLimits,
    buckets: Arc<Mutex<HashMap<Whose, (u32, Bucket)>>>,
}

/// What a request has left of its allowances: the scarcer one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance(Taken);

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, buckets: Arc::default() }
    }

    /// Counts a request; none: there is no limit.
    pub(crate) fn take(&self, principal: &Principal, now: Instant) -> Option<Allowance> {
        let limit = principal.requests_per_minute.unwrap_or(self.limits.per_tenant);
        let tenant = (principal.known.role < Role::Operator).then(|| (principal.tenant.id(), limit));
        self.count(principal.known.kind.id(), tenant, now)
    }

    fn count(&self, principal: String, tenant: Option<(TenantId, u32)>, now: Instant) -> Option<Allowance> {
        let limit = self.limits.per_key;
        let own = (limit > 0).then(|| self.one(Whose::Principal(principal), limit, now));
        // Whoever asks too often takes nothing from the others of their tenant.
        if let Some(Taken { wait_s: Some(_), .. }) = own {
            return own.map(Allowance);
        }
        let tenant = tenant.filter(|(_, limit)| *limit > 0);
        let tenant = tenant.map(|(tenant, limit)| self.one(Whose::Tenant(tenant), limit, now));
        own.into_iter().chain(tenant).min_by_key(|taken| (taken.wait_s.is_none(), taken.left)).map(Allowance)
    }

    fn one(&self, whose: Whose, limit: u32, now: Instant) -> Taken {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEPT && !buckets.contains_key(&whose) {
            buckets.retain(|_, (limit, bucket)| !bucket.is_full(*limit, now));
        }
        let (known, bucket) = buckets.entry(whose).or_insert_with(|| (limit, Bucket::full(limit, now)));
        *known = limit;
        bucket.take(limit, now)
    }
}

impl Allowance {
    /// # Errors
    /// It is used up.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let Some(wait) = self.0.wait_s else { return Ok(()) };
        let detail = format!("more than {} requests a minute: wait {wait} s", self.0.limit);
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail).retry_after(wait))
    }

    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.0.limit.into());
        headers.insert(REMAINING, self.0.left.into());
        headers.insert(RESET, self.0.full_in_s.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const TENANT: TenantId = TenantId(Uuid::nil());

    fn passes(rates: &Rates, principal: &str, tenant: Option<(TenantId, u32)>, now: Instant) -> bool {
        rates.count(principal.to_owned(), tenant, now).is_none_or(|allowance| allowance.check().is_ok())
    }

    #[test]
    fn a_key_that_asks_too_often_takes_nothing_from_its_tenant() {
        let now = Instant::now();
        let rates = Rates::new(RateLimits { per_key: 2, per_tenant: 3 });
        let tenant = Some((TENANT, 3));
        let first: Vec<bool> = (0..5).map(|_| passes(&rates, "a", tenant, now)).collect();
        assert_eq!(first, [true, true, false, false, false]);
        assert!(passes(&rates, "b", tenant, now));
        assert!(!passes(&rates, "b", tenant, now), "the tenant's allowance is used up");
        assert!(passes(&rates, "operator", None, now));
    }

    #[test]
    fn the_scarcer_allowance_is_told() {
        let now = Instant::now();
        let rates = Rates::new(RateLimits { per_key: 100, per_tenant: 100 });
        let allowance = rates.count("a".to_owned(), Some((TENANT, 10)), now).unwrap();
        assert_eq!((allowance.0.limit, allowance.0.left), (10, 9));
        let mut headers = HeaderMap::new();
        allowance.tell(&mut headers);
        assert_eq!([LIMIT, REMAINING, RESET].map(|name| headers[name].to_str().unwrap()), ["10", "9", "6"]);
    }

    #[test]
    fn without_limits_nothing_is_counted() {
        let rates = Rates::new(RateLimits { per_key: 0, per_tenant: 0 });
        assert!(rates.count("a".to_owned(), Some((TENANT, 0)), Instant::now()).is_none());
    }

    #[test]
    fn buckets_that_are_full_again_are_forgotten() {
        let now = Instant::now();
        let rates = Rates::new(RateLimits { per_key: 60, per_tenant: 0 });
        for n in 0..KEPT {
            rates.count(n.to_string(), None, now);
        }
        rates.count("one more".to_owned(), None, now + std::time::Duration::from_secs(2));
        assert_eq!(rates.buckets.lock().unwrap().len(), 1);
    }
}
