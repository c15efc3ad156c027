"""Requests that are broken off within milliseconds, beside imports on PostgreSQL: no error of anybody else."""

import socket
import struct
import threading
import time

from ground import Place, Postgres, Shop, errors, run

PATHS = ["/", "/readyz", "/", "/oauth/callback/sandbox?state=x", "/connect/sandbox?client=acme", "/assets/a/1/b/c.png", "/"]


def broken_off(port, chance):
    """Sends a request and resets the connection 0 to 4 ms later."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as one:
            one.sendall(f"GET {chance.choice(PATHS)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            time.sleep(chance.uniform(0, 0.004))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return True
    except OSError:
        return False


def proof(ground, verdict, given):
    server = Postgres(ground)
    shop = Shop(ground, given.products, "--rich")
    place = Place(ground, "aborts", database=server.make("aborts"), lease=10)
    connection = place.connect(shop)
    daemon = place.daemon()
    sent, imports, ended = [0], [], threading.Event()

    def abort(seed):
        chance = type(ground.random)(seed)
        while not ended.is_set() and sent[0] < given.requests:
            sent[0] += broken_off(place.port, chance)

    threads = [threading.Thread(target=abort, args=(given.seed * 100 + n,)) for n in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or not imports:
        done = place.run("sync", connection, "--full", check=False, timeout=300)
        imports.append(done.returncode)
    took = time.monotonic() - began
    ended.set()
    for thread in threads:
        thread.join()
    verdict.say(f"{sent[0]} requests broken off in {took:.0f} s, beside {len(imports)} imports of {given.products} products")
    verdict.claim("as many as asked for", sent[0] >= given.requests, sent[0])
    verdict.claim("every import ends well", not any(imports), f"{sum(map(bool, imports))} of {len(imports)} failed")
    failed = [one for one in place.json("logs", "--limit", "1000") if one["status"] not in ("success",)]
    verdict.claim("no run failed", not failed, [one["error_code"] for one in failed])
    told = errors(daemon)
    verdict.claim("the daemon logged no error", not told, f"{len(told)}: {told[:2]}" if told else 0)
    dirty = [line for line in server.log().splitlines() if "already a transaction in progress" in line or "read-only transaction" in line]
    verdict.claim("no connection came back with an open transaction", not dirty, len(dirty))
    verdict.claim("every product is there once", len(place.products()) == given.products, len(place.products()))
    verdict.claim("ends with 0", daemon.stop() == 0)


run("aborts", proof, [("requests", 20000, 3000), ("products", 3000, 1000)])
