"""A disk that fills during an import on SQLite, and has room again: /readyz says so, and the work goes on without a restart. Needs root."""

import os
import sqlite3
import subprocess
import time

from ground import Place, Shop, ask, errors, run, until


def proof(ground, verdict, given):
    if os.getuid() != 0:
        verdict.claim("a tmpfs can be mounted: run it as root", False)
        return
    disk = ground.path("disk")
    os.makedirs(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0755", "tmpfs", disk], check=True)
    ground.later(lambda: subprocess.run(["umount", "-l", disk], check=True))
    shop = Shop(ground, given.products, "--rich")
    place = Place(ground, "fulldisk", where=disk, lease=10)
    connection = place.connect(Shop(ground, 3))
    place.json("connections", "list")
    daemon = place.daemon()
    # Somebody reads meanwhile: the log only grows, so that what a failed page leaves in it is no room for smaller writes.
    reader = sqlite3.connect(os.path.join(disk, "data", "store-sync.db"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM product").fetchone()
    place.run("clients", "add", "Full")
    place.json("connect", "sandbox", "--client", "full", "--set", f"shop={shop.url}", "--rehearse")
    large = [one["id"] for one in place.json("connections", "list") if one["id"] != connection][0]

    def free():
        now = os.statvfs(disk)
        return now.f_bavail * now.f_frsize

    # In the middle of the import, somebody else takes what is left.
    until("the import writes", lambda: free() < 8_000_000, 120)
    with open(os.path.join(disk, "rest"), "wb", buffering=0) as rest:
        try:
            while rest.write(bytes(4096)):
                pass
        except OSError:
            pass
    began = time.monotonic()
    seen = set()
    while time.monotonic() - began < 15:
        seen.add(place.ready())
        time.sleep(0.5)
    told = errors(daemon)
    verdict.say(f"full for 15 s: /readyz answered {sorted(seen)}, {len(told)} errors in the log")
    verdict.claim("/readyz says that nothing can be written", 503 in seen, sorted(seen))
    verdict.claim("the log is not flooded", len(told) <= 30, len(told))
    verdict.claim("the log names the full disk", any("full" in line or "space" in line for line in told))
    verdict.claim("the process lives", ask("GET", place.url, "/healthz")[0] == 200)
    subprocess.run(["mount", "-o", "remount,size=600m", disk], check=True)
    reader.close()
    began = time.monotonic()
    try:
        until("ready", lambda: place.ready() == 200, 60, 0.5)
        verdict.claim("ready again without a restart", True, f"{time.monotonic() - began:.0f} s")
    except TimeoutError:
        verdict.claim("ready again without a restart", False)

    def runs():
        return [one["status"] for one in place.json("logs", "--connection", large)]

    try:
        until("the import", lambda: "success" in runs(), 150, 1)
    except TimeoutError:
        pass
    found = len([one for one in place.products() if one["store_connection_id"] == large])
    verdict.claim("the import ends well without a restart", "success" in runs() and found == given.products, f"{runs()}, {found} products")
    # A push, an order, anything that writes.
    wrote = place.run("clients", "add", "Afterwards", check=False)
    verdict.claim("commands write again", wrote.returncode == 0, wrote.stderr.strip()[:120])
    verdict.claim("ends with 0", daemon.stop() == 0)
    kept = sqlite3.connect(os.path.join(disk, "data", "store-sync.db"))
    try:
        verdict.claim("the file is whole", kept.execute("PRAGMA quick_check").fetchone()[0] == "ok" or sqlite3.sqlite_version_info < (3, 45))
    finally:
        kept.close()


run("fulldisk", proof, [("products", 4000, 4000)])
