"""The same input gives the same record, whatever the order of facts, rules and files, and in every process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from foedus import rete
from foedus.assembly import assemble
from foedus.casereader import read_case
from foedus.documents import Document, parse
from foedus.inference import infer
from foedus.library import shipped_book, shipped_documents
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import as_yaml, dump, dump_of, random_crisis

CASES = sorted(Path(__file__).parent.parent.joinpath("cases").glob("*.yaml"))
STEADY = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ORDERED = ("focus", "observed", "source", "toward", "with", "sides")
"""Lists of a case file whose order is the analyst's own, or is tried by a test of its own."""


def shuffled(value: Any, rng: random.Random, name: str = "") -> Any:
    """The same content in another order, at every depth."""
    if isinstance(value, dict) and name not in ORDERED:
        return {key: shuffled(value[key], rng, key) for key in rng.sample(list(value), len(value))}
    if isinstance(value, list):
        entries = [shuffled(entry, rng) for entry in value]
        return entries if name in ORDERED else rng.sample(entries, len(entries))
    return value


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_order_of_facts_and_sections_of_a_case_changes_nothing(path: Path) -> None:
    data = parse(path.read_text("utf-8"), path.name).data
    expected = dump_of(str(path))
    for seed in range(3):
        assert dump_of(path.stem, as_yaml(shuffled(data, random.Random(seed)))) == expected


def test_the_order_of_the_members_of_a_side_changes_nothing() -> None:
    data = parse(Path(CASES[0]).parent.joinpath("italy_1940.yaml").read_text("utf-8"), "italy_1940").data
    expected = dump_of("italy_1940", as_yaml(data))
    for war in data["wars"]:
        war["sides"] = {side: members[::-1] for side, members in reversed(war["sides"].items())}
    assert dump_of("italy_1940", as_yaml(data)) == expected


@settings(STEADY, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 5))
def test_the_order_of_facts_and_sections_of_a_generated_crisis_changes_nothing(seed: int, size: int) -> None:
    rng = random.Random(seed)
    data = random_crisis(rng, shipped_book(), size)
    assert dump_of("case", as_yaml(shuffled(data, rng))) == dump_of("case", as_yaml(data))


def reordered(rng: random.Random) -> list[Document]:
    """The shipped book with its files renamed and reordered, and the entries of every file in another order."""
    documents = []
    for number, document in enumerate(rng.sample(shipped_documents(), len(shipped_documents()))):
        data = {}
        for part in rng.sample(list(document.data), len(document.data)):
            value = document.data[part]
            names = rng.sample(list(value), len(value)) if isinstance(value, dict) else []
            entries = value if part == "recommendations" else rng.sample(value, len(value)) if not names else []
            data[part] = {name: value[name] for name in names} or entries
        documents.append(parse(as_yaml(data), f"{number}.yaml"))
    return documents


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rules_and_of_files_and_their_names_change_nothing(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {path.stem: dump_of(str(path)) for path in CASES[seed : seed + 3]}
    book = assemble(reordered(random.Random(seed)))
    assert book.hash == shipped_book().hash
    # a network of its own: books of one hash share one, which would hide a difference
    monkeypatch.setattr(rete, "_networks", {})
    for path in CASES[seed : seed + 3]:
        record = infer(read_case(parse(path.read_text("utf-8"), path.name), book, name=path.stem), book.program())
        assert dump(record) == expected[path.stem]


def test_a_record_is_in_the_order_of_stratum_rule_and_bindings() -> None:
    for path in CASES:
        record = infer(read_case(parse(path.read_text("utf-8"), path.name), shipped_book()), shipped_book().program())
        order = [(f.stratum, f.rule, f.id) for f in record.firings.values()]
        assert order == sorted(order)


def test_the_case_before_leaves_no_trace_in_the_next() -> None:
    forwards = [dump_of(str(path)) for path in CASES]
    assert [dump_of(str(path)) for path in reversed(CASES)] == forwards[::-1]


def test_twenty_processes_with_different_hash_seeds_give_the_same_bytes() -> None:
    def run(number: int) -> tuple[str, bytes]:
        path = CASES[number % len(CASES)]
        code = f"import sys, oracle; sys.stdout.buffer.write(oracle.dump_of({str(path)!r}).encode())"
        environment = {**os.environ, "PYTHONHASHSEED": str(number * 101 + 1)}
        command = [sys.executable, "-c", code]
        result = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=Path(__file__).parent)
        return path.stem, result.stdout

    expected = {path.stem: dump_of(str(path)) for path in CASES}
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(20)))
    for name, printed in results:
        assert printed == expected[name].encode()
