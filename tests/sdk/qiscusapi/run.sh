#!/usr/bin/env bash
# The package in a virtual environment below target/, made anew when a pin changes, and then run.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

readonly HERE=tests/sdk/qiscusapi
readonly VENV=target/sdk/qiscusapi
readonly PINS=$VENV/pins.txt

if ! cat "$HERE"/*.txt | cmp --silent - "$PINS"; then
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    # No build isolation: what builds the package is pinned like the package itself.
    "$VENV/bin/pip" install --quiet --require-hashes --requirement "$HERE/build.txt"
    "$VENV/bin/pip" install --quiet --require-hashes --no-build-isolation --use-pep517 --requirement "$HERE/requirements.txt"
    cat "$HERE"/*.txt >"$PINS"
fi
# A proxy of this machine has no business on loopback.
NO_PROXY=127.0.0.1 exec "$VENV/bin/python" "$HERE/run.py" target/debug/standin
