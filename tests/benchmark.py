"""Benchmark of the budgets: how long the commands take as whole processes, and where the time goes.

Run it with the interpreter that has Foedus installed: ``python tests/benchmark.py``. It asserts nothing; it prints
medians and their ratio to the budget, and the share of each step of a consultation.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

CASE = "japan_1976"
STATE = "japan"
RUNS = 9
BUDGETS = {
    "foedus --help": (["--help"], 0.3),
    f"foedus consult {CASE}": (["consult", CASE], 0.8),
    f"foedus how {CASE} {STATE}": (["how", CASE, STATE], 1.0),
}
STEPS = """
import time
marks = [("start", time.perf_counter())]
def mark(name): marks.append((name, time.perf_counter()))
import foedus.cli
from foedus import api
import foedus.rete, foedus.render.layout, foedus.render.text
mark("import")
from foedus.library import load_book
book = load_book(); program = book.program()
mark("load rule book")
case = api.load_case({case!r}, book=book)
mark("read case")
foedus.rete.network_of(program)
mark("compile to Experta")
record = foedus.api.run(case, book)
mark("inference")
from foedus.explain.verdicts import write
result = write(record, list(case.focus), "benchmark")
mark("explanation")
from foedus.render.layout import consultation
from foedus.render.text import to_text
to_text(consultation(result))
mark("rendering")
record = foedus.api.run(case, book)
mark("inference again")
for (_, before), (name, after) in zip(marks, marks[1:]):
    print(f"{{name}}\\t{{after - before:.6f}}")
"""


def timed(command: list[str]) -> float:
    """Seconds that a process takes."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the tables."""
    bare = statistics.median(timed([sys.executable, "-c", "pass"]) for _ in range(RUNS))
    print(f"Python {sys.version.split()[0]}, median of {RUNS} processes; an empty process takes {bare * 1000:.0f} ms\n")
    print(f"{'command':34}{'ms':>8}{'budget':>9}{'ratio':>8}")
    for name, (arguments, budget) in BUDGETS.items():
        taken = statistics.median(timed([sys.executable, "-m", "foedus", *arguments]) for _ in range(RUNS))
        print(f"{name:34}{taken * 1000:8.0f}{budget * 1000:9.0f}{taken / budget:8.2f}")
    steps: dict[str, list[float]] = {}
    for _ in range(RUNS):
        out = subprocess.run(
            [sys.executable, "-c", STEPS.format(case=CASE)], check=True, capture_output=True, text=True
        ).stdout
        for line in out.splitlines():
            name, seconds = line.split("\t")
            steps.setdefault(name, []).append(float(seconds))
    medians = {name: statistics.median(values) for name, values in steps.items()}
    again = medians.pop("inference again")
    total = sum(medians.values())
    print(f"\nSteps of a consultation of {CASE}, {total * 1000:.0f} ms in all")
    for name, seconds in medians.items():
        print(f"{name:34}{seconds * 1000:8.1f} ms{seconds / total:8.0%}")
    print(
        f"\nInference, budget 50 ms: first {medians['inference'] / 0.05:.2f}, repeated {again / 0.05:.2f} of the budget"
    )


if __name__ == "__main__":
    main()
