"""whynet against its peers: one table, one run, one machine, the same data.

    WHYNET_DATA=../shared/data python -m benchmarks.peers [--quick] [--only mlp arms64 whole arms256 lenet probes growth]

Every side trains the same network on the same examples in full batches of 64 with Adam (eps 1e-8) in float32; each must learn
before it is timed. They take turns round after round, so that what else the machine does hits all alike. A figure is the median
ratio of the rounds with the least and the greatest. A row that cannot be measured says why.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.machine import facts
from benchmarks.peers.rows import ROWS, Effort, Row
from benchmarks.peers.sides import tiers

RESULTS = Path(__file__).parent.parent / "peers.json"


def main() -> None:
    """Measure the rows asked for, print the table and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, under two minutes")
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    about = {"date": datetime.date.today().isoformat(), "tiers": " ".join(tiers()), "quick": str(wanted.quick), **facts()}
    print(" · ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    print("| row | whynet | against | ratio | asked | |\n|---|---|---|---|---|---|", flush=True)
    done: dict[str, list[Row]] = {}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        effort = Effort(3, 0.7, 8, Path(folder), True) if wanted.quick else Effort(7, 0.7, 64, Path(folder), False)
        for name in wanted.only:
            done[name] = measured(name, effort)
            for row in done[name]:
                print(line(row), flush=True)
            about["load at the end"] = " ".join(f"{load:.1f}" for load in os.getloadavg())
            keep(about, {name: done[name]})  # after every group, so that an interrupted run keeps what it has
    print(f"{time.monotonic() - started:.0f} s; load at the end {about['load at the end']}")


def measured(name: str, effort: Effort) -> list[Row]:
    """The rows of one group; one that says why where nothing came of it."""
    try:
        return ROWS[name](effort)
    except Exception as error:  # a row that cannot run does not vanish
        return [Row(name, "whynet", why_not=(str(error).strip().splitlines() or [type(error).__name__])[0])]


def line(row: Row) -> str:
    """A row of the table in Markdown."""
    asked = "" if row.target is None else f"{'≤' if row.at_most else '≥'} {row.target:g}"
    if not row.ratios:
        return f"| {row.title} | {row.ours} | {row.theirs} | not measured | {asked} | {row.why_not} |"
    met = "" if row.met is None else ", met" if row.met else ", missed"
    spread = f"**{row.ratio:.2f}** ({min(row.ratios):.2f}–{max(row.ratios):.2f})"
    return f"| {row.title} | {row.ours} | {row.theirs} | {spread} | {asked}{met} | {row.numbers} |"


def keep(about: dict[str, str], done: dict[str, list[Row]]) -> None:
    """Write the figures beside this folder; those of rows that were not asked for stay, with the machine they were measured on."""
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, rows in done.items():
        before[name] = {"machine": about, "rows": [{**asdict(row), "met": row.met} for row in rows]}
    RESULTS.write_text(json.dumps(before, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
