#!/usr/bin/env bash
# Makes koppel_ffi.xcframework beside Package.swift. Not yet run: no machine of Apple's was at hand where this was written.
#
# Needs macOS with Xcode 16, and `rustup target add aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin`.
# Run `cargo xtask bindings` first: the header and its module map go into the framework.
#
# What the first run should look at: that `swift build` on macOS and a build for a device find the module koppel_ffiFFI, that no symbol of the
# library is missing in an app with dead-code stripping, that the notification extension stays below 24 MB, and that a cancelled
# `stayConnected()` closes its connection.
set -euo pipefail
cd "$(dirname "$0")"
[ "$(uname)" = Darwin ] || { echo "xcframework.sh: an xcframework can only be made on macOS" >&2; exit 1; }
[ -d Generated/koppel_ffiFFI ] || { echo "xcframework.sh: run cargo xtask bindings first" >&2; exit 1; }
target=${CARGO_TARGET_DIR:-$PWD/../../target}
export IPHONEOS_DEPLOYMENT_TARGET=17.0 MACOSX_DEPLOYMENT_TARGET=14.0

for triple in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin; do
  # One kind of library alone: beside a Rust library cargo leaves link-time optimisation out.
  cargo rustc --profile phone --package koppel-bindings --lib --crate-type staticlib --target "$triple"
done

work=$target/xcframework
rm -rf "$work" koppel_ffi.xcframework
mkdir -p "$work"/{headers,simulator}
cp Generated/koppel_ffiFFI/koppel_ffiFFI.h Generated/koppel_ffiFFI/module.modulemap "$work/headers"
lipo -create -output "$work/simulator/libkoppel_ffi.a" \
  "$target"/{aarch64-apple-ios-sim,x86_64-apple-ios}/phone/libkoppel_ffi.a
xcodebuild -create-xcframework -output koppel_ffi.xcframework \
  -library "$target/aarch64-apple-ios/phone/libkoppel_ffi.a" -headers "$work/headers" \
  -library "$work/simulator/libkoppel_ffi.a" -headers "$work/headers" \
  -library "$target/aarch64-apple-darwin/phone/libkoppel_ffi.a" -headers "$work/headers"
