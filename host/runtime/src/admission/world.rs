//! Which contract a component was built for, read from the names of its imports and exports alone.

use super::Admission;
use crate::wasi;

/// The contract that a component fulfils. Each version is a frozen folder under `wit/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum World {
    /// `trunkline:agent@0.1.0`.
    Agent010,
    /// `trunkline:tool@0.1.0`.
    Tool010,
}

impl World {
    /// Exports that are not ours are ignored: some languages' tools add their own.
    pub(crate) fn of<'a>(
        imports: impl Iterator<Item = &'a str>,
        exports: impl Iterator<Item = &'a str>,
    ) -> Result<World, Admission> {
        let mut found = None;
        for export in exports {
            let world = match export.split_once('@') {
                Some(("trunkline:agent/behaviour", "0.1.0")) => World::Agent010,
                Some(("trunkline:tool/tools", "0.1.0")) => World::Tool010,
                Some(("trunkline:agent/behaviour" | "trunkline:tool/tools", _)) => {
                    return Err(Admission::UnknownVersion(export.chars().take(200).collect()));
                }
                _ => continue,
            };
            if found.is_some_and(|earlier| earlier != world) {
                return Err(Admission::TwoWorlds);
            }
            found = Some(world);
        }
        let world = found.ok_or(Admission::NoWorld)?;
        match imports.into_iter().find(|import| !world.offers(import)) {
            Some(unknown) => Err(Admission::UnknownImport(unknown.chars().take(200).collect())),
            None => Ok(world),
        }
    }

    fn offers(self, import: &str) -> bool {
        let Some((name, version)) = import.split_once('@') else { return false };
        match name {
            "trunkline:agent/types" => self == World::Agent010 && version == "0.1.0",
            "trunkline:tool/types" | "trunkline:tool/http" | "trunkline:tool/kv" | "trunkline:tool/log" => {
                self == World::Tool010 && version == "0.1.0"
            }
            name => wasi::INTERFACES.contains(&name) && version.starts_with("0.2."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(imports: &[&str], exports: &[&str]) -> Result<World, Admission> {
        World::of(imports.iter().copied(), exports.iter().copied())
    }

    #[test]
    fn the_world_is_the_version_of_the_export() {
        assert_eq!(of(&[], &["trunkline:agent/behaviour@0.1.0"]), Ok(World::Agent010));
        assert_eq!(of(&[], &["trunkline:tool/tools@0.1.0"]), Ok(World::Tool010));
        assert_eq!(of(&[], &["wasi:cli/run@0.2.0", "exports", "trunkline:agent/behaviour@0.1.0"]), Ok(World::Agent010));
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let later = "trunkline:agent/behaviour@0.2.0";
        assert_eq!(of(&[], &[later]), Err(Admission::UnknownVersion(later.to_owned())));
        assert_eq!(of(&[], &["wasi:cli/run@0.2.0"]), Err(Admission::NoWorld));
        let both = ["trunkline:agent/behaviour@0.1.0", "trunkline:tool/tools@0.1.0"];
        assert_eq!(of(&[], &both), Err(Admission::TwoWorlds));
    }

    #[test]
    fn imports_are_a_subset_of_the_world_or_named_in_the_refusal() {
        let agent = ["trunkline:agent/behaviour@0.1.0"];
        let tool = ["trunkline:tool/tools@0.1.0"];
        assert!(of(&["trunkline:agent/types@0.1.0", "wasi:io/streams@0.2.6"], &agent).is_ok());
        assert!(of(&["trunkline:tool/http@0.1.0", "trunkline:tool/kv@0.1.0"], &tool).is_ok());
        for import in [
            "wasi:sockets/tcp@0.2.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:io/streams@0.3.0",
            "wasi:io/streams",
            "trunkline:tool/http@0.1.0",
            "env",
        ] {
            assert_eq!(of(&[import], &agent), Err(Admission::UnknownImport(import.to_owned())));
        }
    }
}
