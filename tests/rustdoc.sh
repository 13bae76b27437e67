#!/bin/sh
# rustdoc for `cargo test --doc`: the stable one compiles `compile_fail,E0624` examples and believes
# any failure; with this variable it holds the error against the code.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
