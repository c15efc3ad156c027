"""Databases made by the older application's own tool, taken over while that application saves without pause in three processes (--shapes: every shape; --ways: rights, keys, poolers)."""

import collections
import concurrent.futures
import hashlib
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
import time

from ground import PROGRAM, Place, Postgres, Process, free_port, run, until

DRIZZLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers", "drizzle")
APPLICATION = "old_app"
# What the names of the older generations have become.
TABLES = {"organization": "client", "client_session": "collection_session", "studio_session": "collection_session", "flow": "generation_flow", "generated_image": "generated_asset"}
COLUMNS = {"organization_id": "client_id", "active_organization_id": "active_client_id", "studio_session_id": "collection_session_id", "client_session_id": "collection_session_id",
           "flow_id": "generation_flow_id", "r2_key": "asset_url", "generated_image_id": "generated_asset_id"}
# And those of the third one's, of these tables.
THIRD = {"product": {"scene_types": "room_types", "store_id": "erp_id", "store_sku": "erp_sku", "store_url": "erp_url"},
         "product_image": {"image_url": "r2_key_base", "preview_url": "r2_key_preview"}}
NOT_LEGACY = ("schema_adoption", "schema_adoption_before")


def new_column(table, column):
    # Names that mean something else in another table keep theirs there.
    if column == "flow_id" and table not in ("generated_image", "generated_asset"):
        return column
    return THIRD.get(table, {}).get(column) or COLUMNS.get(column, column)


class Judge:
    """Counts and SHA-256 of every column of every table, over the rows in the order of their ids: from the server's own copies, by nothing of
    the program's. A second look goes by the names that the first one's have become."""

    def __init__(self, server, database, folder):
        self.server, self.database, self.folder = server, database, folder
        os.makedirs(folder, exist_ok=True)

    def columns(self):
        sql = ("SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace "
               "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum")
        found = collections.defaultdict(list)
        for table, column in self.server.query(self.database, sql):
            if table not in NOT_LEGACY:
                found[table].append(column)
        return found

    def _copy(self, table, columns, path):
        listed = ", ".join(f'"{name}"' for name in columns)
        sql = f'COPY (SELECT {listed} FROM "{table}" ORDER BY id COLLATE "C") TO STDOUT'
        with open(path, "wb") as out:
            command = [os.path.join(self.server.bin, "psql"), "-X", "-q", "-d", self.server.url(self.database), "-c", sql]
            done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env={**os.environ, "PGTZ": "UTC", "PGDATESTYLE": "ISO"})
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())

    def look(self, only=None):
        """The first look. `only` names the columns that count, by the names of today: (table, column)."""
        self.first = {}
        for table, columns in self.columns().items():
            # Where a column stands under both its names, the older one holds the values.
            columns = [name for name in columns if not any(other != name and new_column(table, other) == name for other in columns)]
            kept = [name for name in columns if only is None or (TABLES.get(table, table), new_column(table, name)) in only]
            if "id" in kept:
                self.first[table] = kept
                self._copy(table, kept, os.path.join(self.folder, f"{table}.before"))
        return sum(map(len, self.first.values()))

    def names(self):
        """What was looked at, by the names of today."""
        return {(TABLES.get(table, table), new_column(table, name)) for table, columns in self.first.items() for name in columns}

    @staticmethod
    def _hashes(path, at, skip):
        rows, sums = 0, None
        with open(path, "rb") as file:
            for line in file:
                cells = line.rstrip(b"\n").split(b"\t")
                if skip and cells[at].decode() in skip:
                    continue
                sums = sums or [hashlib.sha256() for _ in cells]
                for cell, digest in zip(cells, sums):
                    digest.update(cell + b"\n")
                rows += 1
        return rows, [digest.hexdigest() for digest in sums or []]

    def compare(self, touched=None):
        """(columns, those equal, what differs in words). `touched` are ids by the first look's table that somebody else wrote meanwhile."""
        now, equal, all_of_them, differing = self.columns(), 0, 0, []
        for table, columns in self.first.items():
            all_of_them += len(columns)
            after = table if table in now else TABLES.get(table, table)
            renamed = [name if name in now.get(after, ()) else new_column(table, name) for name in columns]
            missing = [name for name in renamed if name not in now.get(after, ())]
            if missing:
                differing.append(f"{after}: no {', '.join(missing)}")
                continue
            path = os.path.join(self.folder, f"{table}.after")
            self._copy(after, renamed, path)
            skip, at = set((touched or {}).get(table, ())), columns.index("id")
            before = self._hashes(os.path.join(self.folder, f"{table}.before"), at, skip)
            later = self._hashes(path, at, skip)
            os.unlink(path)
            if before[0] != later[0]:
                differing.append(f"{after}: {before[0]} rows became {later[0]}")
            elif before[0] == 0:
                equal += len(columns)
            else:
                off = [name for name, one, other in zip(renamed, before[1], later[1]) if one != other]
                equal += len(columns) - len(off)
                differing += [f"{after}.{name}" for name in off]
        return all_of_them, equal, differing


# What an adoption makes of the rows; as gen1's does, every other shape's has to.
OUTCOMES = {
    "links": "SELECT generated_asset_id, product_id, is_primary FROM generated_asset_product",
    "owners": "SELECT id, client_id FROM generation_flow",
    "statuses": "SELECT 'asset', id, status, completed_at IS NOT NULL, asset_type FROM generated_asset UNION ALL SELECT 'flow', id, status, is_favorite, '' FROM generation_flow",
    "finished": "SELECT id, completed_at FROM generated_asset",
    "approvals": "SELECT id, approval_status, approved_at, approved_by FROM generated_asset",
    "sources": "SELECT id, source, is_favorite, store_connection_id FROM product",
}
SCHEMA = ("SELECT 'column', table_name, column_name, data_type, is_nullable, coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public' "
          "UNION ALL SELECT 'rule', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated::text, '' FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
          "UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public' "
          "UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, '', '', '' FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE 'legacy%' ORDER BY 1, 2, 3")


