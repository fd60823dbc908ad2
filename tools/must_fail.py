#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Compiles code that must not compile: tests/must_fail/*.cpp.

Each file holds its fault under `#if COTERIE_MUST_FAIL` and sound code under `#else`. It is compiled without
its fault as well, so that it fails for no other reason. What passed before is remembered (remembered.py).
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys

import headers
from remembered import RememberedUnits


def check(source, command):
    """Returns what is wrong with a file, or nothing."""
    def compiled(fault):
        return subprocess.run([*command, f"-DCOTERIE_MUST_FAIL={fault}", "-fsyntax-only", str(source)],
                              capture_output=True, text=True)

    sound = compiled(0)
    if sound.returncode != 0:
        return f"does not compile without its fault:\n{sound.stderr}"
    if compiled(1).returncode == 0:
        return "compiles with its fault"
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("flags", nargs="*", help="flags for the compiler, after --")
    arguments = parser.parse_args()
    command = [arguments.compiler, *(arguments.flags or ["-std=c++23", f"-I{headers.INCLUDE}"])]

    sources = {path: path.read_text() for path in sorted((headers.ROOT / "tests" / "must_fail").glob("*.cpp"))}
    memory = RememberedUnits("must fail", __file__, arguments.compiler, [*command, "-E", "-P", "-x", "c++", "-"],
                        sources.values())
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = pool.map(lambda path: memory.judge(lambda: check(path, command), sources[path]), sources)
        for path, problem in zip(sources, problems):
            print(f"{path.stem}: {problem or 'ok'}")
            failed += problem is not None
    print(f"{len(sources)} files, {failed} failed; {memory.summary()}")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
