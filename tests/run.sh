#!/bin/sh
# Runs every check and test on a Debian machine with Rust, and installs what they need first.
#
# One line per step; the output of a step is in target/run/ and is shown when the step fails.
set -eu
cd "$(dirname "$0")/.."
logs=target/run
mkdir -p "$logs"

# step NAME COMMAND…: runs the command out of sight.
step() {
    name=$1
    shift
    log=$logs/$(echo "$name" | tr -c 'a-z0-9\n' '-').log
    begun=$(date +%s)
    if "$@" >"$log" 2>&1; then
        printf '%-44s ok  %4ss\n' "$name" "$(($(date +%s) - begun))"
    else
        cat "$log"
        printf '%-44s FAILED, see %s\n' "$name" "$log"
        exit 1
    fi
}

# tests NAME COMMAND…: a step that ends with the closing lines of cargo test.
tests() {
    step "$@"
    grep '^test result: ' "$log"
}

# Debian packages, those that are missing.
packages=
needs() { command -v "$1" >/dev/null || packages="$packages $2"; }
needs cc build-essential
needs openssl openssl
needs curl curl
needs certtool gnutls-bin
needs faketime faketime
needs javac default-jdk-headless
needs systemd-analyze systemd
needs softhsm2-util softhsm2
needs pkcs11-tool opensc
needs strace strace
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3-venv"
install_packages() {
    if [ "$(id -u)" = 0 ]; then
        sudo=
    elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true; }; then
        sudo=sudo
    else
        echo "run as root: apt-get install$packages"
        return 1
    fi
    $sudo apt-get update
    # Unquoted: a list.
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
}
if [ -n "$packages" ]; then
    step "install$packages" install_packages
fi
for tool in fmt clippy; do
    cargo "$tool" --version >/dev/null 2>&1 || {
        echo "cargo $tool is missing: rustup component add rustfmt clippy"
        exit 2
    }
done

# Python packages, in an environment of their own.
make_environment() {
    rm -rf target/venv
    python3 -m venv target/venv
    target/venv/bin/python -m pip install --disable-pip-version-check -r tests/requirements.txt
    cp tests/requirements.txt target/venv/
}
if ! cmp -s tests/requirements.txt target/venv/requirements.txt; then
    step "make the python environment" make_environment
fi

step "format" cargo fmt --check
# All targets: tests, examples and benches too.
step "clippy" cargo clippy --locked --all-targets -- -D warnings
step "clippy, no feature" cargo clippy --locked --lib --tests --no-default-features -- -D warnings
for feature in cli http pkcs11 sqlite; do
    step "clippy, only $feature" \
        cargo clippy --locked --lib --bins --no-default-features --features "$feature" -- -D warnings
done
# It builds in aws-lc-rs too.
step "clippy, experimental-ml-dsa" \
    cargo clippy --locked --lib --bins --features experimental-ml-dsa -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
if cargo deny --version >/dev/null 2>&1; then
    # Advisories need a database from the network; `just deny` asks for them too.
    step "dependencies" cargo deny --locked check bans licenses sources
fi
tests "examples in the documentation" env RUSTDOC="$PWD/tests/rustdoc.sh" cargo test --locked --doc
tests "tests" cargo test --locked --lib --bins --tests --examples
# Keys in files by the second back end, and those that it alone has; the rest does not see which it is.
tests "tests, experimental-ml-dsa" \
    cargo test --locked --features experimental-ml-dsa --lib --test experiment \
    -- signer::software:: seal:: experiment:: life::
# Nothing is measured: a bench that no longer runs is found.
step "benches, once around" cargo test --locked --bench '*'
