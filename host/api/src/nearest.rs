//! What somebody may have meant.

use strsim::damerau_levenshtein;

/// Names longer than this are not compared, characters.
const LONGEST: usize = 60;

/// `: did you mean x?`, or the names there are when none is near; empty where there are none.
pub(crate) fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = known.iter().map(|candidate| (distance(name, candidate), *candidate)).min();
    match near {
        Some((distance, candidate)) if distance <= candidate.chars().count().max(3) / 3 => {
            format!(": did you mean `{candidate}`?")
        }
        Some(_) => format!(": known are {}", known.join(", ")),
        None => String::new(),
    }
}

fn distance(name: &str, candidate: &str) -> usize {
    if name.chars().count() > LONGEST {
        return usize::MAX;
    }
    damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase())
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
