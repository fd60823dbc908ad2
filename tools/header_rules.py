#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks the rules of the house that a compiler does not.

Each header: the SPDX line, #pragma once, no barred or foreign include, includes that stay in their room or
are on its list (ROOMS), `///` on what is public. coterie.hpp: all of its rooms, but what stands apart; the
header of another room: all of that room. The version: the same in version.hpp, the vcpkg port and the
changelog.
"""

import argparse
import json
import re
import sys

import headers

# Too dear for who includes a header; only headers that stand apart may include them.
BARRED = {
    "condition_variable", "format", "fstream", "functional", "future", "immintrin.h", "iostream",
    "istream", "memory", "mutex", "ostream", "print", "random", "ranges", "regex", "shared_mutex",
    "sstream", "stop_token", "thread",
}

# Headers of the system, wherever there is no standard way.
SYSTEM = {
    "bcrypt.h", "errno.h", "fcntl.h", "pthread.h", "sys/mman.h", "sys/random.h", "sys/timex.h",
    "sys/types.h", "time.h", "unistd.h", "windows.h",
}

# Headers of other libraries, and the one header that may include each. adapt/ may include any.
FOREIGN = {"xxhash.h": "core/hash.hpp"}

# The rooms of the house, and which others each may include. adapt/ ties to everything.
ROOMS = {
    "core": "",
    "causality": "core",
    "id": "core",
    "placement": "core",
    "quorum": "core",
    "retry": "core",
    "crdt": "core causality",
    "membership": "core causality retry",
    "replication": "core causality crdt placement quorum retry membership/member_list.hpp",
    "consensus": "core quorum retry",
    "coordination": "core id retry consensus",
    "check": "core causality",
    "trace": "core causality",
    "sim": "core causality trace",
    "adapt": "core causality id placement quorum retry crdt membership replication consensus coordination "
             "check trace sim",
}

# What coterie.hpp holds. Every other room but adapt/ has a header of its name.
IN_UMBRELLA = ("core", "id", "causality", "crdt", "quorum", "retry")


def room_of(header):
    """The room of a header; of what lies in none, such as coterie.hpp and check.hpp, the empty string."""
    return header.split("/")[0] if "/" in header else ""


def may_include(room, other):
    """Whether a header of a room may include another header (a path below include/coterie)."""
    return room_of(other) == room or other == "version.hpp" or bool(
        {room_of(other), other} & set(ROOMS[room].split()))


def check_includes(header, apart):
    room = room_of(header)
    for included in headers.includes(header):
        if included.startswith("coterie/"):
            other = included.removeprefix("coterie/")
            if room and not may_include(room, other):
                yield f"includes <{included}>, which {room}/ may not use: see ROOMS in tools/header_rules.py"
        elif included in BARRED:
            if header not in apart:
                yield f"includes <{included}>, which is barred from headers that do not stand apart"
        elif "." in included or "/" in included:
            if included not in SYSTEM and room != "adapt" and FOREIGN.get(included) != header:
                yield f"includes <{included}>, which is neither standard nor known to this rule"


# What may stand without a comment: what repeats or completes something that has one, or explains itself.
PLAIN = re.compile(
    r"}|#|[A-Z_]+ |(?:inline )?namespace |using namespace |static_assert|extern |template <>|friend |"
    r"(?:class|struct|enum class) (?:\w+(?: : [\w:]+)?;|[\w:]+<)|"
    r".*\bconst char\* describe\(|.*\boperator(?:==|<=>|=)|.*= (?:default|delete);")
OUT_OF_CLASS = re.compile(r"[^({=]*\w(?:<[^({]*>)?::(?:~?\w+|operator\S+)\(")
CLASS = re.compile(r"(?:\[\[.*?\]\] )?(class|struct|union|enum class|enum)(?: \[\[.*?\]\])? ([\w:]+)(<?)[^;]*\{$")


def undocumented(text):
    """Yields what is public and has no `///` above it: (line number, line).

    It reads paragraphs, in the layout that clang-format leaves: what namespaces hold starts in column 0,
    what classes hold in column 4. The first line of a paragraph speaks for the whole paragraph, the
    comment of a class also for its first paragraph, and that of a namespace for all that it holds.
    Specialisations say nothing new, and neither does what follows the line "// --- details".
    """
    lines = text.splitlines()
    covered = False       # in namespace detail, or in a namespace with a `///` of its own
    open_class = None     # the class at namespace scope that is open
    public = True
    starts = True         # the next line starts a paragraph
    for number, line in enumerate(lines, 1):
        if line.startswith("// --- details"):
            break
        code = re.sub(r"\s*//.*", "", line)
        if line.startswith(("namespace", "inline namespace")):
            covered = "detail" in line or lines[number - 2].startswith("///")
        elif line.startswith("}"):
            covered = covered and not line.startswith("}  // namespace")
            open_class, public, starts = None, True, True
            continue
        elif not code:
            # An empty line, an ordinary comment, or the `///` that the paragraph needs.
            starts = not line.strip().startswith("///")
            continue
        elif re.fullmatch(r" *(public|private|protected):", code):
            public, starts = code.strip() == "public:", True
            continue

        scope = 4 if open_class else 0
        at_scope = len(line) - len(line.lstrip()) == scope
        if starts and at_scope and public and not covered:
            declaration = code.strip()
            for more in lines[number:number + 8]:
                if declaration.endswith((";", "{", "}")):
                    break
                declaration += " " + re.sub(r"\s*//.*", "", more).strip()
            # A template's name comes after its parameters and constraints.
            bare = re.sub(r"^template <(?!>).*?> (?=[a-z\[])", "", declaration)
            constructor = open_class and re.match(rf"(?:explicit |constexpr )*~?{open_class}\(", bare)
            member_data = open_class and "(" not in declaration.split("=")[0]
            if not (PLAIN.match(bare) or OUT_OF_CLASS.match(bare) or constructor or member_data):
                yield number, line
        opened = None if open_class else CLASS.match(code)
        if opened:
            open_class = opened[2]
            public = opened[1] in ("struct", "union") and not opened[3]
        starts = False


def check_header(header, apart):
    """Yields what is wrong with one header."""
    text = (headers.LIBRARY / header).read_text()
    lines = text.splitlines()
    if lines[:2] != ["// SPDX-License-Identifier: BSL-1.0", "#pragma once"]:
        yield "does not start with the SPDX line and #pragma once"
    yield from check_includes(header, apart)
    for number, line in undocumented(text):
        yield f"line {number} is public and has no /// above it: {line.strip()}"


def reached_from(header, names):
    """The headers that one includes, itself or through others."""
    reached, waiting = set(), [header]
    while waiting:
        header = waiting.pop()
        if header in names and header not in reached:
            reached.add(header)
            waiting += [i.removeprefix("coterie/") for i in headers.includes(header) if i.startswith("coterie/")]
    return reached


def check_umbrellas(names, apart):
    """Yields what coterie.hpp and the headers of rooms lack, or hold against the rule."""
    rooms = {room_of(header) for header in names} - {""}
    for room in sorted(rooms - set(ROOMS)):
        yield f"{room}/ is no room that tools/header_rules.py knows"
    wanted = {f"{room}.hpp" for room in rooms if room != "adapt" and room not in IN_UMBRELLA} | {"coterie.hpp"}
    found = {header for header in names if not room_of(header)} - {"version.hpp"}
    for umbrella in sorted(wanted ^ found):
        yield f"{umbrella} {'is missing' if umbrella in wanted else 'is the header of no room that stands apart'}"
    for umbrella in sorted(wanted & found):
        reached = reached_from(umbrella, names)
        own = IN_UMBRELLA if umbrella == "coterie.hpp" else (umbrella.removesuffix(".hpp"),)
        for header in names:
            if room_of(header) in own and header not in reached and (umbrella != "coterie.hpp" or header not in apart):
                yield f"{umbrella} does not include {header}"
            elif umbrella == "coterie.hpp" and header in reached and header in apart:
                yield f"coterie.hpp includes {header}, which stands apart"


def check_version():
    """Yields where the version is not that of version.hpp."""
    parts = re.findall(r"define COTERIE_VERSION_\w+ (\d+)", (headers.LIBRARY / "version.hpp").read_text())
    version = ".".join(parts)
    port = json.loads((headers.ROOT / "packaging/vcpkg/coterie/vcpkg.json").read_text())
    if port["version"] != version:
        yield f"packaging/vcpkg/coterie/vcpkg.json says {port['version']}, version.hpp {version}"
    latest = re.search(r"^## \[?([\d.]+)", (headers.ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    if latest is None or latest[1] != version:
        yield f"the newest version in CHANGELOG.md is not {version}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()

    names = headers.all_headers()
    _, tiers, marks = headers.read_tiers()
    apart = {header for header in marks if "apart" in marks[header]}
    problems = [f"{header} {problem}" for header in names for problem in check_header(header, apart)]
    problems += [f"{header} is of the tier library or needs exceptions, which only adapt/ may"
                 for header in marks if room_of(header) != "adapt"
                 and (tiers[header] == "library" or "exceptions" in marks[header])]
    problems += check_umbrellas(set(names), apart)
    problems += check_version()
    for problem in problems:
        print(f"error: {problem}")
    print(f"{len(names)} headers, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