def outcome(server, database):
    """What came of it: sets of rows by their kind."""
    found = {}
    for name, sql in OUTCOMES.items():
        try:
            found[name] = set(map(tuple, server.query(database, f"SET timezone = 'UTC'; {sql}"))) - {("SET",)}
        except RuntimeError:
            found[name] = None
    found["schema"] = set(map(tuple, server.query(database, SCHEMA)))
    return found


def beside(has, wanted):
    """How two outcomes compare, in a few words."""
    if has is None:
        return "none"
    if has == wanted:
        return "="
    return f"{len(has - wanted)} more, {len(wanted - has)} less"


def make(server, database, shape, pictures):
    done = subprocess.run([os.path.join(DRIZZLE, "make"), shape, server.make(database), "--pictures", str(pictures)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"make {shape}: {done.stderr[-800:]}")
    return json.loads(done.stdout)


def words(done):
    """What a command said that went wrong, in one line, without its log; nothing where all went well."""
    if done.returncode == 0:
        return ""
    text = "\n".join(line for line in done.stderr.splitlines() if not line.startswith('{"timestamp"')).strip() or done.stdout.strip()
    return re.sub(r"\s+", " ", text)[:420]


def warnings(done):
    """What a person is told: the report's warnings, and whatever stands beside it."""
    beside = [line for line in done.stderr.splitlines() if line and not line.startswith('{"timestamp"')]
    return [*json.loads(done.stdout).get("warnings", []), *beside] if done.returncode == 0 else [words(done)]


# --- Each shape by itself ---------------------------------------------------------------------------------------------------

REFUSED = {"mixed-filled": "both"}
# What an adoption announces that it changes: references to nothing become null, links that are there twice become one, a shop whose row does
# not say what its platform's file looks up is paused.
LATER = {"product.store_connection_id", "generated_asset_product", "store_connection.status", "store_connection.updated_at"}
ANNOUNCED = {"gen2": LATER, "gen3": LATER, "gen3-back": LATER, "half-emptied": {"generated_asset.generation_flow_id"},
             "half-orphans": {"generated_asset.generation_flow_id", "generation_flow.collection_session_id"}}


def kinds_of(shape):
    """What has to be as the first generation's. The later ones' states and decisions are theirs; where the tool emptied the flows, none are left."""
    if shape in REFUSED or shape == "half-orphans":
        return []
    if shape in ("gen2", "gen3", "gen3-back"):
        return ["links", "owners", "schema"]
    if shape == "half-emptied":
        return ["links", "finished", "approvals", "sources", "schema"]
    return [*OUTCOMES, "schema"]


def one_shape(server, ground, shape, pictures, only):
    database = f"shape_{shape.replace('-', '_')}"
    made = make(server, database, shape, pictures)
    judge = Judge(server, database, ground.path(database))
    columns = judge.look(only if shape.startswith(("half", "mixed")) else None)
    if shape == "mixed":
        judge.first.pop("collection_session", None)
    # Where the older application has sealed something, its key is given as README says; what happens without it is asked by --ways.
    key = f'[vault]\nkeys = "{made["credentials_key"]}"' if "credentials_key" in made else ""
    place = Place(ground, database, database=server.url(database), more=key)
    found = {"shape": shape, "columns": columns, "made": made, "judge": judge}
    dry = place.run("migrate", "--dry-run", check=False)
    found["dry"], found["dry_words"] = dry.returncode, words(dry)
    _, _, found["dry_changed"] = judge.compare()
    began = time.monotonic()
    real = place.run("migrate", check=False)
    found["took"], found["real"] = time.monotonic() - began, real.returncode
    found["words"] = words(real)
    again = place.run("migrate", check=False)
    found["again"], found["again_words"] = again.returncode, words(again)
    # What is kept elsewhere is kept whole: as the judge read it before.
    found["aside"], found["spoilt"] = aside(server, database, judge) if found["real"] == 0 else ({}, [])
    found["all"], found["equal"], found["differing"] = judge.compare(found["aside"])
    found["outcome"] = outcome(server, database)
    return found


def aside(server, database, judge):
    """(ids by the table of the first look, rows whose content is not what was there): what was set aside, beside the judge's own copy."""
    ids, spoilt = collections.defaultdict(set), []
    kept = {(table, row): json.loads(content) for table, row, content in server.query(database, "SELECT table_name, id, content FROM schema_adoption_row")}
    for (table, row), content in kept.items():
        was = next((name for name in judge.first if TABLES.get(name, name) == table), table)
        ids[was].add(row)
        with open(os.path.join(judge.folder, f"{was}.before"), encoding="utf-8") as file:
            at = judge.first[was].index("id")
            before = next((line.rstrip("\n").split("\t") for line in file if line.split("\t")[at].rstrip("\n") == row), None)
        for name, cell in zip(judge.first[was], before or []):
            value = content.get(new_column(was, name))
            same = value is None if cell == "\\N" else isinstance(value, (dict, list, bool, int, float)) or name.endswith("_at") or value == cell
            if not same:
                spoilt.append(f"{was} {row}.{name}: {cell} became {value}")
        if before is None:
            spoilt.append(f"{was} {row} was not there")
    return ids, spoilt


def shapes(ground, verdict, given):
    server = Postgres(ground, settings="-c fsync=off -c timezone=America/New_York")
    listed = subprocess.run([os.path.join(DRIZZLE, "make"), "--list"], check=True, capture_output=True, text=True).stdout
    every = [line.split()[0] for line in listed.splitlines()]
    wanted = [name for name in given.only.split(",") if name] or every
    first = one_shape(server, ground, "gen1", given.pictures, None)
    only, standard = first["judge"].names(), first["outcome"]
    rest = [name for name in wanted if name != "gen1"]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda shape: _caught(server, ground, shape, given.pictures, only), rest))
    found = [first, *done]
    kinds = [*OUTCOMES, "schema"]
    verdict.say(f"{given.pictures} pictures; links, owners and so on beside gen1's ({len(standard['links'])} links)")
    print("| shape | dry run | migrate | once more | columns equal | " + " | ".join(kinds) + " |")
    print("|---" * (5 + len(kinds)) + "|")
    for one in found:
        if "broken" in one:
            print(f"| {one['shape']} | {one['broken']} |")
            continue
        cells = [beside(one["outcome"][kind], standard[kind]) if kind in kinds_of(one["shape"]) else "-" for kind in kinds]
        print(f"| {one['shape']} | {one['dry']} | {one['real']} in {one['took']:.1f} s | {one['again']} | {one['equal']}/{one['all']} | " + " | ".join(cells) + " |")
    for one in found:
        if "broken" not in one and (one["words"] or one["dry_words"]):
            told = [("dry run", one["dry_words"]), ("migrate", one["words"]), ("once more", one["again_words"])]
            print(f"{one['shape']}: " + "; ".join(f"{when}: {'the same' if number and text == told[number - 1][1] else text or 'well'}" for number, (when, text) in enumerate(told)))
    for one in found:
        _judge_shape(verdict, one, standard)


