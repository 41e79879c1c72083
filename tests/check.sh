#!/usr/bin/env bash
# All checks of a change, as CI runs them. Each step ends with a line of its name and its seconds; the first failed step ends the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly DENY_VERSION=0.20.2
readonly TOOLS=$PWD/target/tools

# step NAME COMMAND...
step() {
    local name=$1 start=$SECONDS code=0
    shift
    # In a subshell, because bash ignores `set -e` in a function whose exit code is tested.
    set +e
    (set -e; "$@")
    code=$?
    set -e
    if ((code != 0)); then
        printf '== %-13s FAILED after %d s\n' "$name" $((SECONDS - start)) >&2
        exit "$code"
    fi
    printf '== %-13s %4d s\n' "$name" $((SECONDS - start))
}

# need COMMAND PACKAGE: installs a Debian package if its command is missing.
need() {
    command -v "$1" >/dev/null || package "$2"
}

# package PACKAGE: installs a Debian package.
package() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$1" >/dev/null || {
        apt-get update >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$1" >/dev/null
    }
}

tools() {
    need cc build-essential # bundled SQLite
    need openssl openssl # certificates of the runs against the vendors' packages
    need git git            # the advisories' database
    if [[ $("$TOOLS/bin/cargo-deny" --version 2>/dev/null) != "cargo-deny $DENY_VERSION" ]]; then
        # An unoptimised build takes a third of the time, and still reads this tree in two seconds.
        CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --version "$DENY_VERSION" --locked --debug --force \
            --quiet --root "$TOOLS" --target-dir "$TOOLS/build"
        rm -rf "$TOOLS/build"
    fi
}

deny() {
    "$TOOLS/bin/cargo-deny" --config tests/deny.toml "$@"
}

advisories() {
    local said
    if said=$(deny fetch db 2>&1); then
        deny --offline check --hide-inclusion-graph advisories
    elif [[ $said == *"failed to fetch advisory database"* ]]; then
        echo "advisories unchecked: database not reachable"
    else
        printf '%s\n' "$said" >&2
        return 1
    fi
}

documentation() {
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
}

virtual_environments() {
    # Debian's python3 lacks the module that installs pip into a virtual environment.
    python3 -c 'import ensurepip, venv' 2>/dev/null || package python3-venv
}

sdk_python() {
    virtual_environments
    tests/sdk/python/run.sh
}

documents() {
    virtual_environments
    tests/documents/run.sh
}

pictures() {
    virtual_environments
    tests/pictures/run.sh
}

litestream() {
    virtual_environments
    tests/litestream/run.sh
}

# browser_tests FOLDER: installs the npm packages of FOLDER and runs its tests against the built server.
browser_tests() {
    need node nodejs
    need npm npm
    need chromium chromium
    # Installs what the lock file names. The folder is kept between runs until the lock file changes.
    if ! cmp --silent "$1/package-lock.json" "$1/node_modules/pins.json"; then
        npm ci --prefix "$1" --silent
        cp "$1/package-lock.json" "$1/node_modules/pins.json"
    fi
    # Calls on loopback must not go through a proxy.
    NO_PROXY=127.0.0.1 node "$1/run.mjs" target/debug/standin
}

step tools tools
step format cargo fmt --all --check
step licences deny check --hide-inclusion-graph licenses bans sources
step advisories advisories
step clippy cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
step tests cargo test --locked --quiet
step small_disk tests/small_disk.sh
step sdk_python sdk_python
step documents documents
step pictures pictures
step litestream litestream
step sdk_npm browser_tests tests/sdk
step console browser_tests tests/console
step docs documentation
printf '== %-13s %4d s\n' all "$SECONDS"
