//! Parameters of paths: a name means the same in every path.

use serde_json::{Value, json};

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
}

/// One parameter, as the document shows it.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) description: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// The parameters of a path, in order.
pub(crate) fn of_path(path: &str) -> Vec<Parameter> {
    let named = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    named.map(|(name, _)| parameter(path, name)).collect()
}

fn parameter(path: &str, name: &str) -> Parameter {
    let (description, schema) = match name {
        "id" => ("Its id", json!({"type": "string", "format": "uuid"})),
        "v" => ("Number of the version", json!({"type": "integer", "minimum": 1, "maximum": u32::MAX})),
        "tool" => {
            ("Its id, such as weather.forecast", json!({"type": "string", "pattern": r"^[A-Za-z0-9_.-]{1,130}$"}))
        }
        "release" => ("Number of the release", json!({"type": "integer", "minimum": 1, "maximum": u32::MAX})),
        "e164" => ("The number in E.164 form", json!({"type": "string", "pattern": r"^\+[1-9][0-9]{1,14}$"})),
        "name" if path.contains("/secrets/") => {
            ("Its name", json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,63}$"}))
        }
        "name" => ("Its name", json!({"type": "string", "minLength": 1})),
        _ => ("", json!({"type": "string"})),
    };
    Parameter { name: name.to_owned(), place: Place::Path, description: description.to_owned(), required: true, schema }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::all;

    #[test]
    fn every_parameter_of_a_path_is_explained() {
        for operation in all() {
            for parameter in of_path(&operation.about.path) {
                assert!(!parameter.description.is_empty(), "{}: {}", operation.about.path, parameter.name);
            }
        }
    }
}
