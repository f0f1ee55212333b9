//! What UniFFI's Swift source still lacks, and the way of that source into the Swift package.
//!
//! * A cancelled task goes on waiting for Rust: here it drops the future, as a cancelled coroutine does in Kotlin.
//! * A library of another version ends the process: here the package can ask first.
//!
//! Each change fails loudly when UniFFI writes something else.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

/// Where the package expects the generated targets; never committed.
const HOME: &str = "bindings/swift/Generated";
const SOURCE: &str = "KoppelFFI/KoppelFFI.swift";

/// Puts the source right, and copies what was generated into the package.
pub(super) fn finish(generated: &Path, root: &Path) -> Result<()> {
    let source = generated.join(SOURCE);
    let text = fs::read_to_string(&source).with_context(|| format!("no {}", source.display()))?;
    fs::write(&source, put_right(&text)?)?;
    let home = root.join(HOME);
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    for target in ["KoppelFFI", "koppel_ffiFFI"] {
        fs::create_dir_all(home.join(target))?;
        for entry in fs::read_dir(generated.join(target))? {
            let entry = entry?;
            fs::copy(entry.path(), home.join(target).join(entry.file_name()))?;
        }
    }
    Ok(())
}

const WAIT: &str = "\
    var pollResult: Int8;
    repeat {
        pollResult = await withUnsafeContinuation {
            pollFunc(
                rustFuture,
                { handle, pollResult in
                    uniffiFutureContinuationCallback(handle: handle, pollResult: pollResult)
                },
                uniffiContinuationHandleMap.insert(obj: $0)
            )
        }
    } while pollResult != UNIFFI_RUST_FUTURE_POLL_READY
";

/// The handler has returned before the future is freed: the runtime waits for it when the operation ends.
const CANCELLABLE_WAIT: &str = "\
    await withTaskCancellationHandler {
        var pollResult: Int8
        repeat {
            pollResult = await withUnsafeContinuation {
                pollFunc(
                    rustFuture,
                    { handle, pollResult in
                        uniffiFutureContinuationCallback(handle: handle, pollResult: pollResult)
                    },
                    uniffiContinuationHandleMap.insert(obj: $0)
                )
            }
        } while pollResult != UNIFFI_RUST_FUTURE_POLL_READY
    } onCancel: {
        cancelFunc(rustFuture)
    }
";

const VERSION: &str = "
/// Whether this source and the library belong together. If not, whatever else is called ends the process.
public func uniffiIsOfThisVersion() -> Bool {
    if case .ok = initializationResult { return true }
    return false
}
";

fn put_right(source: &str) -> Result<String> {
    let source = replace(source, WAIT, CANCELLABLE_WAIT)?;
    let source = replace(&source, "fatalError(\"Cancellation not supported yet\")", "throw CancellationError()")?;
    ensure!(
        source.contains("private let initializationResult: InitializationResult"),
        "UniFFI looks for the version elsewhere"
    );
    Ok(with_cancel(&source)? + VERSION)
}

/// The wait takes the function that frees a future, and each call gives it: now also the one that cancels it, which has the same ending.
fn with_cancel(source: &str) -> Result<String> {
    const TAKEN: &str = "freeFunc: (UInt64) -> (),";
    const GIVEN: &str = "freeFunc: ffi_koppel_ffi_rust_future_free_";
    let mut changed = String::with_capacity(source.len() + 4096);
    let (mut taken, mut given) = (0, 0);
    for line in source.split_inclusive('\n') {
        changed.push_str(line);
        let (is_taken, is_given) = (line.trim() == TAKEN, line.trim_start().starts_with(GIVEN));
        if is_taken || is_given {
            let cancel = line.replace("freeFunc: (", "cancelFunc: @escaping (");
            changed.push_str(&cancel.replace("freeFunc", "cancelFunc").replace("_free_", "_cancel_"));
        }
        taken += u32::from(is_taken);
        given += u32::from(is_given);
    }
    ensure!(
        taken == 1 && given > 10,
        "UniFFI writes the freeing of a future otherwise: taken {taken} times, given {given}"
    );
    Ok(changed)
}

fn replace(source: &str, old: &str, new: &str) -> Result<String> {
    let found = source.matches(old).count();
    ensure!(found == 1, "UniFFI writes `{}` {found} times", old.lines().next().unwrap_or_default().trim());
    Ok(source.replace(old, new))
}

#[cfg(test)]
mod tests {
    use super::{WAIT, put_right};

    #[test]
    fn another_source_than_the_known_one_is_refused() {
        assert!(put_right("").unwrap_err().to_string().contains("var pollResult"));
        assert!(put_right(&WAIT.repeat(2)).unwrap_err().to_string().contains("2 times"));
    }
}
