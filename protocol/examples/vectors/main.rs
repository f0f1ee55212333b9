//! Writes `tests/vectors/*.json`, the same bytes each time:
//!
//! ```text
//! cargo run -p koppel-protocol --example vectors -- tests/vectors
//! ```

use std::{env, fs, path::PathBuf, process::ExitCode};

mod book;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: vectors FOLDER");
        return ExitCode::FAILURE;
    };
    for book in book::all() {
        let path = folder.join(book.file_name());
        if let Err(error) = fs::write(&path, book.to_json()) {
            eprintln!("cannot write {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
        println!("{} ({} cases)", path.display(), book.cases.len());
    }
    ExitCode::SUCCESS
}
