"""Runs `drizzle-kit push` in a terminal and answers what it asks, the same way every time."""

import os
import pty
import re
import select
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[⣷⣯⣟⡿⢿⣻⣽⣾]")
QUESTION = re.compile(r"Is (\S+) (table|column|schema|enum|sequence|view|policy|role)(?: in (\S+) table)? created or renamed from another", re.S)
DOWN, ENTER = b"\x1b[B", b"\r"


def cache():
    return subprocess.run([os.path.join(HERE, "install")], check=True, capture_output=True, text=True).stdout.strip()


def environment():
    return {**os.environ, "NODE_PATH": os.path.join(cache(), "node_modules")}


def push(generation, url, renames, sure=True, seconds=300):
    """Pushes a generation's schema. `renames` maps new names to old ones (`table`, or `table.column` by the table's new name); what is not
    in it is created. `sure` answers whether what loses data may be done. Gives {questions, failed, said}."""
    tool = os.path.join(cache(), "node_modules", ".bin", "drizzle-kit")
    schema = os.path.join(HERE, "schema", f"{generation}.js")
    command = [tool, "push", "--dialect=postgresql", f"--schema={schema}", f"--url={url}", "--verbose"]
    master, slave = pty.openpty()
    env = {**environment(), "TERM": "xterm", "COLUMNS": "200", "LINES": "200"}
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, cwd="/", start_new_session=True)
    os.close(slave)
    said, frame, questions, asked, end = "", "", [], None, time.monotonic() + seconds
    try:
        while True:
            if time.monotonic() > end:
                raise TimeoutError(f"drizzle-kit push asks for something else: {frame[-600:]}")
            ready, _, _ = select.select([master], [], [], 0.12)
            if ready:
                try:
                    data = os.read(master, 65536)
                except OSError:
                    break
                if not data:
                    break
                text = COLOURS.sub("", data.decode(errors="replace")).replace("\r", "")
                said, frame = said + text, frame + text
                continue
            # Nothing more comes: it has ended, it works, or it asks.
            asked = _answer(master, frame, renames, sure, questions, asked)
            if asked is None:
                frame = frame if child.poll() is None else ""
            elif asked == "answered":
                frame, asked = "", None
        code = child.wait(30)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        os.close(master)
    failure = re.search(r"\b\w*[eE]rror: .*", said)
    well = "Changes applied" in said or "No changes detected" in said
    failed = failure.group(0) if failure else None if well else said.strip()[-400:]
    return {"questions": questions, "code": code, "failed": failed, "said": said}


def _answer(master, frame, renames, sure, questions, asked):
    """One key press for the question that stands there: towards the wanted option, or upon it."""
    # The last drawing of the list counts; each begins anew with the question.
    found = list(QUESTION.finditer(frame))
    options = [line.strip() for line in frame.splitlines() if line.strip()]
    chosen = [line for line in options if line.startswith("❯")]
    if not chosen:
        return None
    here = chosen[-1].lstrip("❯ ").strip()
    if found:
        name, what, table = found[-1].groups()
        new = f"{table}.{name}" if table else name
        old = renames.get(new)
        wanted = (lambda line: line.startswith("~") and f"{old} ›" in line) if old else (lambda line: line.startswith("+"))
        question = new
    elif "Yes, I want" in frame or "No, abort" in frame:
        wanted, question = (lambda line: line.startswith("Yes" if sure else "No")), "sure"
    else:
        return None
    if wanted(here):
        questions.append({"asked": question, "answered": re.sub(r"\s+", " ", here)})
        os.write(master, ENTER)
        return "answered"
    presses = asked or 0
    if presses > 100:
        raise RuntimeError(f"drizzle-kit push does not offer {renames.get(question)} for {question}: {frame[-600:]}")
    os.write(master, DOWN)
    return presses + 1