def _caught(server, ground, shape, pictures, only):
    try:
        return one_shape(server, ground, shape, pictures, only)
    except Exception as error:
        return {"shape": shape, "broken": f"{type(error).__name__}: {error}"}


def _judge_shape(verdict, one, standard):
    shape = one["shape"]
    if "broken" in one:
        verdict.claim(f"{shape}: can be judged", False, one["broken"])
        return
    verdict.claim(f"{shape}: a dry run changes nothing", not one["dry_changed"], one["dry_changed"][:3] or "")
    said = one["dry_words"] + one["words"]
    verdict.claim(f"{shape}: what goes wrong is said in words of ours", not re.search(r"at line \d+|error returned from database", said), said[:160])
    if shape in REFUSED:
        verdict.claim(f"{shape}: is refused in words before anything is changed", one["dry"] and one["real"] and REFUSED[shape] in one["words"] and not one["differing"], one["words"][:200])
        return
    verdict.claim(f"{shape}: the dry run foretells what comes", one["dry"] == one["real"], f"dry run {one['dry']}, migrate {one['real']} {one['words'][:160]}")
    verdict.claim(f"{shape}: is adopted, and stays so", one["real"] == 0 and one["again"] == 0, one["words"][:200])
    left = [text for text in one["differing"] if text.split(":")[0] not in ANNOUNCED.get(shape, ())]
    verdict.claim(f"{shape}: every column is what it was", not left, f"{one['equal']} of {one['all']}{', ' + str(one['differing'][:4]) if one['differing'] else ''}")
    if shape == "half-orphans":
        counts = {table: len(ids) for table, ids in one["aside"].items()}
        verdict.claim(f"{shape}: what nothing can hold is kept whole elsewhere, and nothing else", set(counts) == {"message", "favorite_image"} and not one["spoilt"], f"{counts} {one['spoilt'][:3] or ''}")
        return
    verdict.claim(f"{shape}: nothing had to be set aside", not one["aside"], dict(one["aside"]))
    right = []
    for kind in kinds_of(shape):
        wanted, has = standard[kind], one["outcome"][kind]
        if shape == "half-tables" and kind == "schema":
            # Tables that are the older application's own business are not made anew.
            wanted = {row for row in wanted if row[1] not in ("invitation", "admin_session")}
        if shape == "half-said" and has is not None and kind in ("statuses", "finished", "approvals"):
            # What the later application said of its own pictures stays; all that was there before is as it would have been.
            own = {row for row in has if any(cell.startswith("later") for cell in row)}
            if kind == "statuses":
                said = sorted(row[2] for row in own)
                verdict.claim(f"{shape}: what was said of later pictures stays", said == ["completed", "error", "generating"], said)
            has = has - own
        if shape == "half-decided" and kind == "approvals" and has is not None:
            # Decisions that people made stay; all else is as it would have been.
            decided = {row for row in has if row[1] != "pending"}
            stayed = len(decided) > 0 and all(row[0][-3:] in ("012", "033") for row in decided) and len(has) == len(wanted)
            verdict.claim(f"{shape}: decisions that were made stay, and only those", stayed, f"{len(decided)} decisions")
        elif has == wanted or (kind == "schema" and shape in ("gen3", "gen3-back") and wanted <= has):
            # The third generation has more than is asked for.
            right.append(kind)
        else:
            verdict.claim(f"{shape}: {kind} are as gen1's", False, beside(has, wanted))
    verdict.claim(f"{shape}: as gen1's are {', '.join(right)}", True)


# --- With the application at work -------------------------------------------------------------------------------------------

WAITS = """SELECT extract(epoch FROM clock_timestamp())::numeric(20, 3), 'wait', a.pid, (extract(epoch FROM clock_timestamp() - l.waitstart) * 1000)::int,
 coalesce(l.relation::regclass::text, l.locktype), l.mode, a.usename, (SELECT string_agg(DISTINCT s.usename || ':' || s.application_name, ',') FROM pg_stat_activity s WHERE s.pid = ANY (pg_blocking_pids(l.pid)))
 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND l.waitstart IS NOT NULL
 UNION ALL SELECT extract(epoch FROM clock_timestamp())::numeric(20, 3), 'held', a.pid, coalesce((extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::int, 0),
 string_agg(DISTINCT l.relation::regclass::text, ','), l.virtualtransaction, a.usename, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 60)
 FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
 AND c.relname NOT LIKE 'schema_adoption%' AND a.application_name = 'store-sync' GROUP BY 3, 4, a.xact_start, l.virtualtransaction, a.usename, a.query;
\\echo .
"""


