# SPDX-License-Identifier: BSL-1.0
"""What passed before, so that checking again what has not changed costs nothing.

The memory is a folder of small files that all checkouts on a machine share: COTERIE_REMEMBERED, or else
coterie/remembered in the user's cache folder. COTERIE_REMEMBERED= (empty) switches it off. It may be deleted
at any time.
"""

import hashlib
import os
import pathlib
import subprocess
import time

import headers

DAYS_KEPT = 30


def folder():
    """Where the memory lies; None where it is switched off."""
    named = os.environ.get("COTERIE_REMEMBERED")
    if named is not None:
        return pathlib.Path(named) if named else None
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "coterie" / "remembered"


def digest(*parts):
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(b"%d:" % len(data) + data)
    return state.hexdigest()


class Remembered:
    """The outcomes of one check: of units (texts of C++ code) by one tool with one set of flags.

    Two units are the same if their texts are, those of all headers of the project that they reach, and what
    the tool's preprocessor makes of all other headers that any unit of the check includes. So their
    preprocessed texts are the same, and their comments too, which clang-tidy reads.
    """

    def __init__(self, check, script, tool, preprocessor, units, *more):
        """check: its name. script: the file that runs it. tool: the program that judges. preprocessor: the
        command, with all flags, that preprocesses standard input. units: the texts that will be asked about.
        more: whatever else the outcome depends on."""
        self.folder = folder()
        self.hits = 0
        self.asked = 0
        if self.folder is None:
            return
        self.closures = {}
        foreign = set()
        for unit in units:
            foreign |= self.reached(unit)[1]
        source = "".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in sorted(foreign))
        system = subprocess.run(preprocessor, input=source, capture_output=True, text=True)
        if system.returncode != 0:  # headers that cannot be included together: nothing is remembered
            self.folder = None
            return
        version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
        flags = "\0".join(preprocessor).replace(str(headers.ROOT), ".")
        code = pathlib.Path(script).read_text() + pathlib.Path(__file__).read_text()
        self.base = digest(check, code, version, flags, system.stdout, *more)

    def reached(self, text):
        """The project's headers that a text reaches, and the names of all others."""
        own, foreign = set(), set()
        for name in headers.INCLUDE_LINE.findall(text):
            if name.startswith("coterie/") and (headers.INCLUDE / name).exists():
                more = self.closure(name.removeprefix("coterie/"))
                own |= more[0]
                foreign |= more[1]
            else:
                foreign.add(name)
        return own, foreign

    def closure(self, header):
        if header not in self.closures:
            self.closures[header] = ({header}, set())  # ends a circle
            own, foreign = self.reached((headers.LIBRARY / header).read_text())
            self.closures[header] = (own | {header}, foreign)
        return self.closures[header]

    def path(self, unit, parts):
        texts = [f"{header}\n{(headers.LIBRARY / header).read_text()}" for header in sorted(self.reached(unit)[0])]
        key = digest(self.base, unit, *parts, *texts)
        return self.folder / key[:2] / key[2:]

    def recall(self, unit, *parts):
        """What was kept for a unit, or None."""
        self.asked += 1
        if self.folder is None:
            return None
        path = self.path(unit, parts)
        try:
            value = path.read_text()
            os.utime(path)
        except OSError:
            return None
        self.hits += 1
        return value

    def keep(self, value, unit, *parts):
        """Keeps the outcome of a unit. A memory that cannot be written is no fault of the check."""
        if self.folder is None:
            return
        path = self.path(unit, parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}.{os.getpid()}")
            beside.write_text(value)
            beside.replace(path)
        except OSError:
            pass

    def judge(self, work, unit, *parts):
        """What work() finds wrong with a unit, or None; work() is not run for what passed before."""
        if self.recall(unit, *parts) is not None:
            return None
        problem = work()
        if problem is None:
            self.keep("", unit, *parts)
        return problem

    def summary(self):
        """For the last line of a check."""
        self.forget_the_old()
        return f"{self.hits} of {self.asked} remembered"

    def forget_the_old(self):
        if self.folder is None or not self.folder.is_dir():
            return
        oldest = time.time() - DAYS_KEPT * 24 * 3600
        for path in self.folder.glob("??/*"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except OSError:
                pass
