#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Compiles each header alone, or judges each by clang-tidy. What passed before is remembered (remembered.py).

alone   twice in one unit, without exceptions and run-time type information, by the compiler of --tool
tidy    as the main file of clang-tidy, with the compiler's warnings; then all headers in one unit, for the
        checks that do not ask which file is the main one: those cost far more than the parsing

A header that tools/header_tiers.txt marks with `exceptions` is compiled with both. With --modules, clang parses each
header of a standard library that has a module map once, and keeps it there. What a header does not include remains
invisible to it.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import headers
from remembered import RememberedUnits

# The checks that look at the main file alone.
OF_MAIN_FILE = ("bugprone-suspicious-include", "misc-include-cleaner", "misc-unused-alias-decls",
                "misc-unused-using-decls")

BARE = ["-fno-exceptions", "-fno-rtti"]


def run(command, unit=None):
    """What a command says, if it fails."""
    ran = subprocess.run(command, input=unit, capture_output=True, text=True)
    return None if ran.returncode == 0 else ran.stdout + ran.stderr


class Judge:
    """Judges units in parallel, the dear ones first, and prints what is wrong."""

    def __init__(self):
        self.failed = 0

    def all(self, jobs):
        """jobs: (name, function that returns a problem or None)."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, problem in zip([name for name, _ in jobs], pool.map(lambda job: job[1](), jobs)):
                if problem is not None:
                    print(f"error: {name}:\n{problem.rstrip()}")
                    self.failed += 1


def alone(tool, flags, names, marks, judge, modules=None):
    units = {name: f"#include <coterie/{name}>\n" * 2 for name in names}
    bare = {name: [] if "exceptions" in marks.get(name, ()) else BARE for name in names}
    command = [tool, *flags, "-Werror", "-x", "c++", "-"]
    judged = [*command, "-fsyntax-only"]
    if modules is not None:
        judged += ["-fmodules", f"-fmodules-cache-path={modules}"]
    memory = RememberedUnits("alone", __file__, tool, [*command, "-E", "-P"], units.values(), str(modules is not None))
    judge.all([
        (name, lambda name=name: memory.judge(
            lambda: run([*judged, *bare[name]], units[name]), units[name], *bare[name]))
        for name in names])
    return memory


def tidy(tool, flags, names, marks, judge):
    config = headers.ROOT / ".clang-tidy"
    every = "".join(f"#include <coterie/{name}>\n" for name in names)
    compiler = tool.replace("clang-tidy", "clang++")
    memory = RememberedUnits("tidy", __file__, tool, [compiler, *flags, "-E", "-P", "-x", "c++", "-"], [every],
                             config.read_text())
    command = [tool, "--quiet", f"--config-file={config}"]

    def main_file(name):
        # The headers of rooms include what they do not use.
        checks = [check for check in OF_MAIN_FILE if "/" in name or check != "misc-include-cleaner"]
        bare = [] if "exceptions" in marks.get(name, ()) else BARE
        return memory.judge(
            lambda: run([*command, f"--checks=-*,clang-diagnostic-*,{','.join(checks)}",
                         str(headers.LIBRARY / name), "--", "-xc++", *flags, *bare, "-Wno-pragma-once-outside-header"]),
            f"#include <coterie/{name}>\n", "main file")

    def in_one_unit():
        with tempfile.TemporaryDirectory() as place:
            unit = pathlib.Path(place) / "every_header.cpp"
            unit.write_text(every)
            return memory.judge(
                lambda: run([*command, f"--checks={','.join('-' + check for check in OF_MAIN_FILE)}",
                             f"--header-filter=^{re.escape(str(headers.LIBRARY))}/", str(unit), "--", *flags]),
                every, "in one unit")

    judge.all([("all headers in one unit", in_one_unit),
               *((name, lambda name=name: main_file(name)) for name in names)])
    return memory


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", choices=("alone", "tidy"), required=True)
    parser.add_argument("--tool", required=True, help="the compiler, or clang-tidy")
    parser.add_argument("--without", default="(?!)", help="a regular expression for headers to leave out")
    parser.add_argument("--modules", help="a folder for clang's modules of the standard library (alone)")
    parser.add_argument("flags", nargs="*", help="flags for the compiler, after --")
    arguments = parser.parse_args()

    _, _, marks = headers.read_tiers()
    names = [name for name in headers.all_headers() if not re.search(arguments.without, name)]
    judge = Judge()
    if arguments.check == "alone":
        memory = alone(arguments.tool, arguments.flags, names, marks, judge, arguments.modules)
    else:
        memory = tidy(arguments.tool, arguments.flags, names, marks, judge)
    print(f"{len(names)} headers, {judge.failed} failed; {memory.summary()}")
    return 1 if judge.failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
