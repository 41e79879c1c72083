#!/usr/bin/env bash
# Litestream beside a live server: the lines of docs/operations.md, a crash, and what they bring back. The package stands in a virtual environment below
# target/, made anew when its pin changes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly HERE=tests/litestream
readonly VENV=target/litestream
readonly PINS=$VENV/pins.txt

if ! cmp --silent "$HERE/requirements.txt" "$PINS"; then
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --require-hashes --only-binary :all: --requirement "$HERE/requirements.txt"
    cp "$HERE/requirements.txt" "$PINS"
fi
PATH=$PWD/$VENV/bin:$PATH "$VENV/bin/python" -B "$HERE/drive.py" "$PWD/target/debug/standin" "$PWD/docs/operations.md"
