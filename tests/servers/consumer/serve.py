"""A shop that posts an OAuth 1.0a consumer when its integration is activated. Every signature is judged by oauthlib."""

import json
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from oauthlib.oauth1 import RequestValidator, ResourceEndpoint, SignatureOnlyEndpoint

PORT = int(sys.argv[1])
HERE = f"http://127.0.0.1:{PORT}"
consumers, tokens, verifiers, nonces = {}, {}, {}, set()
seen = {"signed": 0, "refused": 0}


class Validator(RequestValidator):
    enforce_ssl = False
    timestamp_lifetime = 10**9  # the test stops its clock
    dummy_client = dummy_request_token = dummy_access_token = "dummy"

    def check_client_key(self, key):
        return True

    check_access_token = check_request_token = check_nonce = check_verifier = check_client_key

    def validate_client_key(self, key, request):
        return key in consumers

    def validate_access_token(self, key, token, request):
        return token in tokens

    def validate_realms(self, *args, **kwargs):
        return True

    def validate_timestamp_and_nonce(self, key, timestamp, nonce, request, request_token=None, access_token=None):
        fresh = (key, timestamp, nonce) not in nonces
        nonces.add((key, timestamp, nonce))
        return fresh

    def get_client_secret(self, key, request):
        return consumers.get(key, "dummy")

    def get_access_token_secret(self, key, token, request):
        return tokens.get(token, "dummy")


class Shop(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def signed(self, endpoint):
        headers = {"Authorization": self.headers.get("Authorization", "")}
        ask = endpoint.validate_protected_resource_request if isinstance(endpoint, ResourceEndpoint) else endpoint.validate_request
        # Magento reads a query by rawurldecode, to which a plus is a plus; oauthlib takes it for a space.
        good, request = ask(HERE + self.path.replace("+", "%2B"), self.command, None, headers)
        seen["signed" if good else "refused"] += 1
        return request if good else None

    def fresh_token(self):
        token, secret = secrets.token_hex(16), secrets.token_hex(16)
        tokens[token] = secret
        return token, urllib.parse.urlencode({"oauth_token": token, "oauth_token_secret": secret})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/oauth/token/request":
            if self.signed(SignatureOnlyEndpoint(Validator())) is None:
                return self.answer(401, "{}")
            return self.answer(200, self.fresh_token()[1], "application/x-www-form-urlencoded")
        if self.path == "/oauth/token/access":
            request = self.signed(ResourceEndpoint(Validator()))
            if request is None or verifiers.get(request.client_key) != request.verifier:
                return self.answer(401, "{}")
            tokens.pop(request.resource_owner_key)
            return self.answer(200, self.fresh_token()[1], "application/x-www-form-urlencoded")
        return self.answer(404, "{}")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/activate":
            # What the shop does when the merchant presses the button.
            key, secret, verifier = (secrets.token_hex(16) for _ in range(3))
            consumers[key], verifiers[key] = secret, verifier
            form = {
                "oauth_consumer_key": key,
                "oauth_consumer_secret": secret,
                "oauth_verifier": verifier,
                "store_base_url": query.get("as", HERE + "/"),
            }
            try:
                with urllib.request.urlopen(query["callback"], urllib.parse.urlencode(form).encode()) as posted:
                    status = posted.status
            except urllib.error.HTTPError as error:
                status = error.code
            back = urllib.parse.urlencode({"oauth_consumer_key": key, "success_call_back": query.get("back", HERE + "/done")})
            return self.answer(200, json.dumps({"posted": status, "browser": f"{query['callback']}?{back}"}))
        if url.path == "/":
            return self.answer(200, "a shop", "text/plain")
        if url.path == "/done":
            return self.answer(200, "the shop's own page", "text/plain")
        if url.path == "/seen":
            return self.answer(200, json.dumps(seen))
        if self.signed(ResourceEndpoint(Validator())) is None:
            return self.answer(401, json.dumps({"message": "the signature is not right"}))
        if url.path == "/api/shop":
            return self.answer(200, json.dumps({"name": "Consumer shop"}))
        if url.path == "/api/products":
            return self.answer(200, json.dumps({"products": [{"id": 1, "title": "A lamp & more"}]}))
        return self.answer(404, "{}")


ThreadingHTTPServer(("127.0.0.1", PORT), Shop).serve_forever()
