"""Inference agrees with the plain reference evaluator: firings, bindings, defeats, votes, totals, answers."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from foedus.assembly import assemble
from foedus.book import MAIN, RuleBook
from foedus.case import Case
from foedus.casereader import read_case
from foedus.documents import parse
from foedus.inference import infer
from foedus.library import shipped_book
from foedus.problems import InputError
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


def generated(seed: int, size: int) -> tuple[RuleBook, Case]:
    rng = random.Random(seed)
    _, book = random_rules(rng, size, empty_book())
    case = case_of(random_crisis(rng, empty_book(), rng.choice([2, 2, 3, 3, 4])), empty_book())
    return book, with_tables_of(case, book)


@settings(STEADY, max_examples=70)
@given(seed=SEEDS, size=st.integers(1, 8))
def test_generated_rule_books_are_inferred_as_the_reference_evaluator_has_it(seed: int, size: int) -> None:
    agree(*generated(seed, size))


def rule(identity: str, *when: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    examples = {"fires": [["x"]], "silent": [["x"]]}
    head = {"id": identity, "claim": "c", "source": ["convention"], "because": "so", "examples": examples}
    return {**head, "when": list(when), "then": then}


AGGRESSIVE = rule(
    "X1",
    {"relation": {"state": "$s", "other": "$p", "intentions": "aggressive"}},
    then={"raises": {"question": "threat", "of": "$s", "toward": "$p", "strength": "extreme", "group": "g1"}},
)
GRAVE = rule(
    "X3",
    {"relation": {"state": "$s", "other": "$p", "intentions": "aggressive"}},
    then={"raises": {"question": "threat", "of": "$s", "toward": "$p", "strength": "strong", "group": "g2"}},
)


@pytest.mark.parametrize(
    ("table", "subjects", "attribute"),
    [
        ("relation", ("state", "other"), "intentions"),
        ("aid", ("donor", "recipient"), "aid"),
        ("threat", ("of", "toward"), "significant"),
    ],
)
def test_a_not_on_a_bound_value_is_refused_or_left_open_by_a_fact_that_is_not_known(
    table: str, subjects: tuple[str, str], attribute: str
) -> None:
    """Unknown is not low: what is not known may be the value in question, so its denial does not hold."""
    of, toward = subjects
    compared = rule(
        "X2",
        {table: {of: "$s", toward: "$p", attribute: "$value"}},
        {"relation": {"state": "$s", "other": "$q"}},
        {"differ": ["$p", "$q"]},
        {"not": {table: {of: "$s", toward: "$q", attribute: "$value"}}, "reads": "r"},
        then={"conclude": {"remark": {"of": "$s", "toward": "$q"}}},
    )
    try:
        book = assemble([*BASE, pack([AGGRESSIVE, GRAVE, compared])])
    except InputError:
        return
    data = {"foedus": "1", "title": "t", "kind": "hypothetical", "states": {name: {} for name in "abc"}}
    data["relations"] = [{"state": "a", "other": "b", "intentions": "aggressive"}]
    data["links"] = {"aid": [{"donor": "a", "recipient": "b", "aid": "low"}]}
    case = case_of(data, book)
    known = case_of(
        {**data, "relations": [*data["relations"], {"state": "a", "other": "c", "intentions": "benign"}]}, book
    )
    agree(book, known)
    assert not any(name == "X2" for name, _ in agree(book, case).firings)


HOSTILE = {"relation": {"state": "$s", "other": "$p", "intentions": "aggressive"}}


def vote(group: str, strength: str, **more: Any) -> dict[str, Any]:
    entry = {"question": "partner", "of": "$s", "toward": "$p", "strength": strength, "group": group}
    return {"raises": {**entry, **more}}


def crisis_of(book: RuleBook, *others: str) -> Case:
    relations = [{"state": "a", "other": other, "intentions": "aggressive"} for other in others]
    states: dict[str, Any] = {name: {} for name in "abc"}
    head = {"foedus": "1", "title": "t", "kind": "hypothetical"}
    return case_of({**head, "states": states, "relations": relations}, book)


@pytest.mark.parametrize(("length", "stands"), [(1, True), (2, False), (3, True), (4, False)])
def test_a_defeated_firing_defeats_nothing_along_a_chain(length: int, stands: bool) -> None:
    rules = [rule(f"X{n}", HOSTILE, then=vote(f"g{n}", "slight")) for n in range(length)]
    for n, entry in enumerate(rules[:-1]):
        entry["defeated_by"] = [{"rule": f"X{n + 1}"}]
    book = assemble([*BASE, pack(rules)])
    outcome = agree(book, crisis_of(book, "b"))
    defeated = {name: bool(by) for (name, _), (_, by) in outcome.firings.items()}
    assert defeated["X0"] is not stands
    assert outcome.grades["partner", "a", "b"][0] == sum(not fallen for fallen in defeated.values())


@pytest.mark.parametrize(("may_stand", "total"), [("no", 0), ("yes", 1)])
def test_a_defeated_strongest_form_is_replaced_by_a_weaker_one_only_where_its_rule_says_so(
    may_stand: str, total: int
) -> None:
    strongest = {**rule("X1", HOSTILE, then=vote("g", "strong")), "weaker_may_stand": may_stand}
    strongest["defeated_by"] = [{"rule": "X3"}]
    weaker = rule("X2", HOSTILE, then=vote("g", "slight"))
    defeater = rule("X3", HOSTILE, then={"conclude": {"remark": {"of": "$s", "toward": "$p"}}})
    book = assemble([*BASE, pack([strongest, weaker, defeater])])
    assert agree(book, crisis_of(book, "b")).grades["partner", "a", "b"][0] == total


def test_a_pair_that_is_left_out_of_a_ranking_gives_its_place_to_the_next() -> None:
    strong = rule("X1", HOSTILE, then=vote("g", "strong"))
    weak = rule("X2", {"relation": {"state": "$s", "other": "$p", "intentions": "benign"}}, then=vote("g", "slight"))
    leaves_out = rule("X3", HOSTILE, then={"conclude": {"no_partner": {"of": "$s", "toward": "$p"}}})
    for rules, standing in (([strong, weak], "lower"), ([strong, weak, leaves_out], "highest")):
        book = assemble([*BASE, pack(rules)])
        head = {"foedus": "1", "title": "t", "kind": "hypothetical", "states": {name: {} for name in "abc"}}
        relations = [("b", "aggressive"), ("c", "benign")]
        told = [{"state": "a", "other": other, "intentions": value} for other, value in relations]
        outcome = agree(book, case_of({**head, "relations": told}, book))
        assert outcome.grades["partner", "a", "c"][2] == standing
