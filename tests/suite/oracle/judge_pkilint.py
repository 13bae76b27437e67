"""Runs `lint_pkix_cert lint -s NOTICE` on each file named, `lint_crl` on those that end in `.crl`,
`lint_ocsp_response` on those that end in `.ocsp-response` or `.ors`, in one process.

Prints `judged FILE` for each and `found FILE SEVERITY CODE` for each finding, tab-separated.
"""

import contextlib
import io
import json
import sys

from pkilint.bin import lint_crl, lint_ocsp_response, lint_pkix_cert

for path in sys.argv[1:]:
    printed = io.StringIO()
    options = ["-s", "NOTICE", "-f", "JSON", "--document-format", "DER", path]
    with contextlib.redirect_stdout(printed):
        if path.endswith(".crl"):
            lint_crl.main(["lint", "-t", "CRL", "-p", "PKIX", *options])
        elif path.endswith((".ocsp-response", ".ors")):
            lint_ocsp_response.main(["lint", *options])
        else:
            lint_pkix_cert.main(["lint", *options])
    for result in json.loads(printed.getvalue())["results"]:
        for finding in result["finding_descriptions"]:
            print("found", path, finding["severity"], finding["code"], sep="\t")
    print("judged", path, sep="\t")
