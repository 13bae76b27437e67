"""Asks a responder with Python's cryptography: arguments are URL AUTHORITY SERIAL, the authority's
certificate in DER.

For both hashes, with a nonce and without, by POST and by GET: one JSON object per answer and line.
"""

import base64
import json
import os
import sys
import urllib.parse
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

url, authority, serial = sys.argv[1:]
with open(authority, "rb") as file:
    authority = x509.load_der_x509_certificate(file.read())


def digest(algorithm, octets):
    hashed = hashes.Hash(algorithm)
    hashed.update(octets)
    return hashed.finalize()


def key_bits(certificate):
    public = certificate.public_key()
    return public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def send(request, get):
    der = request.public_bytes(serialization.Encoding.DER)
    if get:
        path = urllib.parse.quote(base64.b64encode(der), safe="")
        asked = urllib.request.Request(f"{url}/{path}")
    else:
        kind = {"Content-Type": "application/ocsp-request"}
        asked = urllib.request.Request(url, data=der, headers=kind)
    with urllib.request.urlopen(asked) as answered:
        return ocsp.load_der_ocsp_response(answered.read())


for algorithm in [hashes.SHA1(), hashes.SHA256()]:
    for nonce in [None, os.urandom(32)]:
        for get in [False, True]:
            builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
                digest(algorithm, authority.subject.public_bytes()),
                digest(algorithm, key_bits(authority)),
                int(serial),
                algorithm,
            )
            if nonce:
                builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
            answer = send(builder.build(), get)
            (responder,) = answer.certificates
            # Each raises where it does not hold.
            responder.verify_directly_issued_by(authority)
            responder.public_key().verify(
                answer.signature,
                answer.tbs_response_bytes,
                ec.ECDSA(answer.signature_hash_algorithm),
            )
            usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            assert list(usage) == [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
            responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
            own = digest(hashes.SHA1(), key_bits(responder))
            assert answer.responder_key_hash == own and answer.responder_name is None
            returned = [
                extension.value.nonce
                for extension in answer.extensions
                if isinstance(extension.value, x509.OCSPNonce)
            ]
            assert returned == ([nonce] if nonce else []), "the nonce comes back, and only then"
            assert answer.produced_at_utc >= answer.this_update_utc
            since = answer.revocation_time_utc
            reason = answer.revocation_reason
            print(
                json.dumps(
                    {
                        "hash": answer.hash_algorithm.name,
                        "serial": answer.serial_number,
                        "status": answer.certificate_status.name,
                        "reason": reason and reason.value,
                        "since": since and int(since.timestamp()),
                        "life": int(
                            (answer.next_update_utc - answer.this_update_utc).total_seconds()
                        ),
                    }
                )
            )
