"""Reads certificates with Python's cryptography: arguments are pairs AUTHORITY FILE, both DER.

Prints one JSON object per pair and line.
"""

import json
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature


def read(path):
    with open(path, "rb") as file:
        return x509.load_der_x509_certificate(file.read())


def utf8_string(der):
    """The text of a DER UTF8String, with no octet left over."""
    assert der[0] == 0x0C, "not a UTF8String"
    length, start = der[1], 2
    if length & 0x80:
        octets = length & 0x7F
        length, start = int.from_bytes(der[2 : 2 + octets], "big"), 2 + octets
    assert len(der) == start + length, "wrong length"
    return der[start:].decode("utf-8", "strict")


def is_signed(certificate, authority):
    try:
        certificate.verify_directly_issued_by(authority)
    except InvalidSignature:
        return False
    return True


def items(certificate):
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    if not all(isinstance(name, x509.OtherName) for name in names):
        return None
    return [[name.type_id.dotted_string, utf8_string(name.value)] for name in names]


arguments = sys.argv[1:]
for authority, path in zip(arguments[::2], arguments[1::2], strict=True):
    certificate = read(path)
    extensions = [
        [e.oid.dotted_string, e.critical, e.value.public_bytes().hex()]
        for e in certificate.extensions
    ]
    print(
        json.dumps(
            {
                "version": certificate.version.name,
                "subject": certificate.subject.rfc4514_string(),
                "subject_der": certificate.subject.public_bytes().hex(),
                "not_before": int(certificate.not_valid_before_utc.timestamp()),
                "not_after": int(certificate.not_valid_after_utc.timestamp()),
                "signed": is_signed(certificate, read(authority)),
                "items": items(certificate),
                "extensions": extensions,
            }
        )
    )
