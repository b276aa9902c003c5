"""The doctor on real programs with known faults, each in a process of its own; a crash counts as a miss.

    python -m benchmarks.faults [CASE ...] [--seeds N] [--budget S] [--json FILE]
    python -m benchmarks.faults [CASE ...] --symptoms [--seeds N]
    python -m benchmarks.faults --heldout [CASE ...]

The second trains each port with plain torch, as it was and with the published fix, beside the published numbers. The third, with either of
them, is about the programs of `heldout`, which are written for this and published nowhere.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.faults.data import use_real_data
from benchmarks.faults.published import FILE, Published, entries
from benchmarks.faults.said import Said
from benchmarks.faults.scores import Row, totals
from benchmarks.faults.stated import heldout
from benchmarks.faults.symptoms import table
from benchmarks.machine import facts

HEAD = "| program | accepted | named | wrong | before | after | s | |\n|---|---|---|---|---|---|---|---|"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help="ids out of real_faults.yaml, or of heldout; all of them by default"
    )
    parser.add_argument("--heldout", action="store_true", help="the programs of heldout instead of those that are published")
    parser.add_argument("--seeds", type=int, help="of the trial (5), or of each training with --symptoms (3)")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds a diagnosis may take, about")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what came out")
    parser.add_argument("--symptoms", action="store_true", help="train the ports with plain torch instead")
    wanted = parser.parse_args()
    if not wanted.heldout and not FILE.exists():
        parser.exit(2, f"The programs' facts are not here: {FILE}\n")
    known = heldout() if wanted.heldout else entries()
    unknown = set(wanted.cases) - set(known)
    if unknown:
        parser.exit(2, f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(known)}\n")
    use_real_data()
    torch.set_num_threads(1)
    names = wanted.cases or list(known)
    about = {"date": datetime.date.today().isoformat(), **facts()}
    print(" · ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    if wanted.symptoms:
        for line in table(names, wanted.seeds or 3):
            print(line, flush=True)
        return
    rows = diagnoses([known[name] for name in names], wanted.seeds or 5, wanted.budget)
    counted = totals(rows)
    print()
    for name, value in counted.items():
        print(f"- {name}: {value}")
    if wanted.json:
        cases = [{"accepted": row.facts.accepted, "wrong": row.wrong, **asdict(row.said)} for row in rows]
        about |= {"seeds": str(wanted.seeds or 5), "budget": str(wanted.budget)}
        wanted.json.write_text(json.dumps({"about": about, "totals": counted, "cases": cases}, indent=1) + "\n")


def diagnoses(programs: Sequence[Published], seeds: int, budget: float) -> list[Row]:
    """The doctor's word on each program, printed as it comes."""
    print(HEAD, flush=True)
    rows = []
    for program in programs:
        rows.append(Row(program, asked(program.id, seeds, budget)))
        print(line(rows[-1]), flush=True)
    return rows


def asked(name: str, seeds: int, budget: float) -> Said:
    """What the doctor says in a process of its own; why nothing came of it, where nothing did."""
    command = [sys.executable, "-m", "benchmarks.faults.doctor", name, "--seeds", str(seeds), "--budget", str(budget)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5 * budget + 60, env=os.environ, check=False)
    except subprocess.TimeoutExpired as error:
        return Said(name, why_not=f"out of time after {error.timeout:.0f} s")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Said(name, why_not=f"crashed ({done.returncode}): {last}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return Said(**{key: tuple(value) if isinstance(value, list) else value for key, value in said.items()})


def line(row: Row) -> str:
    """A row of the table in Markdown."""
    said, accepted = row.said, ", ".join(row.facts.accepted) or "none (control)"
    if said.why_not:
        return f"| {said.id} | {accepted} | | | | | | {said.why_not} |"
    numbers = [f"{value:.3g}" if value is not None else "–" for value in (said.before, said.after)]
    named, wrong = ", ".join(said.named) or "–", ", ".join(row.wrong) or "–"
    return f"| {said.id} | {accepted} | {named} | {wrong} | {numbers[0]} | {numbers[1]} | {said.seconds:.0f} | {said.state} |"


if __name__ == "__main__":
    main()
