"""Reads status messages with Python's cryptography: arguments are REQUEST RESPONSE, both DER.

Prints one JSON object.
"""

import json
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp


def seconds(instant):
    return int(instant.timestamp()) if instant else None


def nonce(message):
    try:
        return message.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce.hex()
    except x509.ExtensionNotFound:
        return None


def signed(response, certificate):
    algorithm = ec.ECDSA(response.signature_hash_algorithm)
    try:
        certificate.public_key().verify(response.signature, response.tbs_response_bytes, algorithm)
        return True
    except InvalidSignature:
        return False


def statement(single):
    reason = single.revocation_reason
    return {
        "serial": single.serial_number,
        "hash": single.hash_algorithm.name,
        "status": single.certificate_status.name,
        "since": seconds(single.revocation_time_utc),
        "reason": reason.value if reason else None,
        "this_update": seconds(single.this_update_utc),
        "next_update": seconds(single.next_update_utc),
    }


with open(sys.argv[1], "rb") as file:
    request = file.read()
with open(sys.argv[2], "rb") as file:
    response = ocsp.load_der_ocsp_response(file.read())
if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
    print(json.dumps({"refused": response.response_status.name}))
    sys.exit()
(certificate,) = response.certificates
statements = list(response.responses)
# A request is read only when it asks for one certificate.
asked = None
if len(statements) == 1:
    request = ocsp.load_der_ocsp_request(request)
    (single,) = statements
    same = ("issuer_name_hash", "issuer_key_hash", "serial_number")
    asked = {
        "serial": request.serial_number,
        "hash": request.hash_algorithm.name,
        "nonce": nonce(request),
        "same": all(getattr(request, item) == getattr(single, item) for item in same),
    }
key = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
extensions = [extension.oid.dotted_string for extension in response.extensions]
print(
    json.dumps(
        {
            "asked": asked,
            "signed": signed(response, certificate),
            "by_key": response.responder_key_hash == key,
            "produced_at": seconds(response.produced_at_utc),
            "nonce": nonce(response),
            "extensions": extensions,
            "statements": [statement(single) for single in statements],
        }
    )
)
