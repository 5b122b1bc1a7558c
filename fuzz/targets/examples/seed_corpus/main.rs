//! Writes the seeds of all targets into `fuzz/corpus`: `cargo run -p fuzz-targets --example seed_corpus`. Seeds have
//! numbers for names; files with other names, which fuzzing found, stay.
#![allow(clippy::unwrap_used, reason = "a tool that is run by hand, beside the files it reads")]

mod seeds;

use std::fs;
use std::path::Path;

fn main() {
    for (target, seeds) in seeds::all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed).unwrap();
        }
        println!("{target}: {} seeds", seeds.len());
    }
}
