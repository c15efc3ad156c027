# look.py ENDPOINT BUCKET KEY: what Amazon's own client gets to see of an object.
import hashlib
import json
import sys

import boto3

endpoint, bucket, key = sys.argv[1:4]
client = boto3.client("s3", endpoint_url=endpoint, region_name="auto", aws_access_key_id="AKIATEST", aws_secret_access_key="canary-secret")
found = client.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
bytes_ = found["Body"].read()
seen = {"type": found["ContentType"], "cache": found["CacheControl"], "sha256": hashlib.sha256(bytes_).hexdigest()}
if "ChecksumSHA256" in found:
    seen["checksum"] = found["ChecksumSHA256"]
print(json.dumps(seen))
