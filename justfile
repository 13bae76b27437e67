# What CI runs, in pieces. Each recipe is a line that can be typed by hand.

# everything, with set-up
all:
    tests/run.sh

# format and lints
check:
    cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings

# unit tests, suite, examples in the documentation
test:
    cargo test --locked

# the library's documentation
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# licences, duplicates, sources, advisories
deny:
    cargo deny --locked check

# certificates per second, as a ratio to the raw rate of the same key type
bench:
    cargo bench --locked --bench issue

# events per second, as a ratio to bare inserts of the same rows
bench-feed:
    cargo bench --locked --bench feed

# entries per second of revocation lists, as a ratio to hashing their bytes
bench-crl:
    cargo bench --locked --bench crl

# a nation's lists from the store to synced files, as a ratio to hashing and signing them: 8 GB, ten minutes
bench-nation:
    cargo bench --locked --bench nation

# answers about status per second, in memory
bench-ocsp:
    cargo bench --locked --bench ocsp

# signatures per second of every algorithm on every back end, as a ratio to openssl speed
bench-sign:
    cargo bench --locked --bench sign

# the whole life of one fictional holder
demo:
    cargo run --locked --release -- demo
