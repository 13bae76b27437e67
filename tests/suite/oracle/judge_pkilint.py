"""Runs `lint_pkix_cert lint -s NOTICE` on each file named, in one process.

Prints `judged FILE` for each and `found FILE SEVERITY CODE` for each finding, tab-separated.
"""

import contextlib
import io
import json
import sys

from pkilint.bin import lint_pkix_cert

for path in sys.argv[1:]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        lint_pkix_cert.main(["lint", "-s", "NOTICE", "-f", "JSON", "--document-format", "DER", path])
    for result in json.loads(printed.getvalue())["results"]:
        for finding in result["finding_descriptions"]:
            print("found", path, finding["severity"], finding["code"], sep="\t")
    print("judged", path, sep="\t")
