"""Inference agrees with the plain reference evaluator: firings, bindings, defeats, votes, totals, answers."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from foedus.assembly import assemble
from foedus.book import MAIN, RuleBook
from foedus.case import Case, read_case
from foedus.documents import parse
from foedus.inference import infer
from foedus.library import shipped_book
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import BASE, Outcome, case_of, evaluate, outcome_of, pack, random_crisis, random_rules, with_tables_of

CASES = sorted(Path(__file__).parent.parent.joinpath("cases").glob("*.yaml"))
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
STEADY = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def assert_same(mine: Outcome, theirs: Outcome) -> None:
    """Compare part by part, so that a failure names what differs."""
    assert set(theirs.firings) == set(mine.firings)
    assert theirs.firings == mine.firings
    assert theirs.ballots == mine.ballots
    assert theirs.grades == mine.grades
    assert theirs.contests == mine.contests
    assert theirs.postures == mine.postures
    assert theirs.census == mine.census
    assert theirs.rows == mine.rows


def agree(book: RuleBook, case: Case, theory: str = MAIN) -> Outcome:
    program = book.program(theory)
    expected = evaluate(program, case)
    assert_same(expected, outcome_of(infer(case, program)))
    return expected


@cache
def empty_book() -> RuleBook:
    return assemble([*BASE, pack([])])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("theory", sorted(shipped_book().theories))
def test_every_bundled_case_is_inferred_as_the_reference_evaluator_has_it(path: Path, theory: str) -> None:
    case = read_case(parse(path.read_text("utf-8"), path.name), shipped_book())
    assert agree(shipped_book(), case, theory).firings


@settings(STEADY, max_examples=50)
@given(seed=SEEDS, size=st.integers(2, 5), known=st.sampled_from([0.3, 0.7, 0.95]))
def test_generated_crises_are_inferred_by_the_shipped_book_as_the_reference_evaluator_has_it(
    seed: int, size: int, known: float
) -> None:
    case = case_of(random_crisis(random.Random(seed), shipped_book(), size, known=known), shipped_book())
    agree(shipped_book(), case)


@settings(STEADY, max_examples=12)
@given(seed=SEEDS, theory=st.sampled_from(sorted(set(shipped_book().theories) - {MAIN})))
def test_generated_crises_are_inferred_by_rival_theories_as_the_reference_evaluator_has_it(
    seed: int, theory: str
) -> None:
    case = case_of(random_crisis(random.Random(seed), shipped_book(), 4), shipped_book())
    agree(shipped_book(), case, theory)


def generated(seed: int, size: int, **options: Any) -> tuple[RuleBook, Case]:
    rng = random.Random(seed)
    _, book = random_rules(rng, size, empty_book(), **options)
    case = case_of(random_crisis(rng, empty_book(), rng.choice([2, 2, 3, 3, 4])), empty_book())
    return book, with_tables_of(case, book)


@settings(STEADY, max_examples=70)
@given(seed=SEEDS, size=st.integers(1, 8))
def test_generated_rule_books_are_inferred_as_the_reference_evaluator_has_it(seed: int, size: int) -> None:
    agree(*generated(seed, size))


@settings(STEADY, max_examples=40)
@given(seed=SEEDS, size=st.integers(1, 4))
def test_a_not_on_a_bound_value_is_left_open_by_an_unknown_fact_in_generated_books(seed: int, size: int) -> None:
    agree(*generated(seed, size, values_in_not=True))
