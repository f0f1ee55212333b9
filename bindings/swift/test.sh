#!/usr/bin/env bash
# The tests of the Swift package, on Linux. `cargo xtask test swift` builds the library and the server, writes the generated sources and calls
# this; after `cargo build --profile ci --workspace --bins` and `cargo xtask bindings` it can be called by hand.
#
#   KOPPEL_BIN_DIR   the folder of koppel-server (default: target/ci)
#   KOPPEL_LIBRARY   the folder of libkoppel_ffi.so (default: the same)
set -euo pipefail
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-$PWD/../../target}
export KOPPEL_BIN_DIR=${KOPPEL_BIN_DIR:-$target/ci}
export KOPPEL_LIBRARY=${KOPPEL_LIBRARY:-$KOPPEL_BIN_DIR}
commands=$(./toolchain.sh)
PATH=$commands:$PATH

# The sources look as the formatter leaves them.
swift-format lint --strict --recursive Package.swift Sources Tests Examples

swift build --build-tests --scratch-path "$target/swift"
log=$(mktemp)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs" "$log"' EXIT
# A run of no tests ends well: that is a failure too.
tests() {
  swift test --skip-build --disable-xctest --scratch-path "$target/swift" "$@" 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  if ! grep -qE 'Test run with [1-9][0-9]* tests?' "$log"; then
    echo "no test was run: swift test $*"
    return 1
  fi
  return "$status"
}
status=0
tests --skip LifecycleTests || status=$?
# These weigh the process, and so want it for themselves.
tests --filter LifecycleTests --no-parallel || status=$?

# Every link in the documentation leads somewhere.
swift package --scratch-path "$target/swift" dump-symbol-graph --minimum-access-level public --skip-synthesized-members >/dev/null
find "$target/swift" -path '*/symbolgraph/Koppel.symbols.json' -exec cp {} "$graphs" \;
docc convert Sources/Koppel/Koppel.docc --additional-symbol-graph-dir "$graphs" --fallback-display-name Koppel \
  --fallback-bundle-identifier nl.koppel --output-path "$graphs/archive" --warnings-as-errors || status=$?
exit "$status"
