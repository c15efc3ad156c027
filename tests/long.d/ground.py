"""What the proofs share: the program's processes, a PostgreSQL of one's own, a shop, and a verdict."""

import argparse
import glob
import http.client
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = os.environ.get("STORE_SYNC_PROGRAM") or sys.exit("run it as tests/long NAME")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(what, look, seconds=60, pause=0.05):
    """Looks until something true comes of it; a miss is an error with its name."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def ask(method, at, path, body=None, headers=None, timeout=20, source=None):
    """(status, headers, body) of one request on a connection of its own; status 0 where nothing answers."""
    host, port = at.replace("http://", "").rstrip("/").rsplit(":", 1)
    source = (source, 0) if source else None
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout, source_address=source)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
    except (OSError, http.client.HTTPException):
        return 0, {}, b""
    finally:
        connection.close()


class Verdict:
    """Claims, each with what was found."""

    def __init__(self, name):
        self.name, self.failed = name, []

    def say(self, text):
        print(f"{self.name}: {text}")

    def claim(self, text, holds, found=""):
        print(f"{self.name}: {'ok  ' if holds else 'MISS'} {text}{f' ({found})' if found != '' else ''}")
        if not holds:
            self.failed.append(text)


class Ground:
    """A temporary folder with everything that was started in it."""

    def __init__(self, name, seed):
        self.folder = tempfile.mkdtemp(prefix="store-sync-long-")
        os.chmod(self.folder, 0o755)
        self.random = random.Random(seed)
        self.closing = []

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def later(self, end):
        """Done at the end, the last one first."""
        self.closing.append(end)

    def close(self):
        for end in reversed(self.closing):
            try:
                end()
            except Exception as error:
                print(f"clean-up: {error}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)


class Process:
    """A process of ours; its output goes to a file."""

    def __init__(self, ground, name, command, **more):
        self.log = ground.path(f"{name}.log")
        self.out = open(self.log, "ab")
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out, **more)
        ground.later(self.kill)

    @property
    def pid(self):
        return self.child.pid

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def send(self, which):
        if self.child.poll() is None:
            self.child.send_signal(which)

    def kill(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.kill()
        self.child.wait()
        self.out.close()

    def stop(self, seconds=40):
        self.send(signal.SIGTERM)
        code = self.child.wait(seconds)
        self.out.close()
        return code


class Shop(Process):
    """The program's own sandbox shop."""

    def __init__(self, ground, products, *arguments):
        command = [PROGRAM, "sandbox", "--port", "0", "--products", str(products), *arguments]
        super().__init__(ground, f"shop-{len(ground.closing)}", command, cwd=ground.folder)
        line = until("a shop", lambda: [line for line in self.said().splitlines() if " at http://" in line])
        self.url = line[0].rsplit(" at ", 1)[1].strip()

    def stats(self):
        return json.loads(ask("GET", self.url, "/stats")[2])

    def calls(self, beginning):
        return sum(count for call, count in self.stats()["calls"].items() if call.startswith(beginning))

    def pictures(self):
        return self.stats()["pictures"]["attached"]

    def mischief(self, on, act, arg=None, times=1, skip=0):
        rule = {"on": on, "do": act, "times": times, "skip": skip}
        if arg is not None:
            rule["arg"] = arg
        status = ask("POST", self.url, "/mischief", json.dumps(rule), {"content-type": "application/json"})[0]
        assert status == 201, status

    def calm(self):
        ask("DELETE", self.url, "/mischief")


CONFIG = """
[server]
listen = "127.0.0.1:{port}"
shutdown_seconds = 20
[http]
allow_private_networks = true
timeout_seconds = {timeout}
[work]
poll_ms = 100
lease_seconds = {lease}
tick_seconds = 1
[app.sandbox]
client_id = "store-sync"
client_secret = "sandbox-secret"
[log]
format = "json"
level = "info"
"""


