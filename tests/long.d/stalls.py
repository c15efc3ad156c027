"""SIGSTOP and SIGCONT at every step of a push and of a removal, two replicas on PostgreSQL: each ends with one picture in the shop, or none."""

import http.server
import signal
import socket
import threading
import time
import urllib.parse

from ground import Place, Postgres, Shop, ask, order_pictures, run, until

# What a push and a removal ask the shop for; while the answer is late, whoever asked is stopped.
PUSH = ["GET /api/products/", "POST /api/uploads", "POST /api/products/", "GET /api/images/"]
REMOVAL = ["GET /api/products/", "DELETE /api/images/"]
ENDS_OF_PUSH = ("synced", "failed")
ENDS_OF_REMOVAL = ("removed", "failed", "synced")


class Gate(http.server.ThreadingHTTPServer):
    """Stands before the shop. Every call comes on a connection of its own; closed, it leaves callers waiting for one."""

    request_queue_size = 0
    daemon_threads = True

    def __init__(self, shop):
        self.shop, self.opened, self.fillers = shop, threading.Event(), []
        self.close_after, self.passed = None, []
        self.opened.set()
        super().__init__(("127.0.0.1", 0), Caller)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def shut(self):
        """Takes no more connections; what fills its queue keeps others in the middle of connecting."""
        self.opened.clear()
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.server_address)
            self.fillers.append(filler)

    def open_again(self):
        for filler in self.fillers:
            filler.close()
        self.fillers = []
        self.opened.set()

    def get_request(self):
        self.opened.wait()
        return super().get_request()

    def handle_error(self, request, client_address):
        pass


