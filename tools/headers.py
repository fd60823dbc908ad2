# SPDX-License-Identifier: BSL-1.0
"""What the header tools share: where the headers are, and the tiers of tools/header_tiers.txt."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
LIBRARY = INCLUDE / "coterie"
TIERS = ROOT / "tools" / "header_tiers.txt"

MARKS = {"apart", "exceptions"}

INCLUDE_LINE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)


def all_headers():
    """The headers, as paths below include/coterie ("core/error.hpp")."""
    return sorted(path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.hpp"))


def includes(header):
    """What a header includes itself, in order."""
    return INCLUDE_LINE.findall((LIBRARY / header).read_text())


def read_tiers():
    """Returns the budget of each tier, the tier of each header, and the words after it ("apart", "exceptions")."""
    budgets, tiers, marks = {}, {}, {}
    for number, line in enumerate(TIERS.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "tier" and len(words) == 3:
            budgets[words[1]] = int(words[2])
        elif len(words) >= 2 and words[1] in budgets and set(words[2:]) <= MARKS:
            tiers[words[0]] = words[1]
            marks[words[0]] = set(words[2:])
        else:
            sys.exit(f"{TIERS}:{number}: not understood: {line}")
    return budgets, tiers, marks
