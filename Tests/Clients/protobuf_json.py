"""Answers for tests what Google's protobuf for Python makes of the same messages and texts.

    protobuf_json.py FOLDER    FOLDER holds sample/v1/sample_pb2.py

Reads one request a line, {"type": "Leaf", "bytes": base64} or {"type": "Leaf", "json": text}, and writes one answer a line:
{"bytes": base64, "json": text}, both as Python has them, or {"error": text}.
"""

import base64
import json
import sys

sys.path.insert(0, sys.argv[1])

from google.protobuf import json_format  # noqa: E402
from sample.v1 import sample_pb2  # noqa: E402


def answer(request):
    message = getattr(sample_pb2, request["type"])()
    try:
        if "bytes" in request:
            message.ParseFromString(base64.b64decode(request["bytes"]))
        else:
            json_format.Parse(request["json"], message)
        return {
            "bytes": base64.b64encode(message.SerializeToString(deterministic=True)).decode(),
            "json": json_format.MessageToJson(message, indent=None),
        }
    except Exception as error:  # Its parser lets other exceptions than its own through.
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
