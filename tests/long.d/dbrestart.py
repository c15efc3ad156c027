"""PostgreSQL stopped and started during imports, gently and at once: recovered without a restart of the daemon, nothing lost."""

import time

from ground import Place, Postgres, Shop, ask, errors, run, until


def proof(ground, verdict, given):
    server = Postgres(ground)
    shop = Shop(ground, given.products, "--rich")
    place = Place(ground, "dbrestart", database=server.make("dbrestart"), lease=4)
    connection = place.connect(shop)
    daemon = place.daemon()
    for number in range(given.stops):
        mode = ("fast", "immediate")[number % 2]
        place.run("sync", connection, "--full", "--no-wait")
        until("an import", lambda: place.json("logs", "--status", "running"), 30, 0.1)
        time.sleep(ground.random.uniform(0.1, 1.0))
        before = len(errors(daemon))
        server.stop(mode)
        time.sleep(1)
        began = time.monotonic()
        status = place.ready(timeout=10)
        took = time.monotonic() - began
        verdict.claim(f"{mode}: /readyz answers 503 within 5 s", status == 503 and took < 5, f"{status} after {took:.1f} s")
        time.sleep(5)
        told = len(errors(daemon)) - before
        verdict.claim(f"{mode}: the log is not flooded", told <= 25, f"{told} errors in 6 s")
        verdict.claim(f"{mode}: the process lives", ask("GET", place.url, "/healthz")[0] == 200)
        server.start()
        began = time.monotonic()
        until("ready", lambda: place.ready() == 200, 60, 0.2)
        verdict.claim(f"{mode}: ready again without a restart", True, f"{time.monotonic() - began:.1f} s")
        until("the import", lambda: not place.json("logs", "--status", "running") and place.json("logs")[0]["status"] == "success", 120, 0.5)
        found = place.products()
        marks = {one["erp_id"] for one in found}
        verdict.claim(f"{mode}: every product is there once", len(found) == len(marks) == given.products, len(found))
    verdict.claim("ends with 0", daemon.stop() == 0)


run("dbrestart", proof, [("stops", 6, 2), ("products", 3000, 800)])
