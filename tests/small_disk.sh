#!/usr/bin/env bash
# Promises 6 and 7 on true file systems: one of 24 MiB that fills up, and one that cannot be written; and a restore where pictures have one
# to themselves. Only this command sees them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Built out here: in there the root of files is another's.
cargo test --locked --quiet --test house --no-run

inside='small=$(mktemp -d) closed=$(mktemp -d) apart=$(mktemp -d)
mount -t tmpfs -o size=24m small "$small"
mount -t tmpfs -o ro,size=1m closed "$closed"
mkdir --mode=700 "$apart/data" "$apart/data/pictures"
mount -t tmpfs -o size=1m apart "$apart/data/pictures"
export STANDIN_SMALL_DISK=$small STANDIN_CLOSED_DISK=$closed STANDIN_PICTURES_APART=$apart/data
cargo test --locked --quiet --test house on_a_true_file_system -- --ignored
umount "$small" "$closed" "$apart/data/pictures"
rm -r "$small" "$closed" "$apart"'
if [[ $(id -u) == 0 ]]; then
    unshare --mount bash -ec "$inside"
else
    unshare --user --map-root-user --mount bash -ec "$inside"
fi
