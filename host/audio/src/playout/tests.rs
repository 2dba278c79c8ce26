//! The ledger against a simulated carrier, rule by rule, and against inputs in any order.

mod call;
mod carrier;
mod disorder;
mod rules;
mod simulated;
