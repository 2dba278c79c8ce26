//! How many calls there is room for: on the host, and for each tenant.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use trunkline_contract::TenantId;

/// Counts calls.
#[derive(Debug)]
pub(crate) struct Admission {
    max: usize,
    max_per_tenant: usize,
    taken: Mutex<(usize, HashMap<TenantId, usize>)>,
}

impl Admission {
    pub(crate) fn new(max: usize, max_per_tenant: usize) -> Self {
        Self { max, max_per_tenant, taken: Mutex::default() }
    }

    /// Takes a place, if there is one.
    ///
    /// # Errors
    /// Whose limit was reached: `host` or `tenant`.
    pub(crate) fn enter(&self, tenant: TenantId) -> Result<(), &'static str> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = taken.1.get(&tenant).copied().unwrap_or(0);
        if taken.0 >= self.max {
            return Err("host");
        }
        if mine >= self.max_per_tenant {
            return Err("tenant");
        }
        taken.0 += 1;
        taken.1.insert(tenant, mine + 1);
        Ok(())
    }

    /// Takes a place even where there is none: a call that was taken before and goes on.
    pub(crate) fn enter_again(&self, tenant: TenantId) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.0 += 1;
        *taken.1.entry(tenant).or_default() += 1;
    }

    /// Gives a place back.
    pub(crate) fn leave(&self, tenant: TenantId) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.0 = taken.0.saturating_sub(1);
        if let Some(mine) = taken.1.get_mut(&tenant) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                taken.1.remove(&tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_full_tenant_leaves_room_for_others_and_a_full_host_for_none() {
        let (a, b) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let admission = Admission::new(3, 2);
        assert_eq!([admission.enter(a), admission.enter(a), admission.enter(a)], [Ok(()), Ok(()), Err("tenant")]);
        assert_eq!([admission.enter(b), admission.enter(b)], [Ok(()), Err("host")]);
        admission.leave(a);
        assert_eq!(admission.enter(b), Ok(()));
    }
}
