//! Who may ask the host for what, and what it answers to requests that are wrong.

mod page;
mod requests;
mod routes;
mod try_out;
