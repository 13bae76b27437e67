#!/bin/sh
# Makes the files that the tests of `jpki show` read. Run by hand; the outcome is committed, because
# the keys are new each time. The keys protect nothing.
set -eu
cd "$(dirname "$0")"
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa2048.key.pem
openssl rsa -in rsa2048.key.pem -traditional -out rsa2048.pkcs1.pem
openssl rsa -in rsa2048.key.pem -traditional -aes128 -passout pass:fictional -out rsa2048.locked.pem
openssl rsa -in rsa2048.key.pem -RSAPublicKey_out -out rsa2048.pkcs1.pub.pem
openssl pkey -in rsa2048.key.pem -pubout -out rsa2048.pub.pem
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key.pem
openssl ecparam -name secp384r1 -genkey -out p384.sec1.pem
openssl pkey -in p256.key.pem -outform DER -traditional -out p256.sec1.der
openssl pkcs8 -topk8 -in p256.key.pem -v2 aes-256-cbc -passout pass:fictional -out p256.locked.pem
openssl genpkey -quiet -algorithm ed25519 -out ed25519.key.pem
openssl ecparam -name secp256k1 -genkey -noout -out secp256k1.sec1.pem

openssl req -new -key p256.key.pem -subj "/C=JP/O=Example/CN=request.example" \
    -addext "subjectAltName=DNS:request.example" -outform DER -out p256.csr
openssl req -x509 -newkey rsa:4096 -nodes -keyout /dev/null -sha512 -days 20000 -set_serial 0x7fffffffffffffffffffffffffffffffffffffff \
    -subj "/C=JP/O=Example/CN=Root+serialNumber=1" -config foreign.cnf -extensions root -outform DER -out rsa4096.cer
openssl req -x509 -key p256.key.pem -sha256 -days 30 -set_serial -5 -utf8 \
    -subj "/CN=山田　花子/emailAddress=hanako@example.jp" -config foreign.cnf -extensions leaf -outform DER -out p256.cer
openssl req -x509 -key ed25519.key.pem -days 1 -subj "/" -config foreign.cnf -extensions none -outform DER -out ed25519.cer
openssl x509 -in rsa4096.cer -inform DER -text -out bundle.pem
openssl x509 -in p256.cer -inform DER >> bundle.pem
openssl pkey -in p256.key.pem -pubout >> bundle.pem

# Questions and answers about the status of certificates: an authority, its responder, a client.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -key p256.key.pem -sha256 -days 7300 -subj "/C=JP/O=Example/CN=Authority" -out "$work/ca.pem"
for who in responder client; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$who.key" \
        -subj "/C=JP/O=Example/CN=$who" -out "$work/$who.csr"
done
printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\nnoCheck=yes\n' > "$work/ext"
openssl x509 -req -in "$work/responder.csr" -CA "$work/ca.pem" -CAkey p256.key.pem -set_serial 2 -days 7000 \
    -extfile "$work/ext" -out "$work/responder.pem"
openssl x509 -req -in "$work/client.csr" -CA "$work/ca.pem" -CAkey p256.key.pem -set_serial 3 -days 7000 \
    -out "$work/client.pem"
printf 'V\t401231235959Z\t\t05\tunknown\t/CN=a\n' > "$work/index"
printf 'R\t401231235959Z\t261120030405Z,keyCompromise\t06\tunknown\t/CN=b\n' >> "$work/index"
printf 'R\t401231235959Z\t261120030405Z,holdInstruction,holdInstructionNone\t07\tunknown\t/CN=c\n' >> "$work/index"
openssl ocsp -issuer "$work/ca.pem" -serial 5 -serial 6 -sha256 -serial 7 -serial 8 -nonce \
    -reqout status.ocsp-request
openssl ocsp -issuer "$work/ca.pem" -serial 5 -no_nonce -signer "$work/client.pem" -signkey "$work/client.key" \
    -reqout signed.ocsp-request
openssl ocsp -index "$work/index" -CA "$work/ca.pem" -rsigner "$work/responder.pem" -rkey "$work/responder.key" \
    -ndays 7 -reqin status.ocsp-request -respout status.ocsp-response
