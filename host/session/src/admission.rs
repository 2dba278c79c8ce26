//! How many calls there is room for: on the host, and for each tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use trunkline_contract::TenantId;

/// Counts calls. Cloning gives the same count.
#[derive(Clone, Debug)]
pub(crate) struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max: usize,
    max_per_tenant: usize,
    taken: Mutex<(usize, HashMap<TenantId, usize>)>,
}

/// A call's place; given back when dropped, so that a request that is given up keeps none.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Admission,
    tenant: TenantId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.leave(self.tenant);
    }
}

impl Admission {
    pub(crate) fn new(max: usize, max_per_tenant: usize) -> Self {
        Self(Arc::new(Inner { max, max_per_tenant, taken: Mutex::default() }))
    }

    /// Takes a place, if there is one; `most`: the tenant's own limit, in place of the host's for each tenant.
    ///
    /// # Errors
    /// Whose limit was reached: `host` or `tenant`.
    pub(crate) fn enter(&self, tenant: TenantId, most: Option<usize>) -> Result<Place, &'static str> {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = taken.1.get(&tenant).copied().unwrap_or(0);
        if taken.0 >= self.0.max {
            return Err("host");
        }
        if mine >= most.unwrap_or(self.0.max_per_tenant) {
            return Err("tenant");
        }
        taken.0 += 1;
        taken.1.insert(tenant, mine + 1);
        Ok(self.place(tenant))
    }

    /// Takes a place even where there is none: a call that was taken before and goes on.
    pub(crate) fn enter_again(&self, tenant: TenantId) -> Place {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.0 += 1;
        *taken.1.entry(tenant).or_default() += 1;
        self.place(tenant)
    }

    fn place(&self, tenant: TenantId) -> Place {
        Place { admission: self.clone(), tenant }
    }

    fn leave(&self, tenant: TenantId) {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
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
        let (first, _second) = (admission.enter(a, None).unwrap(), admission.enter(a, None).unwrap());
        assert_eq!(admission.enter(a, None).err(), Some("tenant"));
        let _third = admission.enter(b, None).unwrap();
        assert_eq!(admission.enter(b, None).err(), Some("host"));
        drop(first);
        assert_eq!(admission.enter(a, Some(1)).err(), Some("tenant"));
        assert!(admission.enter(b, None).is_ok());
    }
}
