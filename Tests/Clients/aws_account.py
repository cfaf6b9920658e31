"""Makes a user of moto's who may use Secrets Manager, and prints its access key. Argument: moto's address."""
import json
import sys
import time
import urllib.error
import urllib.request

import botocore.session

endpoint = sys.argv[1]
# The first three requests that follow are not authenticated: those that make the user.
reset = urllib.request.Request(endpoint + "/moto-api/reset-auth", data=b"3", headers={"Content-Type": "text/plain"}, method="POST")
deadline = time.monotonic() + 60
while True:
    try:
        urllib.request.urlopen(reset, timeout=5).read()
        break
    except (urllib.error.URLError, ConnectionError) as error:
        if isinstance(error, urllib.error.HTTPError) or time.monotonic() > deadline:
            raise
        time.sleep(0.1)
iam = botocore.session.get_session().create_client(
    "iam", region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="none", aws_secret_access_key="none")
iam.create_user(UserName="execution")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}
iam.put_user_policy(UserName="execution", PolicyName="secrets", PolicyDocument=json.dumps(policy))
print(json.dumps(iam.create_access_key(UserName="execution")["AccessKey"], default=str))
