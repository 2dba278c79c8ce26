//! Generated from `wit/tool/0.1.0`.
#![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: "../../wit/tool/0.1.0",
    world: "tool",
    pub_export_macro: true,
    export_macro_name: "export_tools",
    default_bindings_module: "trunkline_sdk::tool_bindings",
    additional_derives: [PartialEq],
});
