#!/usr/bin/env bash
# run.sh [EXAMPLES [DOCUMENT...]]: every call of the OpenAPI documents, tried by schemathesis against the built server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly HERE=tests/documents
readonly VENV=target/documents/python

if ! cmp --silent "$HERE/requirements.txt" "$VENV/pins.txt"; then
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --require-hashes --only-binary :all: --requirement "$HERE/requirements.txt"
    cp "$HERE/requirements.txt" "$VENV/pins.txt"
fi
# A proxy of this machine has no business on loopback.
export NO_PROXY=127.0.0.1
exec "$VENV/bin/python" -B "$HERE/fuzz.py" target/debug/standin "${1:-10}" "${@:2}"
