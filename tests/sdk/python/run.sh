#!/usr/bin/env bash
# The vendors' packages in a virtual environment below target/, made anew when a pin changes, and then what drives each of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

readonly HERE=tests/sdk/python
readonly VENV=target/sdk/python
readonly PINS=$VENV/pins.txt

if ! cat "$HERE"/*.txt | cmp --silent - "$PINS"; then
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    # No build isolation: what builds the packages is pinned like the packages themselves.
    "$VENV/bin/pip" install --quiet --require-hashes --requirement "$HERE/build.txt"
    "$VENV/bin/pip" install --quiet --require-hashes --no-build-isolation --use-pep517 --requirement "$HERE/requirements.txt"
    cat "$HERE"/*.txt >"$PINS"
fi
# A proxy of this machine has no business on loopback.
export NO_PROXY=127.0.0.1
for driver in "$HERE"/drive_*.py; do
    "$VENV/bin/python" -B "$driver" target/debug/standin
done
