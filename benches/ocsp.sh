#!/bin/sh
# Answers about status, over HTTP and under load, against what bounds them: benches/README.md says what
# is in and out.
#
#   benches/ocsp.sh [CERTIFICATES [ROUNDS [SECONDS]]]        10000000, 5 and 10 without
#
# Needs wrk, ab (Debian: wrk, apache2-utils) and openssl. Everything measured shares the cores with its
# client. Where this may be done, it runs before other work (nice -n -10).
set -eu
cd "$(dirname "$0")/.."
certificates=${1:-10000000}
rounds=${2:-5}
seconds=${3:-10}
for tool in wrk ab openssl; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: apt-get install wrk apache2-utils openssl"
        exit 2
    }
done
target=${CARGO_TARGET_DIR:-target}
folder=$target/ocsp
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
ocsp=127.0.0.1:7780
empty=127.0.0.1:7781
admin=127.0.0.1:7782
theirs=7783
first="nice -n -10"
$first true 2>/dev/null || first=

cargo build --locked --profile bench --bin jpki
bench=$(cargo bench --locked --bench ocsp --no-run 2>&1 | sed -n 's/.*(\(.*\)).*/\1/p' | tail -n 1)
jpki=$target/release/jpki

# A home with so many certificates is made once.
home=$folder/home-$certificates
if [ ! -e "$home/made" ]; then
    rm -rf "$home"
    begun=$(date +%s)
    "$bench" seed "$home" "$certificates"
    touch "$home/made"
    echo "seeded in $(($(date +%s) - begun)) s"
fi
# By the machine's clock: a responder's certificate lasts thirty days.
"$jpki" --home "$home" ocsp rotate --quiet >/dev/null
"$bench" requests "$home"

started=
stop() {
    for pid in $started; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $started; do
        wait "$pid" 2>/dev/null || true
    done
    started=
}
trap stop EXIT
resident() { awk '/^VmRSS/ { printf "%.0f MB", $2 / 1024 }' "/proc/$1/status"; }
until_open() { until curl -s -o /dev/null "http://$1/"; do sleep 0.1; done; }
# measure ADDRESS PATH: requests a second, and the 50th and 99th percentile of the latency.
measure() {
    $first wrk -t 2 -c 32 -d "${seconds}s" --latency -s benches/ocsp/load.lua "http://$1/" -- \
        "$folder/requests.lua" "$2" 2>&1 | awk '
        $1 == "50%" { p50 = $2 }
        $1 == "99%" { p99 = $2 }
        $1 == "Requests/sec:" { rate = $2 }
        /Non-2xx|Socket errors/ { bad = bad " (" $0 ")" }
        END { printf "%.0f %s %s%s\n", rate, p50, p99, bad }'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }

begun=$(date +%s%N)
$first "$jpki" --home "$home" serve --ocsp $ocsp --admin $admin >"$folder/serve.out" \
    2>"$folder/serve.log" &
server=$!
started=$server
until grep -q '^ready' "$folder/serve.out"; do sleep 0.05; done
echo "$certificates certificates: ready after $((($(date +%s%N) - begun) / 1000000)) ms," \
    "resident $(resident $server)"
# A refusal would be fast, and count for nothing.
curl -s --data-binary "@$folder/request.der" -H 'content-type: application/ocsp-request' \
    -o "$folder/answer.der" "http://$ocsp/"
openssl ocsp -respin "$folder/answer.der" -noverify -resp_text 2>&1 |
    grep -q 'Response Status: successful' || {
    echo "what is asked is refused: see $folder/serve.log"
    exit 1
}
$first "$bench" empty $empty &
started="$started $!"
until_open $empty
# What can be kept is kept.
measure $ocsp cached >/dev/null

echo
echo "requests a second, p50, p99; two cores for server and client together"
printf '%-6s %9s   %-24s %-24s %-24s %-24s\n' round sign 'empty handler' 'with a nonce' kept \
    '/healthz'
for round in $(seq "$rounds"); do
    sign=$($first "$bench" sign 3)
    handler=$(measure $empty nonce)
    nonce=$(measure $ocsp nonce)
    handler_kept=$(measure $empty cached)
    kept=$(measure $ocsp cached)
    healthz=$(measure $admin healthz)
    printf '%-6s %9s   %-24s %-24s %-24s %-24s\n' "$round" "$sign" "$handler" "$nonce" "$kept" \
        "$healthz"
    # What one answer must cost at least: the empty exchange and the signature, one after the other.
    both=$(awk -v a="${handler%% *}" -v b="$sign" 'BEGIN { print 1 / (1 / a + 1 / b) }')
    least=$(awk -v a="${handler%% *}" -v b="$sign" 'BEGIN { print a < b ? a : b }')
    echo "       with a nonce: $(ratio "${nonce%% *}" "$least") of the lower of both," \
        "$(ratio "${nonce%% *}" "$both") of one after the other;" \
        "kept: $(ratio "${kept%% *}" "${handler_kept%% *}") of the empty handler"
done
echo "resident after that: $(resident $server)"

# OpenSSL speaks HTTP/1.0, a connection for each request.
echo
count=5000
"$bench" index "$home" "$folder/index.txt"
begun=$(date +%s%N)
key=$home/keys/ocsp-user-authentication-1.key.pem
$first openssl ocsp -port $theirs -index "$folder/index.txt" \
    -CA "$home/ca/user-authentication-1.pem" -rsigner "$home/ca/ocsp-user-authentication-1.pem" \
    -rkey "$key" -nmin 30 >"$folder/openssl.log" 2>&1 &
openssl=$!
started="$started $openssl"
one_shot() {
    $first ab -q -l -n "$2" -c 8 -p "$folder/request.der" -T application/ocsp-request "http://$1/" 2>&1 |
        awk '/^Requests per second/ { rate = $4 } $1 == "50%" { p50 = $2 } $1 == "99%" { p99 = $2 }
            /^(Failed requests|Non-2xx)/ { if ($3 + 0 > 0) bad = " (" $0 ")" }
            END { printf "%.0f/s, p50 %s ms, p99 %s ms%s\n", rate, p50, p99, bad }'
}
until ab -q -n 1 -p "$folder/request.der" -T application/ocsp-request \
    "http://127.0.0.1:$theirs/" >/dev/null 2>&1; do
    kill -0 $openssl
    sleep 0.5
done
echo "a connection for each request, with a nonce:"
echo "openssl ocsp: ready after $((($(date +%s%N) - begun) / 1000000)) ms, resident" \
    "$(resident $openssl)"
for round in $(seq "$rounds"); do
    echo "openssl ocsp  $(one_shot "127.0.0.1:$theirs" $count)"
    echo "jpki serve    $(one_shot $ocsp $count)"
done
