"""A forward proxy (proxy.py) that asks for a password, and behind it a shop at https://shop.example that speaks TLS.

Only the proxy knows the name. What the proxy was asked for stands in connects.txt, one host a line, what the shop was asked for in
shop.txt, the certificate authority in ca.pem.
"""

import ctypes
import http.server
import os
import ssl
import struct
import sys
import threading
import zlib

import proxy
import trustme


def picture():
    """A grey PNG of 64 by 64 pixels."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x80" * 64 for _ in range(64))
    head = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("shop.txt", "a") as log:
            log.write(f"{self.headers['Host']} {self.path}\n")
        body = picture()
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def shop():
    authority = trustme.CA()
    authority.cert_pem.write_to_path("ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.example").configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


if __name__ == "__main__":
    # The proxy's own processes end with this one, however it ends.
    os.register_at_fork(after_in_child=lambda: ctypes.CDLL(None).prctl(1, 9))
    os.environ["SHOP_PORT"] = str(shop())
    sys.argv[1:] = (
        f"--hostname 127.0.0.1 --port {sys.argv[1]} --basic-auth store-sync:canary@password --num-acceptors 1 --num-workers 1 "
        "--log-level ERROR --plugins finder.Finder"
    ).split()
    proxy.main()
