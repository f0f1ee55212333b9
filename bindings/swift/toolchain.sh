#!/usr/bin/env bash
# Puts Swift 6.0.3 on Debian 12: `toolchain.sh` prints the folder with swift, swiftc and so on, to be put before PATH.
#
# Debian 12 has no Swift; Debian 13 has one that needs a newer glibc. So that release's packages are resolved, fetched and verified by apt with
# a state folder of its own, and unpacked, without their scripts, into a root folder of their own. The commands enter that root in a private
# mount namespace in which the machine's other folders lie where they always do. Nothing of the machine changes.
#
#   KOPPEL_SWIFT_ROOT   the root folder (default: target/swift-root of this repository); 1.3 GB
#
# Where swift is on the PATH already, nothing is done. Needs root, or a kernel that lets users make namespaces, for running; only dpkg-deb, tar
# and apt-get for installing.
set -euo pipefail
export LC_ALL=C

SUITE=trixie
PACKAGES=(swiftlang libc6-dev libssl-dev bash coreutils base-files)
FORMAT=2 # raised when what this makes is another thing

say() { printf 'toolchain: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

if path=$(command -v swift) && swift --version >/dev/null 2>&1; then
  dirname "$path"
  exit
fi
here=$(cd "$(dirname "$0")" && pwd -P)
root=${KOPPEL_SWIFT_ROOT:-${CARGO_TARGET_DIR:-$here/../../target}/swift-root}
mkdir -p "$root"
root=$(cd "$root" && pwd -P)
exec 9>"$root.lock"
flock 9
if [ "$(cat "$root/.format" 2>/dev/null)" = "$FORMAT" ] && "$root/commands/swiftc" --version >/dev/null 2>&1; then
  echo "$root/commands"
  exit
fi
[ -z "$(ls -A "$root")" ] || [ -f "$root/.format" ] || fail "$root holds something else"
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail "please install Swift 6: only Debian on amd64 is known here"

# The mirror that this machine uses itself.
mirror=$({
  sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
  sed -n 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
} 2>/dev/null | grep -E '/debian/?$' | head -n 1) || true
[ -n "$mirror" ] || fail "no Debian mirror in the sources of apt"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keyring" ] || fail "please install debian-archive-keyring"

new=$root.new
apt=$root.apt
trap 'rm -rf "$new" "$apt"' EXIT
rm -rf "$new" "$apt"
mkdir -p "$apt"/{lists,archives}/partial "$apt/parts"
: >"$apt/status"
echo "deb [signed-by=$keyring] $mirror $SUITE main" >"$apt/sources.list"
get() {
  apt-get -q -o Dir::State="$apt" -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" \
    -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts="$apt/parts" \
    -o Dir::Etc::preferences="$apt/none" -o Dir::Etc::preferencesparts="$apt/parts" \
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::Languages=none -o Acquire::Retries=3 \
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false "$@" >"$apt/log" 2>&1 ||
    { tail -n 20 "$apt/log" | sed -E 's#https?://[^ ]*#MIRROR#g' >&2; fail "apt-get $1 failed"; }
}
say "fetching Swift and what it needs"
get update
get -y --download-only install "${PACKAGES[@]}"

say "unpacking"
mkdir -p "$new"/usr/{bin,sbin,lib,lib64}
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$new/$folder"; done
swift=./usr/libexec/swift
# What tests never use is half of it.
without=(./usr/share/{doc,man,info,locale,lintian,bug} "$swift"/lib/{swift_static,swift/embedded,libsourcekitdInProc.so}
  "$swift/bin/lldb*" "$swift"/bin/{repl_swift,clangd,sourcekit-lsp} "$swift/lib/liblldb*" "$swift/lib/libLTO*")
for package in "$apt"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$new" --keep-directory-symlink "${without[@]/#/--exclude=}"
done
mkdir -p "$new"/{etc,tmp,proc,sys,dev,run,var/tmp,root,commands}
for file in passwd group nsswitch.conf hosts resolv.conf; do
  if [ -e "/etc/$file" ]; then cp -L "/etc/$file" "$new/etc/$file"; fi
done
# Programs of the tests that run in there want some certificates, though they talk to nobody but this machine.
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  mkdir -p "$new/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$new/etc/ssl/certs/"
fi
ln -sf bash "$new/usr/bin/sh"
# Mount points for the machine's folders, also for callers who may not make them.
for folder in /*; do
  case $folder in /bin | /sbin | /lib* | /usr | /etc | /var | /boot | /lost+found) continue ;; esac
  if [ -d "$folder" ] && [ ! -L "$folder" ]; then mkdir -p "$new$folder"; fi
done

cat >"$new/commands/inside" <<'RUN'
#!/usr/bin/env bash
# inside COMMAND [ARGUMENT...]: runs it in the Swift root, in the same folder, with the caller's environment.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
namespace=(--mount --propagation private)
[ "$(id -u)" = 0 ] || namespace+=(--map-root-user)
exec unshare "${namespace[@]}" -- /bin/bash -euc '
  root=$1; here=$2; shift 2
  for folder in /*; do
    case $folder in /bin|/sbin|/lib*|/usr|/etc|/var|/boot|/lost+found) continue ;; esac
    [ -d "$folder" ] && [ ! -L "$folder" ] && [ -d "$root$folder" ] || continue
    mount --rbind "$folder" "$root$folder"
  done
  cd "$root"
  exec chroot "$root" /usr/bin/env -C "$here" PATH="/usr/libexec/swift/bin:/usr/bin:/bin${PATH:+:$PATH}" "$@"
' inside "$root" "$(pwd -P)" "$@"
RUN
for tool in swift swiftc swift-build swift-test swift-run swift-package swift-format swift-symbolgraph-extract docc; do
  printf '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/inside" %s "$@"\n' "$tool" >"$new/commands/$tool"
done
chmod 755 "$new"/commands/*
echo "$FORMAT" >"$new/.format"
rm -rf "$root"
mv "$new" "$root"
say "$("$root/commands/swiftc" --version 2>&1 | head -n 1)"
echo "$root/commands"
