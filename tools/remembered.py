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


def version_of(tool):
    return subprocess.run([tool, "--version"], capture_output=True, text=True).stdout


class Remembered:
    """The outcomes of one check. Each is found by the texts that it depends on."""

    def __init__(self, check, script, *more):
        """check: its name. script: the file that runs it. more: whatever else all outcomes depend on."""
        self.folder = folder()
        self.hits = 0
        self.asked = 0
        self.base = digest(check, pathlib.Path(script).read_text(), pathlib.Path(__file__).read_text(), *more)

    def path(self, parts):
        key = digest(self.base, *parts)
        return self.folder / key[:2] / key[2:]

    def recall(self, *parts):
        """What was kept, or None."""
        self.asked += 1
        if self.folder is None:
            return None
        path = self.path(parts)
        try:
            value = path.read_text()
            os.utime(path)
        except OSError:
            return None
        self.hits += 1
        return value

    def keep(self, value, *parts):
        """Keeps an outcome. A memory that cannot be written is no fault of the check."""
        if self.folder is None:
            return
        path = self.path(parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}.{os.getpid()}")
            beside.write_text(value)
            beside.replace(path)
        except OSError:
            pass

    def judge(self, work, *parts):
        """What work() finds wrong, or None; work() is not run for what passed before."""
        if self.recall(*parts) is not None:
            return None
        problem = work()
        if problem is None:
            self.keep("", *parts)
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


def preprocessed(preprocessor, names):
    """What the preprocessor makes of headers: of all together, or of each where that fails.

    On wasm32-wasi <csignal> is an error, but no unit of a check that passes includes it."""
    def run(chosen):
        source = "".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in chosen)
        return subprocess.run(preprocessor, input=source, capture_output=True, text=True)

    together = run(names)
    return [together.stdout] if together.returncode == 0 else [run([name]).stdout for name in names]


class RememberedUnits(Remembered):
    """The outcomes for units (texts of C++ code) by one tool with one set of flags. The first part is the unit.

    Two units are the same if their texts are, those of all headers of the project that they reach, and what
    the tool's preprocessor makes of all other headers that any unit of the check includes. So their
    preprocessed texts are the same, and their comments too, which clang-tidy reads.
    """

    def __init__(self, check, script, tool, preprocessor, units, *more):
        """tool: the program that judges. preprocessor: the command, with all flags, that preprocesses standard
        input. units: the texts that will be asked about."""
        self.texts = {}
        foreign = set()
        for unit in units:
            foreign |= self.reached(unit)[1]
        flags = "\0".join(preprocessor).replace(str(headers.ROOT), ".")
        super().__init__(check, script, version_of(tool), flags, *preprocessed(preprocessor, sorted(foreign)), *more)

    def path(self, parts):
        own = sorted(self.reached(parts[0])[0])
        return super().path([*parts, *(f"{header}\n{self.text_of(header)}" for header in own)])

    def reached(self, unit):
        """The project's headers that a unit reaches, and the names of all others."""
        own, foreign, texts = set(), set(), [unit]
        while texts:
            for name in headers.INCLUDE_LINE.findall(texts.pop()):
                if not name.startswith("coterie/") or not (headers.INCLUDE / name).exists():
                    foreign.add(name)
                elif name not in own:
                    own.add(name)
                    texts.append(self.text_of(name))
        return own, foreign

    def text_of(self, header):
        if header not in self.texts:
            self.texts[header] = (headers.INCLUDE / header).read_text()
        return self.texts[header]
