"""1,134 half-open requests against a daemon with 1,024 descriptors: it goes on serving."""

import resource
import socket
import time

from ground import Place, Shop, ask, errors, order_pictures, run, until


def proof(ground, verdict, given):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    shop = Shop(ground, 20)
    place = Place(ground, "nofile", lease=10)
    connection = place.connect(shop)
    daemon = place.daemon(prefix=("prlimit", "--nofile=1024:1024"))
    held, refused = [], 0
    for _ in range(given.connections):
        one = socket.socket()
        one.settimeout(0.5)
        try:
            one.connect(("127.0.0.1", place.port))
            one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            held.append(one)
        except OSError:
            refused += 1
            one.close()
    ground.later(lambda: [one.close() for one in held])
    verdict.say(f"{len(held)} half-open requests hold a connection, {refused} got none")
    began = time.monotonic()
    status = 0
    while status != 200 and time.monotonic() - began < 20:
        status = ask("GET", place.url, "/healthz", timeout=5)[0]
    verdict.claim("/healthz answers within 20 s beside them", status == 200, f"{status} after {time.monotonic() - began:.1f} s")
    client = place.json("clients", "list")[0]["id"]
    assets = order_pictures(place, client, 2)
    try:
        until("pictures", lambda: all(place.json("assets", "show", one)["status"] == "completed" for one in assets), 30, 0.5)
        verdict.claim("pictures are made beside them", True)
    except TimeoutError as error:
        verdict.claim("pictures are made beside them", False, error)
    done = place.run("sync", connection, "--full", check=False, timeout=60)
    verdict.claim("imports go on beside them", done.returncode == 0, done.stderr.strip()[:120])
    time.sleep(max(0, 36 - (time.monotonic() - began)))
    alive = 0
    for one in held:
        one.setblocking(False)
        try:
            alive += one.recv(4096) == b"" and 0
        except BlockingIOError:
            alive += 1
        except OSError:
            pass
    verdict.claim("those who send half a header are let go after 30 s", alive < len(held) * 0.05, f"{alive} of {len(held)} still open after 36 s")
    verdict.claim("/healthz answers at once afterwards", ask("GET", place.url, "/healthz", timeout=5)[0] == 200)
    many = [line for line in errors(daemon) if "Too many open files" in line]
    verdict.claim("it never ran out of descriptors", not many, len(many))
    verdict.claim("ends with 0", daemon.stop() == 0)


run("nofile", proof, [("connections", 1134, 1134)])
