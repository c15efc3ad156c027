"""kill -9 at random moments of imports, generation and pushes, on both databases: nothing is lost, nothing is done twice."""

import os
import signal

from ground import Place, Postgres, Shop, ask, order_pictures, run, until


def rounds(ground, place, kills, busy):
    """Starts the daemon, lets it work for a moment, kills it, `kills` times; `busy` leaves work where there is none."""
    for _ in range(kills):
        busy()
        daemon = place.daemon()
        try:
            daemon.child.wait(ground.random.uniform(0.02, 1.2))
        except Exception:
            pass
        daemon.send(signal.SIGKILL)
        daemon.child.wait()


def engine(ground, verdict, name, database, given):
    products, pictures, kills = given.products, given.pictures, given.kills // 3
    shop = Shop(ground, products, "--rich", "--processing", "0s")
    place = Place(ground, name, database=database, lease=2)
    connection = place.connect(shop)
    client = place.json("clients", "list")[0]["id"]

    def importing():
        place.run("sync", connection, "--full", "--no-wait")

    rounds(ground, place, kills, importing)
    daemon = place.daemon()
    place.run("sync", connection, "--full")
    found = place.products()
    marks = {one["erp_id"] for one in found}
    verdict.claim(f"{name}: every product is there once after {kills} kills while importing", len(found) == len(marks) == products, len(found))
    daemon.stop()

    assets = order_pictures(place, client, pictures)
    rounds(ground, place, kills, lambda: None)
    daemon = place.daemon()

    def made():
        return [one for one in place.json("assets", "list", "--limit", "100000") if one["id"] in assets and one["status"] == "completed"]

    done = until(f"{name}: pictures", lambda: len(made()) == len(assets) and made(), 300, 1)
    verdict.claim(f"{name}: every picture is made once after {kills} kills while generating", len(done) == pictures == len(assets), len(done))
    whole = 0
    for one in done:
        place.run("assets", "save", one["id"], "one.png")
        with open(os.path.join(place.folder, "one.png"), "rb") as file:
            whole += file.read(4) == b"\x89PNG"
    verdict.claim(f"{name}: every picture's file is whole", whole == pictures, whole)
    used = place.json("usage", client)["generation_count"]
    verdict.claim(f"{name}: each counts once", used == pictures, used)
    daemon.stop()

    place.run("assets", "approve", *assets)
    rounds(ground, place, kills, lambda: None)
    daemon = place.daemon()

    def states():
        return [one["status"] for one in place.json("push", "list", "--limit", "100000")]

    try:
        until(f"{name}: pushes", lambda: all(one == "synced" for one in states()), 300, 1)
    except TimeoutError:
        pass
    told = states()
    verdict.claim(f"{name}: every push ends after {kills} kills while pushing", told.count("synced") == pictures, told.count("synced"))
    verdict.claim(f"{name}: each picture is in the shop once", shop.pictures() == pictures, shop.pictures())
    until("the last runs", lambda: not place.json("logs", "--status", "running"), 60, 0.5)
    verdict.claim(f"{name}: no run is left open", True)
    verdict.claim(f"{name}: ready", ask("GET", place.url, "/readyz")[0] == 200)
    verdict.claim(f"{name}: ends with 0", daemon.stop() == 0)
    shop.kill()


def proof(ground, verdict, given):
    verdict.say(f"{given.kills} kills on each engine: {given.products} products, {given.pictures} pictures and pushes")
    engine(ground, verdict, "sqlite", None, given)
    server = Postgres(ground)
    engine(ground, verdict, "postgres", server.make("kills"), given)


run("kills", proof, [("kills", 60, 3), ("products", 2000, 200), ("pictures", 80, 6)])
