"""Signs the requests that it reads as JSON lines, by botocore, and prints each one's headers as a JSON line.

The clock is the request's: botocore asks for it in one place.
"""
import datetime
import json
import sys

import botocore.auth
import botocore.awsrequest
import botocore.credentials

now = None
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: now
for line in sys.stdin:
    asked = json.loads(line)
    now = datetime.datetime.fromtimestamp(asked["seconds"], datetime.timezone.utc).replace(tzinfo=None)
    credentials = botocore.credentials.Credentials(asked["id"], asked["secret"], asked.get("token"))
    headers = dict(asked["headers"])
    request = botocore.awsrequest.AWSRequest(
        method=asked["method"], url="https://" + headers["host"] + asked["path"], headers=headers, data=asked["body"].encode())
    botocore.auth.SigV4Auth(credentials, asked["service"], asked["region"]).add_auth(request)
    print(json.dumps({name.lower(): value for name, value in request.headers.items()}), flush=True)
