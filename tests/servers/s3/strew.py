# strew.py ENDPOINT BUCKET KEY…: puts objects there as somebody else does, under any keys.
import sys

import boto3

endpoint, bucket, *keys = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, region_name="auto", aws_access_key_id="AKIATEST", aws_secret_access_key="canary-secret")
for key in keys:
    client.put_object(Bucket=bucket, Key=key, Body=b"foreign")
