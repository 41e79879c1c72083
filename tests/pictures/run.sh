#!/usr/bin/env bash
# run.sh [KIND...]: has Pillow show the corpus that `cargo test corpus` left, and compares each pixel with what the built server keeps.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly HERE=tests/pictures
readonly TARGET=${CARGO_TARGET_DIR:-target}
readonly VENV=$TARGET/pictures/python

if ! cmp --silent "$HERE/requirements.txt" "$VENV/pins.txt"; then
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --require-hashes --only-binary :all: --requirement "$HERE/requirements.txt"
    cp "$HERE/requirements.txt" "$VENV/pins.txt"
fi
# A proxy of this machine has no business on loopback.
export NO_PROXY=127.0.0.1
exec "$VENV/bin/python" -B "$HERE/compare.py" "$TARGET/debug/standin" "$TARGET/tmp/pictures" "$@"
