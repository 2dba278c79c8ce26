//! Who gets a new version while it is rolled out to a share of callers.

use crate::AgentId;
use sha2::{Digest, Sha256};

/// Whether whoever `key` names is among the `percent` (0-100) of callers that get `version` of an agent.
///
/// The same key gets the same answer each time, and who was chosen stays chosen when the share grows. Other agents and
/// versions choose independently. `key` is a caller's number, a user's name, or a call's id where nobody is to be
/// recognised.
pub fn chosen(agent: AgentId, version: u32, key: &str, percent: u8) -> bool {
    let digest = Sha256::new()
        .chain_update(agent.0.as_bytes())
        .chain_update(version.to_be_bytes())
        .chain_update(key.as_bytes())
        .finalize();
    let draw = digest.iter().take(8).fold(0_u64, |draw, byte| draw << 8 | u64::from(*byte));
    draw % 10_000 < u64::from(percent.min(100)) * 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn agent(n: u128) -> AgentId {
        AgentId(Uuid::from_u128(n))
    }

    #[test]
    fn the_share_is_about_as_asked() {
        for percent in [0, 1, 10, 50, 90, 100] {
            let hits = (0..10_000).filter(|n| chosen(agent(7), 3, &format!("+1555{n:06}"), percent)).count();
            assert!(hits.abs_diff(usize::from(percent) * 100) < 150, "{percent} % gave {hits} of 10,000");
        }
    }

    /// Who is chosen is remembered nowhere: the draw has to stay as it is from one release to the next.
    #[test]
    fn the_draw_never_changes() {
        let share = |version, key: &str| (0..=100).find(|percent| chosen(agent(7), version, key, *percent));
        let drawn = ["+15550100", "+15550101", "ada@example.com", "", "é"].map(|key| (share(1, key), share(2, key)));
        assert_eq!(drawn, [(37, 59), (61, 23), (12, 37), (27, 13), (52, 22)].map(|(one, two)| (Some(one), Some(two))));
    }

    #[test]
    fn versions_and_agents_draw_independently() {
        let both = |one: (u128, u32), other: (u128, u32)| {
            let hit = |(n, version): (u128, u32), key: &str| chosen(agent(n), version, key, 50);
            (0..10_000).map(|n| format!("+1555{n:06}")).filter(|key| hit(one, key) && hit(other, key)).count()
        };
        for (one, other) in [((7, 3), (7, 4)), ((7, 3), (8, 3))] {
            assert!(both(one, other).abs_diff(2_500) < 200);
        }
        assert_eq!(chosen(agent(7), 3, "x", 200), chosen(agent(7), 3, "x", 100));
    }

    proptest! {
        #[test]
        fn who_was_chosen_stays_chosen_while_the_share_grows(n: u128, key in ".{0,20}", percent in 0u8..100) {
            if chosen(agent(n), 1, &key, percent) {
                prop_assert!(chosen(agent(n), 1, &key, percent + 1));
            }
            prop_assert!(!chosen(agent(n), 1, &key, 0) && chosen(agent(n), 1, &key, 100));
        }
    }
}
