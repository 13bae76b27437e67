"""Reads revocation lists with Python's cryptography: arguments are pairs AUTHORITY LIST, both DER.

Prints one JSON object per pair and line.
"""

import json
import sys

from cryptography import x509


def reason(entry):
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        return None


arguments = sys.argv[1:]
for authority, path in zip(arguments[::2], arguments[1::2], strict=True):
    with open(authority, "rb") as file:
        authority = x509.load_der_x509_certificate(file.read())
    with open(path, "rb") as file:
        crl = x509.load_der_x509_crl(file.read())
    extensions = crl.extensions
    point = extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    (name,) = point.value.full_name
    key_id = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    print(
        json.dumps(
            {
                "signed": crl.is_signature_valid(authority.public_key()),
                "ours": crl.issuer == authority.subject and key_id == own,
                "number": extensions.get_extension_for_class(x509.CRLNumber).value.crl_number,
                "this_update": int(crl.last_update_utc.timestamp()),
                "next_update": int(crl.next_update_utc.timestamp()),
                "point": name.value.rfc4514_string(),
                "point_der": name.value.public_bytes().hex(),
                "users_only": point.value.only_contains_user_certs,
                "critical": point.critical,
                "revoked": [[entry.serial_number, reason(entry)] for entry in crl],
            }
        )
    )
