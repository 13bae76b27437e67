"""Another implementation of ML-DSA-65: Python's cryptography, on OpenSSL.

    judge.py certificate AUTHORITY FILE…   DER: each is signed by the authority's key, which is ML-DSA-65
    judge.py list AUTHORITY FILE…          DER: each list is
    judge.py answer RESPONDER FILE…        DER: each OCSP response is signed by the responder's key
    judge.py bytes CERTIFICATE FILE SIGNATURE   the signature over the file's octets
    judge.py key CERTIFICATE KEY [PASSPHRASE]   PEM: the key in PKCS #8 belongs to the certificate
    judge.py request OUT                   makes a key, writes a certification request in PEM

Ends with 0 when everything is so.
"""

import sys

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.x509 import ocsp

ML_DSA_65 = "2.16.840.1.101.3.4.3.18"


def octets(path):
    with open(path, "rb") as file:
        return file.read()


def certificate(path):
    return x509.load_der_x509_certificate(octets(path))


def key_of(path):
    key = certificate(path).public_key()
    assert isinstance(key, mldsa.MLDSA65PublicKey), path
    return key


verb, first, *rest = sys.argv[1:]
match verb:
    case "certificate":
        authority = certificate(first)
        key_of(first)
        for path in rest:
            one = certificate(path)
            one.verify_directly_issued_by(authority)
            assert one.signature_algorithm_oid.dotted_string == ML_DSA_65, path
            assert one.signature_algorithm_parameters is None, path
            assert len(one.signature) == 3309, path
    case "list":
        for path in rest:
            one = x509.load_der_x509_crl(octets(path))
            assert one.is_signature_valid(key_of(first)), path
            assert one.signature_algorithm_oid.dotted_string == ML_DSA_65, path
    case "answer":
        for path in rest:
            one = ocsp.load_der_ocsp_response(octets(path))
            assert one.signature_algorithm_oid.dotted_string == ML_DSA_65, path
            key_of(first).verify(one.signature, one.tbs_response_bytes)
    case "bytes":
        key_of(first).verify(octets(rest[1]), octets(rest[0]))
    case "key":
        passphrase = rest[1].encode() if len(rest) > 1 else None
        key = serialization.load_pem_private_key(octets(rest[0]), passphrase)
        assert isinstance(key, mldsa.MLDSA65PrivateKey)
        assert key.public_key() == key_of(first)
    case "request":
        key = mldsa.MLDSA65PrivateKey.generate()
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        with open(first, "wb") as file:
            file.write(builder.sign(key, None).public_bytes(serialization.Encoding.PEM))
    case _:
        sys.exit(f"no such verb: {verb}")
