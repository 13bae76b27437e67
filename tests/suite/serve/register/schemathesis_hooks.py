"""JSON Lines for Schemathesis, which knows single documents."""

import json

import schemathesis


def to_lines(context, value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()


def from_lines(context, response):
    return [json.loads(line) for line in response.content.splitlines()]


for kind in ("application/x-ndjson", "application/jsonl"):
    schemathesis.serializer(kind)(to_lines)
    schemathesis.deserializer(kind)(from_lines)
