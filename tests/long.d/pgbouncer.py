"""Behind the real PgBouncer with transaction pooling: start, import, generation, push and two replicas, on fewer connections than they have."""

import os
import pwd
import shutil
import subprocess
import time

from ground import Place, Postgres, Process, Shop, errors, free_port, order_pictures, run, until

INI = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
logfile = {folder}/log
pidfile = {folder}/pid
"""


def bouncer(ground, server):
    program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        raise RuntimeError("pgbouncer is missing: install the package 'pgbouncer'")
    folder, port = ground.path("bouncer"), free_port()
    os.makedirs(folder)
    with open(os.path.join(folder, "ini"), "w") as file:
        file.write(INI.format(server=server.port, port=port, folder=folder))
    with open(os.path.join(folder, "users"), "w") as file:
        file.write('"store_sync" ""\n')
    command = [program, os.path.join(folder, "ini")]
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        for path in (folder, os.path.join(folder, "ini"), os.path.join(folder, "users")):
            os.chown(path, user.pw_uid, user.pw_gid)
        command = [command[0], "-u", "postgres", command[1]]
    Process(ground, "bouncer", command)
    time.sleep(0.5)
    return port


def proof(ground, verdict, given):
    server = Postgres(ground)
    server.make("pooled")
    port = bouncer(ground, server)
    version = subprocess.run(["/usr/sbin/pgbouncer", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    verdict.say(f"{version}, 4 connections behind it")
    shop = Shop(ground, given.products, "--processing", "0s")
    address = server.url("pooled", port)
    plain = Place(ground, "plain", database=address)
    done = plain.run("doctor", check=False)
    words = done.stdout + done.stderr
    verdict.claim("without the setting doctor works or names it", done.returncode == 0 or "pooler" in words, words.strip()[-160:].replace("\n", " "))
    pooled = '[database]\npooler = "transaction"\n'
    place = Place(ground, "pooled", database=address, more=pooled)
    connection = place.connect(shop)
    shared = f'{pooled}[vault]\nkey_file = "{place.folder}/data/vault.key"\n[storage]\ndata_dir = "{place.folder}/data"'
    other = Place(ground, "other", database=address, more=shared)
    daemons = [place.daemon(), other.daemon()]
    for _ in range(given.imports):
        place.run("sync", connection, "--full")
    found = place.products()
    verdict.claim(f"{given.imports} imports: every product is there once", len(found) == given.products, len(found))
    client = place.json("clients", "list")[0]["id"]
    assets = order_pictures(place, client, given.pictures)
    until("pictures", lambda: all(place.json("assets", "show", one)["status"] == "completed" for one in assets), 120, 0.5)
    place.run("assets", "approve", *assets)
    until("pushes", lambda: [one["status"] for one in place.json("push", "list")] == ["synced"] * given.pictures, 60, 0.3)
    verdict.claim("each picture is in the shop once", shop.pictures() == given.pictures, shop.pictures())
    for daemon in daemons:
        told = errors(daemon)
        verdict.claim("a daemon logged no error", not told, told[:2] if told else 0)
        verdict.claim("ends with 0", daemon.stop() == 0)
    verdict.claim("nobody's session leaked into another's", "prepared statement" not in server.log() and "already a transaction" not in server.log())
    verdict.claim("no advisory lock is left", server.query("postgres", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [["0"]])


run("pgbouncer", proof, [("products", 1000, 200), ("imports", 5, 2), ("pictures", 10, 3)])
