"""A failover to a real streaming standby: told while it is read-only, and working without a restart when it is promoted."""

import re
import time

from ground import Forwarder, Place, Postgres, Shop, ask, errors, run, until


READS = re.compile(r"read.?only|standby|recovery")


def proof(ground, verdict, given):
    primary = Postgres(ground, "primary", "-c wal_level=replica -c max_wal_senders=4")
    primary.make("failover")
    standby = Postgres(ground, "standby", base=primary)
    name = Forwarder(ground, primary.port)
    shop = Shop(ground, given.products)
    place = Place(ground, "site", database=primary.url("failover", name.port), lease=4)
    connection = place.connect(shop)
    daemon = place.daemon()
    place.run("sync", connection, "--full")
    until("the standby has it all", lambda: standby.query("failover", "SELECT count(*) FROM product") == [[str(given.products)]], 30)
    verdict.claim("ready on the primary", place.ready() == 200)

    # The primary dies, and its name leads to the standby, which only reads as yet.
    primary.stop("immediate")
    name.lead(standby.port)
    time.sleep(1)
    try:
        until("not ready", lambda: place.ready() == 503, 20, 0.5)
        verdict.claim("/readyz says that the standby cannot be written to", True)
    except TimeoutError:
        verdict.claim("/readyz says that the standby cannot be written to", False, place.ready())
    before = len(errors(daemon))
    time.sleep(8)
    told = len(errors(daemon)) - before
    verdict.claim("the log is not flooded", told <= 25, f"{told} errors in 8 s")
    doctor = place.run("doctor", check=False)
    words = (doctor.stdout + doctor.stderr).lower()
    verdict.claim("doctor says that it only reads", doctor.returncode == 1 and READS.search(words) is not None, words[-200:].replace("\n", " "))
    shared = f'[vault]\nkey_file = "{place.folder}/data/vault.key"'
    serve = Place(ground, "second", database=standby.url("failover"), lease=4, more=shared)
    begun = serve.daemon(wait=0)
    try:
        code = begun.child.wait(20)
        words = begun.said().lower()
        verdict.claim("a daemon that begins there ends with words", code == 1 and READS.search(words) is not None, words[-200:].replace("\n", " "))
    except Exception:
        verdict.claim("a daemon that begins there is not ready", serve.ready() == 503, serve.ready())
    begun.kill()
    verdict.claim("the process lives", ask("GET", place.url, "/healthz")[0] == 200)

    standby.promote()
    began = time.monotonic()
    until("ready", lambda: place.ready() == 200, 60, 0.2)
    verdict.claim("ready after the promotion, without a restart", True, f"{time.monotonic() - began:.1f} s")
    done = place.run("sync", connection, "--full", check=False)
    verdict.claim("imports go on", done.returncode == 0, done.stderr.strip()[:120])
    found = place.products()
    verdict.claim("every product is there once", len(found) == given.products, len(found))
    verdict.claim("ends with 0", daemon.stop() == 0)


run("standby", proof, [("products", 1000, 200)])
