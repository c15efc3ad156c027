"""Two models as judges on both databases: a shop that changes while it is read, and a gallery that people edit during pushes."""

import os
import subprocess

from ground import Postgres, run

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def proof(ground, verdict, given):
    postgres = Postgres(ground, settings="-c fsync=off")
    more = {"STORE_SYNC_TEST_POSTGRES": postgres.url("DATABASE"), "STORE_SYNC_CASES": str(given.cases)}
    for model in ("fault_shop", "gallery"):
        command = ["cargo", "test", "--locked", "--test", "all", f"{model}::"]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **more}, capture_output=True, text=True)
        told = [line for line in done.stdout.splitlines() if line.startswith("test result")]
        verdict.claim(f"{model}: {given.cases} cases of each kind hold on each database", done.returncode == 0 and told, *told)
        if done.returncode != 0:
            verdict.say(done.stdout + done.stderr)


run("models", proof, [("cases", 500, 20)])