class Caller(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _pass(self):
        gate = self.server
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "accept-encoding")}
        call = f"{self.command} {urllib.parse.urlsplit(self.path).path}"
        status, told, answer = ask(self.command, gate.shop, self.path, body or None, headers)
        gate.passed.append(call)
        if gate.close_after and call.startswith(gate.close_after):
            gate.close_after = None
            gate.shut()
        self.send_response(status)
        for name, value in told.items():
            if name not in ("content-length", "connection", "transfer-encoding", "date"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = True

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = _pass


class Replicas:
    def __init__(self, ground, url, shop, lease, gate=None):
        name = url.rsplit("/", 1)[1]
        self.first = Place(ground, f"{name}-a", database=url, lease=lease)
        self.second = Place(ground, f"{name}-b", database=url, lease=lease, more=f"[vault]\nkey_file = \"{self.first.folder}/data/vault.key\"\n[storage]\ndata_dir = \"{self.first.folder}/data\"")
        self.connection = self.first.connect(shop)
        for place in (self.first, self.second) if gate else ():
            with open(place.config, "a") as config:
                config.write(f'[http.connect_to]\n"127.0.0.1" = "{gate.url}"\n')
        self.daemons = [self.first.daemon(), self.second.daemon()]
        self.first.run("connections", "schedule", self.connection, "--off")

    def holder(self, server, database):
        """Who works on a job of the shop right now."""
        rows = server.query(database, "SELECT locked_by FROM job WHERE status = 'processing' AND queue = 'push'")
        names = [row[0] for row in rows]
        found = [one for one in self.daemons if one.instance in names]
        return found[0] if found else None


def settled(place, push, wanted, seconds):
    """How a push stands when it is in one of these states; or how it stands when the time is over."""

    def status():
        return [one for one in place.json("push", "list", "--limit", "100000") if one["id"] == push][0]["status"]

    try:
        return until(f"push {push}", lambda: status() in wanted and status(), seconds, 0.2)
    except TimeoutError:
        return f"still {status()}"


def fresh(place, client, waiting):
    """A finished picture that nobody has approved yet."""
    if not waiting:
        batch = order_pictures(place, client, 20)
        until("pictures", lambda: all(place.json("assets", "show", one)["status"] == "completed" for one in batch), 120, 0.5)
        waiting.extend(batch)
    return waiting.pop()


def proof(ground, verdict, given):
    server = Postgres(ground)
    url = server.make("stalls")
    shop = Shop(ground, 40, "--processing", "200ms")
    lease = 3
    two = Replicas(ground, url, shop, lease)
    place = two.first
    place.run("sync", two.connection, "--full")
    client = place.json("clients", "list")[0]["id"]
    wrong, stopped, missed, waiting = [], 0, 0, []
    for number in range(given.rounds):
        removal = number % 2 == 1
        steps = REMOVAL if removal else PUSH
        step = steps[number // 2 % len(steps)]
        if not removal:
            asset = fresh(place, client, waiting)
            before = shop.pictures()
        right = before + (not removal)
        seen = shop.calls(step)
        shop.mischief(step, "slow", 1500)
        if removal:
            threading.Thread(target=lambda: place.run("push", "revert", push, check=False), daemon=True).start()
        else:
            place.run("assets", "approve", asset)
            push = until("a push", lambda: [one["id"] for one in place.json("push", "list", "--asset", asset)])[0]
        try:
            until(step, lambda: shop.calls(step) > seen, 15, 0.02)
            time.sleep(ground.random.uniform(0, 0.3))
            held = two.holder(server, "stalls")
        except TimeoutError:
            held = None
        if held:
            stopped += 1
            held.send(signal.SIGSTOP)
            # Longer than the lease: the other one takes over and ends it.
            time.sleep(lease + ground.random.uniform(1.5, 4))
            held.send(signal.SIGCONT)
        else:
            missed += 1
        shop.calm()
        status = settled(place, push, ENDS_OF_REMOVAL if removal else ENDS_OF_PUSH, 90)
        time.sleep(0.5)
        now = shop.pictures()
        if now != right or status == "failed":
            wrong.append(f"round {number + 1} at {step}: {status}, {now - right:+} pictures")
            # What is one too many stays, and is no fault of the removal that follows.
            before += now - right
    number = given.rounds
    verdict.say(f"{number} rounds, {stopped} stopped a replica in the middle of a call, {missed} found nobody to stop")
    verdict.claim("each round ends with one picture in the shop, or none", not wrong, wrong[:10] if wrong else f"{number} of {number}")
    verdict.claim("most rounds stopped somebody", stopped >= number * 0.8, stopped)
    taken = int(server.query("stalls", "SELECT count(*) FROM job WHERE attempts > 1 AND type IN ('push_asset', 'remove_asset')")[0][0])
    verdict.claim("most of their jobs were taken over meanwhile", taken >= stopped * 0.5, f"{taken} of {stopped}")
    for daemon in two.daemons:
        daemon.stop()
    between(ground, verdict, server, lease)


def between(ground, verdict, server, lease):
    """One forced stop between the check and the sending: the call that makes the picture waits for its connection, and meanwhile its
    process is stopped and the other one does the work."""
    url = server.make("between")
    shop = Shop(ground, 5, "--processing", "0s")
    gate = Gate(shop.url)
    ground.later(gate.shutdown)
    two = Replicas(ground, url, shop, lease, gate)
    place = two.first
    place.run("sync", two.connection, "--full")
    client = place.json("clients", "list")[0]["id"]
    asset = order_pictures(place, client, 1)[0]
    until("a picture", lambda: place.json("assets", "show", asset)["status"] == "completed", 60, 0.3)
    gate.close_after = "POST /api/uploads"
    place.run("assets", "approve", asset)
    push = until("a push", lambda: [one["id"] for one in place.json("push", "list", "--asset", asset)])[0]
    until("the gate is shut", lambda: not gate.opened.is_set(), 30, 0.01)
    time.sleep(0.7)
    held = two.holder(server, "between")
    verdict.claim("somebody waits between check and send", held is not None)
    if held is None:
        gate.open_again()
        return
    held.send(signal.SIGSTOP)
    # Its system ends the connecting for it; it sends when it goes on.
    gate.open_again()
    settled(place, push, ("synced",), 60)
    held.send(signal.SIGCONT)
    time.sleep(lease * 3)
    attached = sum(call.startswith("POST /api/products/") for call in gate.passed)
    verdict.claim("a forced stop between check and send ends with one picture", shop.pictures() == 1, f"{shop.pictures()} pictures, {attached} attaching calls")
    for daemon in two.daemons:
        daemon.stop()


run("stalls", proof, [("rounds", 200, 4)])
