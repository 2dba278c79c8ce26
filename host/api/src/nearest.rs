//! What somebody may have meant.

use trunkline_contract::validate::nearest;

/// `: did you mean x?`, or the names there are when none is near; empty where there are none.
pub(crate) fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!(": did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!(": known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told_if_it_is_near() {
        let known = ["status", "type", "tag"];
        for (name, expected) in [
            ("statsu", ": did you mean `status`?"),
            ("Type", ": did you mean `type`?"),
            ("tags", ": did you mean `tag`?"),
            ("colour", ": known are status, type, tag"),
            (&"x".repeat(1_000), ": known are status, type, tag"),
        ] {
            assert_eq!(hint(name, known.into_iter()), expected);
        }
        assert_eq!(hint("x", [].into_iter()), "");
    }
}
