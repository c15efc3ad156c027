# signed.py URL: the signature that Amazon's own client makes for the same address, time and life.
import datetime
import json
import sys
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials

url = urlsplit(sys.argv[1])
given = {name: values[0] for name, values in parse_qs(url.query).items()}
when = datetime.datetime.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
credentials = botocore.credentials.Credentials("AKIATEST", "canary-secret")
request = botocore.awsrequest.AWSRequest(method="GET", url=f"{url.scheme}://{url.netloc}{url.path}")
with mock.patch("botocore.auth.get_current_datetime", return_value=when):
    botocore.auth.S3SigV4QueryAuth(credentials, "s3", "auto", int(given["X-Amz-Expires"])).add_auth(request)
made = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
print(json.dumps({"given": given, "made": made}))
