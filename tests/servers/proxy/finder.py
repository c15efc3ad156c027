"""The proxy's own knowledge of names: shop.example stands on this machine, and what it is asked for is written down."""

import os

from proxy.http.proxy import HttpProxyBasePlugin


class Finder(HttpProxyBasePlugin):
    def before_upstream_connection(self, request):
        with open("connects.txt", "a") as log:
            log.write(f"{request.method.decode()} {request.host.decode()}:{request.port}\n")
        if request.host == b"shop.example":
            request.host, request.port = b"127.0.0.1", int(os.environ["SHOP_PORT"])
        return request

    def resolve_dns(self, host, port):
        return None, None
