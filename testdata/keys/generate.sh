#!/bin/sh
# Makes keys of every algorithm for tests, so that none waits for RSA-4096. Run by hand; the outcome is
# committed, because the keys are new each time. They protect nothing.
set -eu
cd "$(dirname "$0")"
for number in 1 2 3; do
    for bits in 2048 3072 4096; do
        openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$bits" -out "rsa$bits-$number.pem"
    done
    for bits in 256 384; do
        openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:P-$bits" -out "p$bits-$number.pem"
    done
done