class Place:
    """A configuration, the commands run with it, and its daemons. `where` is a folder of its own, `database` a PostgreSQL address."""

    def __init__(self, ground, name, database=None, more="", lease=3, timeout=20, where=None):
        self.ground, self.name, self.database = ground, name, database
        self.folder = where or ground.path(name)
        os.makedirs(self.folder, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        text = CONFIG.format(port=self.port, lease=lease, timeout=timeout)
        extra = more.strip().splitlines()
        if database:
            extra = self._database(extra, database)
        self.config = os.path.join(self.folder, "config.toml")
        with open(self.config, "w") as file:
            file.write(text + "\n" + "\n".join(extra) + "\n")
        self.count = 0

    @staticmethod
    def _database(extra, url):
        line = f'url = "{url}"'
        if "[database]" in extra:
            extra.insert(extra.index("[database]") + 1, line)
            return extra
        return ["[database]", line, *extra]

    def run(self, *arguments, timeout=600, check=True):
        command = [PROGRAM, "--config", self.config, "--json", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, timeout=600):
        return json.loads(self.run(*arguments, timeout=timeout).stdout)

    def connect(self, shop, client="acme"):
        if self.run("clients", "show", client, check=False).returncode != 0:
            self.json("clients", "add", client)
        found = self.json("connect", "sandbox", "--client", client, "--set", f"shop={shop.url}", "--rehearse")
        self.run("clients", "plan", client, "enterprise", check=False)
        return found["id"]

    def daemon(self, prefix=(), wait=60, **more):
        self.count += 1
        name = f"{self.name}-daemon-{self.count}"
        process = Process(self.ground, name, [*prefix, PROGRAM, "--config", self.config, "serve"], cwd=self.folder, **more)
        process.url = self.url
        if wait:
            until("the daemon", lambda: ask("GET", self.url, "/healthz", timeout=2)[0] == 200, wait)
            process.instance = serving(process).get("instance")
        return process

    def ready(self, timeout=5):
        return ask("GET", self.url, "/readyz", timeout=timeout)[0]

    def products(self):
        return self.json("products", "list", "--limit", "1000000")


def lines(process):
    """A daemon's log."""
    for line in process.said().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            yield {"level": "BROKEN", "fields": {"message": line}}


def serving(process):
    found = [line["fields"] for line in lines(process) if line["fields"].get("message") == "serving"]
    return found[0] if found else {}


def errors(process, but=()):
    """Lines of the log that tell of an error, but for those that hold one of the words `but`."""
    told = [line for line in lines(process) if line["level"] in ("ERROR", "BROKEN")]
    words = [json.dumps(line["fields"]) for line in told]
    return [text for text in words if not any(word in text for word in but)]


class Postgres:
    """A PostgreSQL server of one's own on 127.0.0.1 and on a socket, never as root."""

    def __init__(self, ground, name="pg", settings="", base=None):
        self.ground, self.folder, self.port = ground, ground.path(name), free_port()
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.settings = settings
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.folder, exist_ok=True)
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        if base:
            self._as("pg_basebackup", "-h", "127.0.0.1", "-p", str(base.port), "-U", "store_sync", "-D", self.data, "-R", "-X", "stream")
        else:
            self._as("initdb", "-D", self.data, "-U", "store_sync", "--auth=trust", "--no-sync", "-E", "UTF8")
            with open(os.path.join(self.data, "pg_hba.conf"), "a") as file:
                file.write("host replication all 127.0.0.1/32 trust\n")
        self.start()
        ground.later(lambda: self.stop("immediate"))

    def _as(self, program, *arguments, check=True):
        command = [os.path.join(self.bin, program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        with open(self.ground.path("postgres-tools.log"), "ab") as log:
            return subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", check=check).returncode

    def start(self):
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder} -c max_connections=200 {self.settings}"
        self._as("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"), "-o", options, "start")

    def stop(self, mode="fast"):
        self._as("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop", check=False)

    def promote(self):
        self._as("pg_ctl", "-D", self.data, "-w", "promote")

    def log(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as log:
            return log.read()

    def url(self, database, port=None):
        return f"postgres://store_sync@127.0.0.1:{port or self.port}/{database}"

    def query(self, database, sql):
        """Rows of texts."""
        command = [os.path.join(self.bin, "psql"), "-X", "-A", "-t", "-F", "\t", "-d", self.url(database), "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines() if line]

    def make(self, database):
        self.query("postgres", f"CREATE DATABASE {database}")
        return self.url(database)


class Forwarder:
    """A TCP port that leads to another one, which may be changed."""

    def __init__(self, ground, to):
        self.to, self.open = to, set()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        ground.later(self.server.close)

    def lead(self, to):
        """From now on to another port; what is open breaks off."""
        self.to = to
        for one in list(self.open):
            for end in one:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _accept(self):
        while True:
            try:
                near, _ = self.server.accept()
                far = socket.create_connection(("127.0.0.1", self.to), 5)
            except OSError:
                if self.server.fileno() < 0:
                    return
                near.close()
                continue
            pair = (near, far)
            self.open.add(pair)
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self._pump, args=(source, sink, pair), daemon=True).start()

    def _pump(self, source, sink, pair):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open.discard(pair)


def order_pictures(place, client, count, size="256"):
    """Leaves an order of `count` small pictures over the first products; gives the outputs' ids."""
    products = [one["id"] for one in place.products() if one["store_connection_id"]]
    named = [word for product in products[:count] for word in ("--product", product)]
    made = place.json("generate", *named, "--engine", "studio", "--variants", "1", "--size", size, "--seed", "3", "--no-wait")
    return made["assets"]


def run(name, proof, arguments=()):
    """Runs a proof as a script. `arguments` are (option, full value, short value)."""
    parser = argparse.ArgumentParser(prog=f"tests/long {name}", description=sys.modules["__main__"].__doc__)
    parser.add_argument("--short", action="store_true", help="the share that takes less than a minute")
    parser.add_argument("--seed", type=int, default=1)
    for option, full, short in arguments:
        parser.add_argument(f"--{option}", type=type(full), help=f"{full}; with --short {short}")
    given = parser.parse_args()
    for option, full, short in arguments:
        if getattr(given, option) is None:
            setattr(given, option, short if given.short else full)
    verdict, ground = Verdict(name), Ground(name, given.seed)
    began = time.monotonic()
    try:
        proof(ground, verdict, given)
    except Exception as error:
        verdict.claim(f"the proof ends: {type(error).__name__}: {error}", False)
        if os.environ.get("STORE_SYNC_KEEP"):
            print(f"kept: {ground.folder}")
            ground.folder = "/nonexistent"
    finally:
        ground.close()
    verdict.say(f"{'FAIL' if verdict.failed else 'PASS'} after {time.monotonic() - began:.0f} s, seed {given.seed}")
    sys.exit(1 if verdict.failed else 0)
