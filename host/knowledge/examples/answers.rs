//! Prints what answers of the built-in engine cost: `cargo run --release -p trunkline-knowledge --example answers [DIR
//! [DOCUMENTS [ANSWERS]]]`; DIR decides which disk is measured.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use trunkline_knowledge::bench;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let documents = arguments.next().map_or(Ok(1_000), |documents| documents.parse())?;
    let answers = arguments.next().map_or(Ok(2_000), |answers| answers.parse())?;
    let dir = tempfile::tempdir_in(parent)?;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    let report = threads.block_on(bench::answers(dir.path(), documents, answers))?;
    println!("{report:#?}");
    Ok(())
}
