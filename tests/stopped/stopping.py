"""Runs of make over real notebooks that are killed, or whose disk is full, and what they leave."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq
from light_project import SETTINGS, small_study
from waiting import HANGING, wait_until

KEPT = ("00_data", "10_retention")
STUDY = "shop"
VERSIONS = ({"lapse_weeks": 26}, {"lapse_weeks": 39})
UNSET = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "STUDY", "SET", "BUILD", "PARAMS", "REFRESH")
ROLES = {
    "make": r"^make\b",
    "plan": "reporting.plan",
    "warm client": r"reporting\.warm ",
    "warm server": "reporting.warm_server",
    "a fork": "multiprocessing.forkserver",
}
EVERYBODY = "make and all its processes"
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SENTENCE = r"^\S+ must have room on its disk, but: |^\S+ must be readable and writable, but: "


@dataclass
class Shop:
    """A copy of the project with a few real notebooks and one small study in two versions."""

    folder: Path
    build: Path
    good: list[dict[str, bytes]] = field(default_factory=list)
    changes: int = 0

    @classmethod
    def of(cls, folder: Path) -> Shop:
        """Keep a few notebooks of the copy, and make both versions once, each from nothing."""
        for path in folder.glob("notebooks/*.ipynb"):
            if path.stem not in KEPT:
                path.unlink()
        shutil.rmtree(folder / "params")
        (folder / "params").mkdir()
        shop = cls(folder, folder / "build")
        for number in range(len(VERSIONS)):
            shop.write(number)
            shutil.rmtree(shop.build, ignore_errors=True)
            shop.changes = shop.counted(shop.start())
            shop.good.append(shop.made())
        return shop

    def write(self, number: int) -> None:
        """Give the study the values of a version."""
        text = small_study(STUDY, **VERSIONS[number])
        (self.folder / "params" / f"{STUDY}.yml").write_text(text, encoding="utf-8")

    def start(self, *, limit: int | None = None) -> subprocess.Popen[str]:
        """Start `make -j2 reports` in a group of its own; no file may grow above `limit`."""
        inherited = {key: value for key, value in os.environ.items() if key not in UNSET}
        mine = {"PYTHONPATH": str(self.folder / "src"), "BUILD": str(self.build)}

        def bound() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.Popen(
            ["make", "-j2", "reports"],
            cwd=self.folder,
            env=inherited | mine | SETTINGS,
            start_new_session=True,
            preexec_fn=bound,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def counted(self, running: subprocess.Popen[str]) -> int:
        """Let a run come to its end, and count how often what it makes was seen to change."""
        seen = Changes(self.build)
        wait_until(lambda: seen.look() >= 0 and running.poll() is not None)
        told = running.communicate(timeout=HANGING)[0]
        assert running.returncode == 0, told
        return seen.number

    def made(self) -> dict[str, bytes]:
        """What is published, and its sources: the same bytes from the same study.

        The list of reports, and what it is made of, also tell of the runs before.
        """
        kinds = (f"site/{STUDY}/**/*", f"{STUDY}/report/**/*")
        found = {path for kind in kinds for path in self.build.glob(kind) if path.is_file()}
        hidden = (path for path in found if re.search(r"/\.", str(path.relative_to(self.build))))
        shown = sorted(found - set(hidden))
        return {str(path.relative_to(self.build)): _told(path) for path in shown}

    def published(self) -> dict[str, bytes]:
        """The files of the report alone."""
        return _published(self.made())

    def processes(self) -> dict[int, str]:
        """The processes that work inside the copy, with their command lines."""
        found = {}
        for link in Path("/proc").glob("[0-9]*/cwd"):
            try:
                inside = link.readlink().is_relative_to(self.folder)
                line = (link.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if inside and int(link.parent.name) != os.getpid():
                found[int(link.parent.name)] = line
        return found


def _published(made: dict[str, bytes]) -> dict[str, bytes]:
    return {name: raw for name, raw in made.items() if name.startswith(f"site/{STUDY}/")}


@dataclass
class Changes:
    """Counts how often a folder was seen to change."""

    folder: Path
    number: int = 0
    last: frozenset = frozenset()

    def look(self) -> int:
        """Look once; how many changes were seen so far."""
        now = set()
        for path in self.folder.rglob("*"):
            try:
                stat = path.stat()
            except OSError:
                continue
            now.add((str(path), stat.st_size, stat.st_mtime_ns))
        self.number += frozenset(now) != self.last
        self.last = frozenset(now)
        return self.number


@dataclass(frozen=True)
class Kill:
    """What was killed, how, after how many changes; and what was wrong afterwards."""

    role: str
    sent: str
    after: int
    ended: str
    faults: tuple[str, ...]


def kill_once(shop: Shop, random_: random.Random, number: int, *, last: bool = True) -> Kill:
    """Give the study its other version, kill the run at a random moment, and look what is left.

    After the last of several kills the next run must complete; else it is killed, too.
    """
    shop.write(number)
    after = random_.randrange(1, shop.changes + 1)
    sent = random_.choice(SIGNALS)
    running, seen = shop.start(), Changes(shop.build)
    wait_until(lambda: seen.look() >= after or running.poll() is not None)
    if running.poll() is not None:  # it makes fewer changes than one from nothing
        shop.changes = min(shop.changes, seen.number)
    role = _kill(shop, running, sent, random_)
    told = running.communicate(timeout=HANGING)[0]
    gone = wait_until(lambda: not shop.processes())
    faults = [] if gone else ["a process was left"]
    faults += faults_left(shop, number)
    if sent != signal.SIGKILL or role != EVERYBODY:
        faults += [f"it told a traceback: {told[-800:]}"] if "Traceback" in told else []
    ended = "made" if running.returncode == 0 else "stopped"
    faults += next_run(shop, number) if last or ended == "made" else []
    return Kill(role, sent.name, after, ended, tuple(faults))


def _kill(shop: Shop, running, sent: signal.Signals, random_: random.Random) -> str:
    """Send a signal to all of a run, as a terminal does, or to one of its processes."""
    lines = shop.processes()
    roles = {
        pid: next((role for role, said in ROLES.items() if re.search(said, line)), "another")
        for pid, line in lines.items()
    }
    if not roles or random_.random() < 0.4:
        with_all = EVERYBODY
        try:
            os.killpg(running.pid, sent)
        except ProcessLookupError:
            with_all = "nobody: it had ended"
        return with_all
    role = random_.choice(sorted(set(roles.values())))
    pid = random_.choice(sorted(one for one in roles if roles[one] == role))
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return "nobody: it had ended"
    return role


def faults_left(shop: Shop, number: int) -> list[str]:
    """What a stopped run left that is neither the old nor the new: half-written, or mixed."""
    published, faults = shop.published(), []
    if published and published not in [_published(good) for good in shop.good]:
        faults.append("the report is mixed of two runs, or not whole")
    if not published and shop.good:
        faults.append("the old report is gone")
    for path in (shop.build / STUDY).rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(shop.build).parts)
        if path.is_file() and not hidden and not _reads(path):
            faults.append(f"{path.relative_to(shop.build)} is half-written")
    index = shop.build / "site" / "index.html"
    if index.is_file():
        page = index.read_text(encoding="utf-8")
        links = [unquote(link) for link in re.findall(r'href="([^"]+)"', page)]
        dead = [link for link in links if not (index.parent / link).exists()]
        faults += [f"the index leads to {link}, which is not there" for link in dead]
        faults += [] if page.rstrip().endswith("</html>") else ["the index is half-written"]
    return faults


def _told(path: Path) -> bytes:
    """The bytes of a file; of a report's description, what does not depend on the runs before."""
    if path.name != "report.json":
        return path.read_bytes()
    described = json.loads(path.read_text(encoding="utf-8"))
    return json.dumps({k: v for k, v in described.items() if k not in ("runs", "moved")}).encode()