class Sampler(threading.Thread):
    """Looks at pg_locks every 50 ms: who waits for whom, and which of our transactions holds tables for itself alone."""

    def __init__(self, server, database):
        super().__init__(daemon=True)
        command = [os.path.join(server.bin, "psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-d", server.url(database)]
        self.psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.samples, self.gaps, self.waits, self.held, self.over = 0, 0, [], {}, False
        self.start()

    def run(self):
        last = time.monotonic()
        while not self.over:
            self.psql.stdin.write(WAITS)
            self.psql.stdin.flush()
            for line in iter(self.psql.stdout.readline, ".\n"):
                if not line:
                    return
                row = line.rstrip("\n").split("\t")
                if row[1] == "wait":
                    self.waits.append(row)
                elif row[1] == "held":
                    # From when it was first seen to when it was last seen.
                    begin, _, text = self.held.get(row[5], (float(row[0]), None, row[7]))
                    self.held[row[5]] = (begin, float(row[0]), text)
            self.samples += 1
            now = time.monotonic()
            self.gaps = max(self.gaps, now - last)
            last = now
            time.sleep(max(0, 0.05 - (time.monotonic() - now)))

    def end(self):
        self.over = True
        self.join(5)
        self.psql.kill()
        self.psql.wait()

    def behind_us(self):
        """The application's waits for a lock of ours: (ms, at what, mode)."""
        return sorted(((int(row[3]), row[4], row[5]) for row in self.waits if row[6] == APPLICATION and "store-sync" in (row[7] or "")), reverse=True)

    def exclusive(self):
        return sorted(((round((last - begin) * 1000), text) for begin, last, text in self.held.values()), reverse=True)


def application(server, database, log, seed, seconds=3600, workers=3):
    cache = subprocess.run([os.path.join(DRIZZLE, "install")], check=True, capture_output=True, text=True).stdout.strip()
    url = f"postgres://{APPLICATION}@127.0.0.1:{server.port}/{database}"
    command = ["node", os.path.join(DRIZZLE, "app.js"), "--url", url, "--workers", str(workers), "--seconds", str(seconds), "--seed", str(seed), "--log", log]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "NODE_PATH": os.path.join(cache, "node_modules")})


def ended(app):
    """Tells it to stop, which it does after the call that it is at."""
    out, _ = app.communicate(timeout=120)
    return json.loads(out)


def calls(log, workers=3):
    found = []
    for number in range(workers):
        if os.path.exists(f"{log}.{number}"):
            with open(f"{log}.{number}") as file:
                found += [json.loads(line) for line in file if line.endswith("\n")]
    return found


def at_work(log):
    """Waits until each process has saved something."""
    until("the application at work", lambda: {one["worker"] for one in calls(log) if one["kind"] == "save a session"} == {0, 1, 2}, 60, 0.2)


def longest(found, kind=None):
    return max((one["ms"] for one in found if kind in (None, one["kind"]) and not one.get("state")), default=0)


def told(found):
    """Failures by kind and SQLSTATE, with the words of the first."""
    by = collections.defaultdict(list)
    for one in found:
        if one.get("state"):
            by[one["kind"], one["state"]].append(one["message"])
    return [f"{len(texts)}x {kind}: {state} {texts[0][:140]}" for (kind, state), texts in sorted(by.items(), key=lambda item: -len(item[1]))]


EXPECTED_LINKS = """SELECT count(*) FROM (SELECT a.id AS asset, p.id AS product FROM generated_asset a
 CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids ELSE '[]' END) e JOIN product p ON jsonb_typeof(e) = 'string' AND p.id = e #>> '{}' AND p.client_id = a.client_id
 WHERE a.deleted_at IS NULL EXCEPT SELECT generated_asset_id, product_id FROM generated_asset_product) missing"""


