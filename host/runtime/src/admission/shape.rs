//! Validates a component with the engine's own features and counts what it is made of, nested modules included.

use super::Admission;
use crate::config::Admit;
use wasmparser::{ComponentInstance, Encoding, Instance, Parser, Payload, Validator};
use wasmtime::Engine;

/// What the outermost component imports and exports.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

#[derive(Debug, Default)]
struct Counts {
    core_instances: u64,
    component_instances: u64,
    memories: u64,
    tables: u64,
    functions: u64,
}

impl Counts {
    /// Checked at each section, so that a bomb is refused before the rest of it is read.
    fn check(&self, admit: &Admit) -> Result<(), Admission> {
        let at_most = |what, found: u64, most: u32| {
            if found > u64::from(most) { Err(Admission::TooMany { what, found, most: most.into() }) } else { Ok(()) }
        };
        at_most("core instances", self.core_instances, admit.core_instances)?;
        at_most("component instances", self.component_instances, admit.core_instances)?;
        at_most("linear memories", self.memories, admit.memories)?;
        at_most("tables", self.tables, admit.tables)?;
        at_most("functions", self.functions, admit.functions)
    }
}

pub(super) fn walk(engine: &Engine, admit: &Admit, bytes: &[u8]) -> Result<Names, Admission> {
    let invalid = |error: wasmparser::BinaryReaderError| Admission::Invalid(error.to_string());
    // The library's own words for this take ten lines.
    if !bytes.starts_with(b"\0asm") {
        return Err(Admission::Invalid("it does not begin as WebAssembly does".to_owned()));
    }
    let mut validator = Validator::new_with_features(engine.get_wasm_features());
    let (mut names, mut counts, mut depth) = (Names::default(), Counts::default(), 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        if let Payload::Version { encoding: Encoding::Module, .. } = &payload
            && depth == 0
        {
            return Err(Admission::NotAComponent);
        }
        count(&payload, &mut counts).map_err(invalid)?;
        counts.check(admit)?;
        match &payload {
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section.clone() {
                    names.imports.push(import.map_err(invalid)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section.clone() {
                    names.exports.push(export.map_err(invalid)?.name.name.to_owned());
                }
            }
            Payload::Version { .. } => depth = depth.saturating_add(1),
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        // Function bodies are validated too: what the validator hands out is run right here.
        if let wasmparser::ValidPayload::Func(function, body) = validator.payload(&payload).map_err(invalid)? {
            function.into_validator(Default::default()).validate(&body).map_err(invalid)?;
        }
    }
    Ok(names)
}

fn count(payload: &Payload<'_>, counts: &mut Counts) -> wasmparser::Result<()> {
    match payload {
        Payload::InstanceSection(section) => {
            for instance in section.clone() {
                counts.core_instances += u64::from(matches!(instance?, Instance::Instantiate { .. }));
            }
        }
        Payload::ComponentInstanceSection(section) => {
            for instance in section.clone() {
                counts.component_instances += u64::from(matches!(instance?, ComponentInstance::Instantiate { .. }));
            }
        }
        Payload::MemorySection(section) => counts.memories += u64::from(section.count()),
        Payload::TableSection(section) => counts.tables += u64::from(section.count()),
        Payload::FunctionSection(section) => counts.functions += u64::from(section.count()),
        _ => {}
    }
    Ok(())
}