def _reads(path: Path) -> bool:
    """Whether a file reads as what it is."""
    try:
        if path.suffix in (".json", ".ipynb"):
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".parquet":
            pq.read_table(path)
        elif path.suffix == ".pdf":
            return path.read_bytes().rstrip().endswith(b"%%EOF")
    except (OSError, ValueError):
        return False
    return True


def next_run(shop: Shop, number: int) -> list[str]:
    """The next make completes: the same bytes as from nothing, and nothing half-made is left."""
    again = shop.start()
    told = again.communicate(timeout=HANGING)[0]
    if again.returncode:
        return [f"the next make failed: {told[-800:]}"]
    made, good = shop.made(), shop.good[number]
    other = sorted(name for name in made | good if made.get(name) != good.get(name))
    faults = [f"the next make gives other bytes in {', '.join(other)}"] if other else []
    left = [path.name for path in shop.build.rglob(".*")]
    return faults + ([f"left behind: {', '.join(left)}"] if left else [])


def fill_once(shop: Shop, number: int, start: Callable[[], subprocess.Popen[str]]) -> Kill:
    """Run on a disk that is too small, look what is left, and what it said."""
    shop.write(number)
    running = start()
    told = running.communicate(timeout=HANGING)[0]
    wait_until(lambda: not shop.processes())
    faults = faults_left(shop, number) if shop.published() else []
    if running.returncode:
        said = re.findall(r"^.*(?:No space left on device|File too large).*$", told, re.MULTILINE)
        named = [line for line in said if f"{shop.build.name}/" in line]
        faults += [] if named else [f"no file is named: {told[-1500:]}"]
        faults += [f"it told a traceback: {told[-1500:]}"] if "Traceback" in told else []
        left = [path.name for path in shop.build.rglob(".*")]
        faults += [f"half-written: {', '.join(left)}"] if left else []
    return Kill(
        "the disk", "full", 0, "made" if not running.returncode else "stopped", tuple(faults)
    )