def proof(ground, verdict, given):
    server = Postgres(ground, settings="-c shared_buffers=256MB -c max_wal_size=4GB -c log_lock_waits=on")
    database = "takeover"
    made = make(server, database, "gen1", given.pictures)
    rows = made["rows"]
    verdict.say(f"drizzle-kit made {made['columns']} columns; {rows['generated_image']} pictures in {rows['flow']} flows of {rows['studio_session']} sessions, in {made['took_s']} s")
    server.query(database, f"CREATE ROLE {APPLICATION} LOGIN; GRANT USAGE ON SCHEMA public TO {APPLICATION}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION}")
    judge = Judge(server, database, ground.path("judge"))
    judge.look()
    place = Place(ground, database, database=server.url(database))
    place.run("migrate", "--dry-run", "--legacy-role", APPLICATION)
    place.run("migrate", "--prepare", "--legacy-role", APPLICATION)
    deadlocks = lambda: int(server.query("postgres", f"SELECT deadlocks FROM pg_stat_database WHERE datname = '{database}'")[0][0])
    first = deadlocks()

    log, sampler = ground.path("calls"), Sampler(server, database)
    app = application(server, database, log, given.seed)
    ground.later(lambda: app.poll() is None and app.kill())
    ground.later(sampler.psql.kill)
    at_work(log)
    time.sleep(given.before)
    began = time.time()
    done = place.run("migrate", "--legacy-role", APPLICATION, check=False, timeout=1200)
    rerun = 0
    while done.returncode and rerun < 3:
        verdict.claim("migrate ends with 0", False, words(done))
        rerun, done = rerun + 1, place.run("migrate", "--legacy-role", APPLICATION, check=False, timeout=1200)
    over = time.time()
    time.sleep(given.after)
    result = ended(app)
    sampler.end()

    found = calls(log)
    phases = {"before": [one for one in found if one["at"] / 1000 + one["ms"] / 1000 < began], "during": [one for one in found if one["at"] / 1000 + one["ms"] / 1000 >= began and one["at"] / 1000 <= over],
              "after": [one for one in found if one["at"] / 1000 > over]}
    for name, some in phases.items():
        saves = [one for one in some if one["kind"] == "save a session"]
        lost = sum(bool(one.get("state")) for one in saves)
        verdict.say(f"{name}: {len(some)} calls, {sum(bool(one.get('state')) for one in some)} failed; {len(saves)} saves, {lost} lost, the longest {longest(saves):.0f} ms, any other call {longest([one for one in some if one not in saves]):.0f} ms")
        for text in told(some)[:8]:
            verdict.say(f"  {name}: {text}")
    behind, exclusive = sampler.behind_us(), sampler.exclusive()
    report = json.loads(done.stdout) if done.returncode == 0 else {}
    lock_ms = report.get("expand_lock_ms") or 0
    verdict.say(f"adopted in {over - began:.1f} s at a load of {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {sampler.samples} looks at pg_locks, at most {sampler.gaps * 1000:.0f} ms apart; {len(behind)} waits of the application behind us seen, the longest {behind[0] if behind else 0}")
    verdict.say(f"tables held by us alone: {lock_ms} ms by its own clock; as seen: {exclusive[:4]}")
    met = [one for one in found if one.get("state") == "40P01"]
    verdict.claim("before it, every call of the application goes well", not told(phases["before"]), told(phases["before"])[:3] or len(phases["before"]))
    verdict.claim("migrate ends with 0", done.returncode == 0, words(done) or f"{over - began:.1f} s")
    verdict.claim("no deadlock", deadlocks() == first and not met, f"{deadlocks() - first} of the server's, {len(met)} of the application's")
    saves = [one for one in phases["during"] + phases["after"] if one["kind"] in ("save a session", "read a saved session")]
    verdict.claim("no save is lost", not told(saves), told(saves)[:3] or len(saves) // 2)
    others = [one for one in phases["during"] + phases["after"] if one["kind"] not in ("save a session", "read a saved session")]
    verdict.claim("every other call goes on as before", not told(others), told(others)[:4] or len(others))
    verdict.claim("no table is ours alone for 300 ms", max(lock_ms, exclusive[0][0] if exclusive else 0) < 300, f"{lock_ms} ms, seen {exclusive[0][0] if exclusive else 0} ms")
    verdict.claim("no call waits over 0.5 s for a lock of ours", not behind or behind[0][0] <= 500, behind[:3] if behind else 0)
    longest_before, longest_during = longest(phases["before"], "save a session"), longest(phases["during"], "save a session")
    verdict.say(f"the longest save: {longest_before:.0f} ms before, {longest_during:.0f} ms during")
    verdict.claim("there was work before, during and after", all(any(one["kind"] == "save a session" for one in some) for some in phases.values()), {name: len(some) for name, some in phases.items()})
    if done.returncode == 0:
        after(ground, verdict, server, database, given, judge, result)
    else:
        compared(verdict, judge, result["touched"])


def compared(verdict, judge, touched):
    columns, equal, differing = judge.compare(touched)
    verdict.claim("every column of every row that the application left alone is what it was", not differing, f"{equal} of {columns}, {sum(map(len, touched.values()))} rows touched{', ' + str(differing[:5]) if differing else ''}")


def after(ground, verdict, server, database, given, judge, result):
    """The application goes on with nothing but the views; then everything is compared."""
    server.query(database, f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APPLICATION}")
    log = ground.path("calls-views")
    app = application(server, database, log, given.seed + 1)
    ground.later(lambda: app.poll() is None and app.kill())
    at_work(log)
    time.sleep(given.after)
    again = ended(app)
    found = calls(log)
    verdict.claim("with rights on the views only, every call goes well", not told(found), told(found)[:6] or len(found))
    touched = collections.defaultdict(list)
    for one in (result, again):
        for table, ids in one["touched"].items():
            touched[table] += ids
    compared(verdict, judge, touched)
    missing = int(server.query(database, EXPECTED_LINKS)[0][0])
    verdict.claim("every product that a picture's list names is linked", missing == 0, f"{missing} missing of {server.query(database, 'SELECT count(*) FROM generated_asset_product')[0][0]}")
    open_ends = server.query(database, "SELECT count(*) FROM generation_flow WHERE client_id IS NULL UNION ALL SELECT count(*) FROM generated_asset WHERE (error IS NULL) <> (status = 'completed')")
    verdict.claim("every flow has its owner, every picture its state", open_ends == [["0"], ["0"]], open_ends)


# --- Rights, keys, poolers, sessions from before ------------------------------------------------------------------------------

OWNED = """DO $do$ DECLARE t text; BEGIN FOR t IN SELECT format('%I', relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
 EXECUTE 'ALTER TABLE ' || t || ' OWNER TO keeper'; EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ' || t || ' TO old_app'; END LOOP; END $do$"""


class Ways:
    """Databases of one owner without rights beyond them, each with a place of its own."""

    def __init__(self, server, ground, verdict, given):
        self.server, self.ground, self.verdict = server, ground, verdict
        self.count, self.given, self.made = 0, given, {}

    def template(self, name):
        """A database of its generation, made when it is first asked for."""
        if name not in self.made:
            shape = {"oldest": "gen0", "second": "gen2", "third": "gen3"}.get(name, "gen1")
            self.made[name] = make(self.server, name, shape, self.given.large if name == "large" else self.given.pictures)
        return self.made[name]

    def database(self, template, owner=True):
        self.template(template)
        self.count += 1
        name = f"way_{self.count}"
        self.server.query("postgres", f"CREATE DATABASE {name} TEMPLATE {template}{' OWNER keeper' if owner else ''}")
        self.server.query(name, OWNED)
        return name

    def place(self, name, role="keeper", more="", port=None):
        url = self.server.url(name, port).replace("store_sync@", f"{role}@")
        return Place(self.ground, f"{name}-{role}-{self.count}-{len(self.ground.closing)}", database=url, more=more)

    def as_role(self, name, role, sql):
        command = [os.path.join(self.server.bin, "psql"), "-X", "-A", "-t", "-d", self.server.url(name).replace("store_sync@", f"{role}@"), "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout + done.stderr).strip()

    def settled(self, name):
        """Whether nothing was begun."""
        return self.server.query(name, "SELECT to_regclass('public.flow') IS NOT NULL AND to_regclass('public.schema_adoption_before') IS NULL") == [["t"]]

    def refused(self, text, name, place, wanted, *arguments):
        """A dry run and the real thing say what is missing, and begin nothing."""
        for how in (("--dry-run",), ()):
            done = place.run("migrate", *how, *arguments, check=False)
            said = words(done)
            self.verdict.claim(f"{text}: {'the dry run' if how else 'migrate'} names what is missing", done.returncode != 0 and re.search(wanted, said), f"{done.returncode} {said[:220]}")
            self.verdict.claim(f"{text}: {'the dry run' if how else 'migrate'} begins nothing", self.settled(name))


def ways(ground, verdict, given):
    server = Postgres(ground, settings="-c fsync=off")
    server.query("postgres", "CREATE ROLE keeper LOGIN; CREATE ROLE old_app LOGIN")
    all_of_them = Ways(server, ground, verdict, given)
    every = (rights, prepared, sessions, paths, credentials, later_applications, oldest_names, holders, crosswise, pooler)
    for ask in [one for one in every if not given.only or one.__name__ in given.only.split(",")]:
        try:
            ask(all_of_them)
        except Exception as error:
            verdict.claim(f"{ask.__name__}: can be judged", False, f"{type(error).__name__}: {str(error)[:300]}")


def rights(ways):
    name = ways.database("first")
    ways.refused("an owner who may not alter the application's role", name, ways.place(name), r"(?i)(ALTER ROLE|CREATEROLE|search_path).*old_app|old_app.*(ALTER ROLE|CREATEROLE|search_path)", "--legacy-role", "old_app")
    name = ways.database("first", owner=False)
    ways.server.query(name, "GRANT CREATE, USAGE ON SCHEMA public TO keeper")
    ways.refused("a role that may not make schemas", name, ways.place(name), "GRANT CREATE ON DATABASE|CREATE SCHEMA", "--legacy-role", "old_app")
    name = ways.database("first")
    ways.server.query(name, "ALTER TABLE flow OWNER TO store_sync")
    ways.refused("a role that does not own a table", name, ways.place(name), r"(?i)(own|belong).*flow|flow.*(own|belong)")


def prepared(ways):
    """Two roles: one prepares, another adopts; and a database that its administrator has prepared by hand."""
    name = ways.database("first")
    ways.place(name, "store_sync").run("migrate", "--prepare", "--legacy-role", "old_app")
    place = ways.place(name)
    dry = place.run("migrate", "--dry-run", "--legacy-role", "old_app", check=False)
    real = place.run("migrate", "--legacy-role", "old_app", check=False)
    told_before = dry.returncode and "legacy" in words(dry) and ways.settled(name)
    ways.verdict.claim("prepared by another role: adopted, or refused by the dry run naming the schema", real.returncode == 0 or told_before, f"dry run {dry.returncode} {words(dry)[:160]}; migrate {real.returncode} {words(real)[:200]}")
    name = ways.database("first")
    ways.server.query(name, f"CREATE SCHEMA legacy AUTHORIZATION keeper; GRANT USAGE ON SCHEMA legacy TO old_app; ALTER ROLE old_app IN DATABASE {name} SET search_path = legacy, public")
    place = ways.place(name)
    dry, real = (place.run("migrate", *how, "--legacy-role", "old_app", check=False) for how in (("--dry-run",), ()))
    ways.verdict.claim("prepared by hand: an owner without rights over roles adopts", dry.returncode == 0 and real.returncode == 0, f"dry run {dry.returncode}, migrate {real.returncode} {words(real)[:240]}")
    seen = ways.as_role(name, "old_app", "SELECT count(*) FROM legacy.flow")
    ways.verdict.claim("prepared by hand: the application sees its old names", seen == "3000", seen[:160])


def sessions(ways):
    name = ways.database("first")
    command = [os.path.join(ways.server.bin, "psql"), "-X", "-q", "-d", ways.server.url(name).replace("store_sync@", "old_app@")]
    old = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    ways.ground.later(old.kill)
    old.stdin.write("SELECT 1;\n")
    old.stdin.flush()
    until("a session", lambda: ways.server.query("postgres", f"SELECT 1 FROM pg_stat_activity WHERE usename = 'old_app' AND datname = '{name}'"))
    place = ways.place(name, "store_sync")
    place.run("migrate", "--prepare", "--legacy-role", "old_app")
    dry = place.run("migrate", "--dry-run", "--legacy-role", "old_app", check=False)
    warned = warnings(dry)
    ways.verdict.claim("a session from before the preparing is counted and named", any("old_app" in text and re.search(r"\b(1|one)\b", text) for text in warned), warned)
    ways.verdict.claim("poolers are mentioned", "pool" in " ".join(warned), "")
    old.kill()
    old.wait()


def paths(ways):
    name = ways.database("first")
    ways.server.query(name, f"CREATE SCHEMA app; CREATE TABLE app.extra (id int); GRANT USAGE ON SCHEMA app TO old_app; GRANT SELECT ON app.extra TO old_app; ALTER ROLE old_app IN DATABASE {name} SET search_path = app, public")
    place = ways.place(name, "store_sync")
    place.run("migrate", "--prepare", "--legacy-role", "old_app")
    now = ways.as_role(name, "old_app", "SHOW search_path")
    ways.verdict.claim("the role's own search path is kept behind the old names", re.sub(r"[ \"]", "", now) == "legacy,app,public", now)
    ways.verdict.claim("what it found there it still finds", ways.as_role(name, "old_app", "SELECT count(*) FROM extra") == "0", ways.as_role(name, "old_app", "SELECT count(*) FROM extra"))
    place.run("migrate", "--legacy-role", "old_app")
    ways.verdict.claim("after the adoption too", ways.as_role(name, "old_app", "SELECT count(*) FROM extra") == "0", ways.as_role(name, "old_app", "SHOW search_path"))
    done = place.run("migrate", "--contract", check=False)
    then = ways.as_role(name, "old_app", "SHOW search_path")
    ways.verdict.claim("the end of the old names restores it", done.returncode == 0 and re.sub(r"[ \"]", "", then) == "app,public", f"{words(done)} {then}")


def credentials(ways):
    sealed = ways.template("second")
    name = ways.database("second")
    bare = ways.place(name, "store_sync")
    dry = bare.run("migrate", "--dry-run", check=False)
    said = " ".join(warnings(dry))
    ways.verdict.claim("without the older application's key the dry run says which is needed, and how to give it", "v1" in said and "vault" in said.lower(), said[:300])
    real = bare.run("migrate", check=False)
    said = " ".join(warnings(real))
    ways.verdict.claim("so does migrate", "v1" in said and "vault" in said.lower(), f"{real.returncode} {said[:300]}")
    if real.returncode:
        begun = ways.server.query(name, "SELECT to_regclass('public.schema_adoption') IS NOT NULL") == [["t"]]
        ways.verdict.claim("where it says that nothing was changed, nothing was", "othing was changed" not in said or not begun, said[:120])
    name = ways.database("second")
    place = ways.place(name, "store_sync", more=f'[vault]\nkeys = "{sealed["credentials_key"]}"')
    real = place.run("migrate", check=False)
    ways.verdict.claim("with the key it is adopted", real.returncode == 0, words(real))
    product = [one for one in json.loads(real.stdout or "{}").get("tables", []) if one["table"] == "product"]
    ways.verdict.claim("what it nulled itself is not told as written by others", product and product[0]["changed"] == 0, product[0]["changed"] if product else "no report")
    daemon = place.daemon(wait=0)
    try:
        until("the daemon", lambda: place.ready() == 200, 20, 0.3)
        ways.verdict.claim("the daemon starts with the key", True)
    except TimeoutError:
        ways.verdict.claim("the daemon starts with the key", False, daemon.said()[-300:])
    rows = ways.server.query(name, "SELECT id, facts, status FROM store_connection ORDER BY id")
    ways.verdict.claim("WooCommerce's connections know their shop, or wait with a sentence", all(json.loads(row[1]) or row[2] != "active" for row in rows if row[0] in ("conn1", "conn5")), rows)
    daemon.stop()
    # Our own first key has the same id.
    name = ways.database("second")
    place = ways.place(name, "store_sync")
    os.makedirs(os.path.join(place.folder, "data"), exist_ok=True)
    with open(os.open(os.path.join(place.folder, "data", "vault.key"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write("v1:" + "A" * 43 + "=\n")
    done = place.run("migrate", check=False)
    said = " ".join(warnings(done))
    ways.verdict.claim("a key of ours under the same id is told from the older application's", "v1" in said, f"{done.returncode} {said[:300]}")


def later_applications(ways):
    """The second generation's application and the third's go on with their own statements, through their own library."""
    cache = subprocess.run([os.path.join(DRIZZLE, "install")], check=True, capture_output=True, text=True).stdout.strip()
    for shape, generation in (("second", "gen2"), ("third", "gen3")):
        sealed = ways.template(shape)
        name = ways.database(shape)
        place = ways.place(name, "store_sync", more=f'[vault]\nkeys = "{sealed["credentials_key"]}"')
        place.run("migrate", "--prepare", "--legacy-role", "old_app", check=False)
        place.run("migrate", "--legacy-role", "old_app", check=False)
        url = ways.server.url(name).replace("store_sync@", "old_app@")
        done = subprocess.run(["node", os.path.join(DRIZZLE, "later.js"), url, generation], capture_output=True, text=True, env={**os.environ, "NODE_PATH": os.path.join(cache, "node_modules")})
        result = json.loads(done.stdout) if done.returncode == 0 else {"script": done.stderr[-300:]}
        failed = [f"{what}: {failure}" for what, failure in result.items() if failure]
        ways.verdict.claim(f"the {shape} generation's application goes on", not failed, failed[:4] or f"{len(result)} kinds of statements")
        formats = ways.server.query(name, "SELECT credentials_format FROM store_connection WHERE id = 'new-conn'")
        ways.verdict.claim(f"what the {shape} generation's seals is marked as sealed in its way", formats == [["1"]], formats)


def oldest_names(ways):
    name = ways.database("oldest")
    place = ways.place(name, "store_sync")
    place.run("migrate", "--prepare", "--legacy-role", "old_app")
    place.run("migrate", "--legacy-role", "old_app", check=False)
    said = ways.as_role(name, "old_app", "SELECT count(*) FROM organization; SELECT count(organization_id) FROM client_session; SELECT count(client_session_id) FROM flow")
    ways.verdict.claim("the oldest application sees its own names", said.split() == ["8", "300", "3000"], said[:200])


def holders(ways):
    name = ways.database("first")
    place = ways.place(name, "store_sync")
    command = [os.path.join(ways.server.bin, "psql"), "-X", "-q", "-d", ways.server.url(name)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    ways.ground.later(holder.kill)
    holder.stdin.write(f"SELECT pg_advisory_lock({0x7374_6F72_6573_796E});\n")
    holder.stdin.flush()
    pid = until("the lock", lambda: ways.server.query(name, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"))[0][0]
    try:
        done = place.run("migrate", check=False, timeout=20)
        said = words(done)
    except subprocess.TimeoutExpired as over:
        said = ((over.stderr or b"") + (over.stdout or b"")).decode()
    holder.kill()
    holder.wait()
    ways.verdict.claim("a lock that somebody else holds is told, with its holder", pid in said, said[:250] or "silence for 20 s")


class Session:
    """A session of the application that goes on line by line."""

    def __init__(self, ways, name, role):
        command = [os.path.join(ways.server.bin, "psql"), "-X", "-q", "-A", "-t", "-d", ways.server.url(name).replace("store_sync@", f"{role}@")]
        self.psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        ways.ground.later(self.psql.kill)

    def say(self, sql):
        """(what was answered, how many seconds it took)"""
        began = time.monotonic()
        self.psql.stdin.write(f"{sql};\n\\echo .\n")
        self.psql.stdin.flush()
        answered = "".join(iter(self.psql.stdout.readline, ".\n")).strip()
        return answered, time.monotonic() - began


def crosswise(ways):
    """The application holds a picture in the middle of a batch and then wants those before it, which the batch holds: it must neither wait
    long nor be given up. The adoption is killed right after its names have changed, so that every picture is still to be filled."""
    name = ways.database("large")
    ways.server.query(name, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO old_app")
    place = ways.place(name, "store_sync")
    place.run("migrate", "--prepare", "--legacy-role", "old_app")
    command = ["migrate", "--legacy-role", "old_app"]
    first = Process(ways.ground, "killed", [PROGRAM, "--config", place.config, *command], cwd=place.folder)
    until("the new names", lambda: ways.server.query(name, "SELECT to_regclass('legacy.generated_image') IS NOT NULL") == [["t"]], 60, 0)
    first.kill()
    left = [row[0] for row in ways.server.query(name, "SELECT id FROM generated_asset WHERE completed_at IS NULL AND error IS NULL ORDER BY id LIMIT 200")]
    if len(left) < 200:
        ways.verdict.claim("crosswise: it was killed before the pictures were filled", False, len(left))
        return
    app = Session(ways, name, "old_app")
    app.say(f"BEGIN; UPDATE generated_image SET prompt = 'held' WHERE id = '{left[100]}'")
    second = Process(ways.ground, "again", [PROGRAM, "--config", place.config, *command], cwd=place.folder)
    time.sleep(4)
    answers = [app.say(f"UPDATE generated_image SET prompt = 'wanted' WHERE id = '{one}'") for one in left[:100:9]]
    answers.append(app.say("COMMIT"))
    slowest, failed = max(took for _, took in answers), [text for text, _ in answers if text]
    ways.verdict.claim("crosswise: the application is not given up", not failed, failed[:2] or len(answers))
    ways.verdict.claim("crosswise: no statement waits over 0.5 s", slowest <= 0.5, f"{slowest:.2f} s")
    code = second.child.wait(120)
    kept = ways.server.query(name, "SELECT count(*) FROM generated_asset WHERE prompt IN ('held', 'wanted')")
    ways.verdict.claim("crosswise: both end well", code == 0 and kept == [[str(len(answers))]], f"migrate {code}, {kept[0][0]} of {len(answers)} written {second.said()[-200:] if code else ''}")


def pooler(ways):
    """Nothing says so in the configuration: the program has to find out."""
    name, port, folder = ways.database("first"), free_port(), ways.ground.path("bouncer")
    os.makedirs(folder)
    with open(os.path.join(folder, "ini"), "w") as file:
        file.write(f"[databases]\n* = host=127.0.0.1 port={ways.server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
                   f"auth_file = {folder}/users\npool_mode = transaction\nignore_startup_parameters = extra_float_digits\nlogfile = {folder}/log\npidfile = {folder}/pid\n")
    with open(os.path.join(folder, "users"), "w") as file:
        file.write('"store_sync" ""\n"keeper" ""\n')
    command = [shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin"), os.path.join(folder, "ini")]
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        for path in (folder, os.path.join(folder, "ini"), os.path.join(folder, "users")):
            os.chown(path, user.pw_uid, user.pw_gid)
        command = [command[0], "-u", "postgres", command[1]]
    Process(ways.ground, "bouncer", command)
    time.sleep(0.7)
    for more, how in (("", "unannounced"), ('[database]\npooler = "transaction"', "announced")):
        place = ways.place(name, "store_sync", more=more, port=port)
        done = place.run("migrate", check=False, timeout=60)
        ways.verdict.claim(f"migrate through a pooler, {how}, is refused in words", done.returncode != 0 and "pooler" in words(done) and ways.settled(name), f"{done.returncode} {words(done)[:240]}")
    left = ways.server.query("postgres", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    ways.verdict.claim("no lock is left on a pooled connection", left == [["0"]], left)


if "--shapes" in sys.argv:
    sys.argv.remove("--shapes")
    run("takeover", shapes, [("pictures", 20000, 2000), ("only", "", "gen1,gen2,gen3,half-push,half-emptied,half-orphans,mixed")])
elif "--ways" in sys.argv:
    sys.argv.remove("--ways")
    run("takeover", ways, [("pictures", 2000, 500), ("large", 20000, 20000), ("only", "", "")])
else:
    run("takeover", proof, [("pictures", 200000, 2000), ("before", 15, 4), ("after", 15, 4)])
