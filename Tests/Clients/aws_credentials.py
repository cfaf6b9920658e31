"""Serves an access key as a container's endpoint and an instance's metadata service (version 2 only) do, on a free port of 127.0.0.1.

Arguments: key id, secret key. Prints the port, then "botocore agrees" once botocore's own fetchers have got the key from it.
Ends at the end of its standard input.
"""
import datetime
import http.server
import json
import os
import sys
import threading

import botocore.credentials
import botocore.utils

KEY_ID, SECRET = sys.argv[1:3]
ROLES = "/latest/meta-data/iam/security-credentials/"
TOKEN = "metadata-token"


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        valid = self.path == "/latest/api/token" and int(self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", 0)) > 0
        self.answer(200, TOKEN) if valid else self.answer(400)

    def do_GET(self):
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        key = {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET,
               "LastUpdated": "2026-01-01T00:00:00Z", "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        if self.path.startswith("/v2/credentials/"):
            right = self.headers.get("Authorization") == "container-token"
            # Neither server here checks session tokens; a container's key always has one.
            return self.answer(200, json.dumps(key | {"Token": ""})) if right else self.answer(401)
        if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
            return self.answer(401)
        if self.path == ROLES:
            return self.answer(200, "execution-role")
        return self.answer(200, json.dumps(key | {"Token": ""})) if self.path == ROLES + "execution-role" else self.answer(404)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = "http://127.0.0.1:%d" % server.server_address[1]
print(server.server_address[1], flush=True)

instance = botocore.utils.InstanceMetadataFetcher(base_url=base + "/", num_attempts=1).retrieve_iam_role_credentials()
os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = base + "/v2/credentials/execution"
os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "container-token"
container = botocore.credentials.ContainerProvider().load().get_frozen_credentials()
if instance["secret_key"] == SECRET and container.secret_key == SECRET:
    print("botocore agrees", flush=True)
sys.stdin.read()
