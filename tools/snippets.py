#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Compiles and runs the C++ code in README.md and docs/*.md. What passed before is remembered (remembered.py).

```cpp            a program, with main(). It must compile without a warning and return 0. If the next
                  fenced block is ```text, that is what it must print.
```cpp fragment   only for reading: listed, not compiled. At most --max-fragments of them.
"""

import argparse
import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from headers import ROOT
from remembered import RememberedUnits

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


class Snippet:
    def __init__(self, page, line, kind, code):
        self.place = f"{page.relative_to(ROOT)}:{line}"
        self.kind = kind
        self.code = code
        self.expected = None


def read_page(page):
    """The C++ snippets of a page, each with the output that follows it."""
    text = page.read_text()
    snippets, previous = [], None
    for match in FENCE.finditer(text):
        kind, body = match[1].strip(), match[2]
        if kind == "text" and previous is not None:
            previous.expected = body
        previous = None
        if kind.split()[:1] == ["cpp"]:
            snippets.append(Snippet(page, text.count("\n", 0, match.start()) + 1, kind, body))
            previous = snippets[-1] if kind == "cpp" else None
    return snippets


def check(snippet, command, folder):
    """Returns what is wrong with a program, or nothing."""
    if not re.search(r"\bint main\(", snippet.code):
        return "has no main(); mark it ```cpp fragment if it is only for reading"
    stem = pathlib.Path(folder) / re.sub(r"\W", "_", snippet.place)
    source, program = stem.with_suffix(".cpp"), stem.with_suffix(".program")
    source.write_text(snippet.code)
    built = subprocess.run([*command, str(source), "-o", str(program)], capture_output=True, text=True)
    if built.returncode != 0:
        return f"does not compile:\n{built.stderr}"
    run = subprocess.run([str(program)], capture_output=True, text=True, timeout=60)
    if run.returncode != 0:
        return f"returns {run.returncode}:\n{run.stdout}{run.stderr}"
    if snippet.expected is not None and run.stdout != snippet.expected:
        diff = difflib.unified_diff(
            snippet.expected.splitlines(True), run.stdout.splitlines(True), "the page", "the program")
        return f"prints something else:\n{''.join(diff)}"
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--max-fragments", type=int, default=20)
    parser.add_argument("flags", nargs="*", help="flags for the compiler, after --")
    arguments = parser.parse_args()
    command = [arguments.compiler, *(arguments.flags or ["-std=c++23", f"-I{ROOT / 'include'}"])]

    pages = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if page.exists()]
    snippets = [snippet for page in pages for snippet in read_page(page)]
    programs = [snippet for snippet in snippets if snippet.kind == "cpp"]
    fragments = [snippet for snippet in snippets if snippet.kind == "cpp fragment"]
    memory = RememberedUnits("snippets", __file__, arguments.compiler, [*command, "-E", "-P", "-x", "c++", "-"],
                        [snippet.code for snippet in programs])
    failed = len(snippets) - len(programs) - len(fragments)
    for snippet in snippets:
        if snippet.kind not in ("cpp", "cpp fragment"):
            print(f"{snippet.place}: unknown kind of block: {snippet.kind}")

    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = pool.map(
            lambda snippet: memory.judge(
                lambda: check(snippet, command, folder), snippet.code, str(snippet.expected)),
            programs)
        for snippet, problem in zip(programs, problems):
            print(f"{snippet.place}: {problem or 'ok'}")
            failed += problem is not None
    for snippet in fragments:
        print(f"{snippet.place}: fragment, not compiled")
    if len(fragments) > arguments.max_fragments:
        print(f"error: {len(fragments)} fragments; at most {arguments.max_fragments} are allowed")
        failed += 1
    print(f"{len(pages)} pages, {len(programs)} programs, {len(fragments)} fragments, {failed} failed; "
          f"{memory.summary()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
