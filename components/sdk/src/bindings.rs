//! Generated from `wit/agent/0.1.0`.
#![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: "../../wit/agent/0.1.0",
    world: "agent",
    pub_export_macro: true,
    export_macro_name: "export",
    default_bindings_module: "trunkline_sdk::bindings",
    additional_derives: [PartialEq],
});
