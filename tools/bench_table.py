#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Prints one table from the JSON of Google Benchmark, and draws what has a target as an SVG.

What a benchmark is measured against, it says in its label (benchmarks/support/measure.hpp):

  floor=<name>           another benchmark of the same run, the physical limit; the ratio is how many times
                         that it costs
  at_most=<ratio>        the target for the ratio
  at_least_percent=<p>   the target for the counter "percent", of what is counted and not timed
"""

import argparse
import dataclasses
import html
import json
import pathlib
import platform
import re
import sys

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclasses.dataclass
class Row:
    """A benchmark beside its floor."""
    name: str
    ns: float
    floor: str = ""
    ratio: float | None = None  # to the floor, where there is one in this run
    at_most: float | None = None
    percent: float | None = None
    at_least_percent: float | None = None

    def of_target(self):
        """How much of its target it takes: 1 is just met, more is missed. None without a target."""
        if self.ratio is not None and self.at_most is not None:
            return self.ratio / self.at_most
        if self.percent is not None and self.at_least_percent is not None:
            return self.at_least_percent / self.percent
        return None

    def measured(self):
        if self.percent is not None:
            return f"{self.percent:.2f} %"
        return "" if self.ratio is None else f"{self.ratio:.2f}" if self.ratio >= 0.1 else f"1/{1 / self.ratio:.0f}"

    def target(self):
        if self.at_least_percent is not None:
            return f"{self.at_least_percent:g} %"
        if self.at_most is None:
            return ""
        return f"{self.at_most:.3g}" if self.at_most >= 0.1 else f"1/{1 / self.at_most:.0f}"


def read(paths):
    """The rows of all files, in the order of the source."""
    found = []
    for path in paths:
        medians = [row for row in json.loads(path.read_text())["benchmarks"]
                   if row.get("aggregate_name") == "median"]
        # Interleaved runs end in any order.
        found += sorted(medians, key=lambda row: (row["family_index"], row["per_family_instance_index"]))
    rows = []
    for entry in found:
        words = dict(re.findall(r"(\w+)=(\S+)", entry.get("label", "")))
        rows.append(Row(
            name=entry["run_name"].split("/")[0],
            ns=entry["cpu_time"] * NANOSECONDS[entry["time_unit"]],
            floor=words.get("floor", ""),
            at_most=float(words["at_most"]) if "at_most" in words else None,
            percent=entry.get("percent"),
            at_least_percent=float(words["at_least_percent"]) if "at_least_percent" in words else None))
    ns = {row.name: row.ns for row in rows}
    for row in rows:
        if row.floor in ns:
            row.ratio = row.ns / ns[row.floor]
    return rows


def print_table(rows):
    width = max(len(row.name) for row in rows)
    print(f"{'benchmark':<{width}}  {'median ns':>12}  {'ratio':>9}  {'target':>8}     floor")
    for row in rows:
        of_target = row.of_target()
        mark = "" if of_target is None else "met" if of_target <= 1 else "over"
        ns = "" if row.percent is not None else f"{row.ns:.2f}"
        print(f"{row.name:<{width}}  {ns:>12}  {row.measured():>9}  {row.target():>8}  {mark:<4} {row.floor}"
              .rstrip())


def machine():
    """The processor, as Linux names it, and the system."""
    name = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        if found:
            name = found[1]
    flags = [what for flag, what in (("avx512_vbmi", "AVX-512 VBMI"), ("avx2", "AVX2"))
             if cpuinfo.exists() and f" {flag}" in cpuinfo.read_text()]
    return ", ".join([name, *flags[:1], f"{platform.system()} {platform.machine()}"])


def draw(rows, title, context):
    """What has a target, as bars: a bar that ends before the line takes less than it may."""
    rows = [row for row in rows if row.of_target() is not None]
    line, left, scale, height, top = 560, 230, 330, 22, 78
    parts = []

    def text(x, y, what, size=12, colour="#24292f", anchor="start"):
        parts.append(f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">'
                     f"{html.escape(what)}</text>")

    text(16, 26, title, 16)
    text(16, 46, context, 11, "#57606a")
    text(line, 68, "target", 11, "#57606a", "middle")
    for i, row in enumerate(rows):
        y = top + i * height
        share = min(row.of_target(), 1.15)
        colour = "#2da44e" if share <= 1 else "#cf222e"
        text(left - 10, y + 14, row.name.replace("_", " "), 12, "#24292f", "end")
        parts.append(f'<rect x="{left}" y="{y + 4}" width="{share * scale:.1f}" height="13" rx="2" '
                     f'fill="{colour}"/>')
        what = f"{row.measured()} (at least {row.target()})"
        if row.percent is None:
            what = (f"{row.ns:.3g} ns: {row.measured()} of {row.floor.replace('_', ' ')} "
                    f"(at most {row.target()})")
        text(line + 60, y + 14, what, 11, "#57606a")
    bottom = top + len(rows) * height
    parts.append(f'<line x1="{line}" y1="{top - 4}" x2="{line}" y2="{bottom + 2}" stroke="#57606a" '
                 'stroke-dasharray="3 3"/>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="{bottom + 14}" '
            f'viewBox="0 0 1000 {bottom + 14}" font-family="sans-serif">\n'
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--svg", action="store_true", help="draw each <room>.bench.json as <room>.bench.svg")
    parser.add_argument("--compiler", default="", help="what compiled them, for the drawing")
    parser.add_argument("results", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()

    rows = read(arguments.results)
    if not rows:
        print("no benchmarks")
        return 0
    print_table(rows)
    if arguments.svg:
        context = ", ".join(filter(None, [machine(), arguments.compiler]))
        for path in arguments.results:
            room = path.name.removesuffix(".bench.json")
            of_room = read([path])
            if any(row.of_target() is not None for row in of_room):
                drawing = path.with_name(f"{room}.bench.svg")
                drawing.write_text(draw(of_room, f"{room}: cost beside its floor, in the same run", context))
                print(f"drawn: {drawing}")
    missing = [row for row in rows if row.floor and row.ratio is None]
    for row in missing:
        print(f"error: {row.name} names the floor {row.floor}, which is not in this run", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
