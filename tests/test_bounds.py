"""Bounds: what is called settled, possible or asked for is so under every value of what is not known."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest
from foedus.api import bundled, load_case
from foedus.assembly import assemble
from foedus.book import MAIN, Program, RuleBook
from foedus.bounds import Bounds, Settled, asked, settled
from foedus.case import Case, cells
from foedus.documents import as_yaml, parse
from foedus.inference import infer
from foedus.library import shipped_book
from foedus.memory import Memory, Row
from foedus.record import DIVIDED, Record
from foedus.terms import UNKNOWN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import BASE, case_of, pack, random_crisis, random_rules, with_tables_of

BOOK = shipped_book()
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
STEADY = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LARGEST = 5
"""Most states of the bundled cases that are tried: one assignment is one whole run."""

Verdict = set[tuple[str, str | None, str]]
Values = Mapping[str, str]


# ---- assignments --------------------------------------------------------------------------------


def legal(case: Case) -> dict[str, list[str]]:
    """Every known value that each fact of a case could have, by address."""
    return {
        path: [*attribute.values, *(case.wars[key[0]] if attribute.side else ())]
        for path, (_, key, attribute) in cells(case.memory.tables, case.states, case.wars).items()
    }


def value_at(case: Case, path: str) -> str:
    table, key, attribute = cells(case.memory.tables, case.states, case.wars)[path]
    return case.memory.rows[table.name][key].fields[attribute.name]


def assigned(case: Case, values: Values) -> Case:
    """The case with other values in its memory, each fact by itself: linked facts do not follow."""
    known = cells(case.memory.tables, case.states, case.wars)
    rows = {table: dict(held) for table, held in case.memory.rows.items()}
    for path, value in values.items():
        table, key, attribute = known[path]
        row = rows[table.name][key]
        rows[table.name][key] = Row(row.table, row.id, {**row.fields, attribute.name: value})
    return replace(case, memory=Memory(case.memory.tables, rows))


def blanked(case: Case, rng: random.Random, part: float) -> Case:
    return assigned(case, {path: UNKNOWN for path in legal(case) if rng.random() < part})


def unknown(case: Case) -> list[str]:
    return [path for path in legal(case) if value_at(case, path) == UNKNOWN]


def filled(case: Case, rng: random.Random, part: float = 1.0) -> Case:
    """The case with values for some of its unknown facts, whether they could be true together or not."""
    values = legal(case)
    return assigned(case, {path: rng.choice(values[path]) for path in unknown(case) if rng.random() < part})


def verdict(record: Record, state: str) -> Verdict:
    return {(p.about, p.posture, p.alignment.toward) for p in record.of(state)}


@cache
def small_cases() -> list[Case]:
    cases = [load_case(name, book=BOOK) for name in bundled()]
    return sorted((case for case in cases if len(case.states) <= LARGEST), key=lambda case: case.name)


def crisis(rng: random.Random, size: int, known: float) -> Case:
    return case_of(random_crisis(rng, BOOK, size, known=known), BOOK)


def varied(seed: int) -> tuple[Case, random.Random]:
    """A bundled case with some of its facts taken away, or none."""
    rng = random.Random(seed)
    case = rng.choice(small_cases())
    return blanked(case, rng, rng.choice([0, 0.02, 0.05, 0.1, 0.3, 0.6])), rng


# ---- settled ------------------------------------------------------------------------------------


def assert_sound(found: Mapping[str, Settled], before: Record, after: Record) -> None:
    """What an assignment to the unknown facts leads to is what was said to be possible."""
    for state in before.case.states:
        concluded, possible = verdict(after, state), set(found[state].possible)
        assert concluded <= possible, (state, concluded - possible)
        if found[state].settled:
            assert concluded == verdict(before, state), state
        for about in {subject for subject, _, _ in possible}:
            sure = all(posture is not None for subject, posture, _ in possible if subject == about)
            assert not sure or about in {subject for subject, _, _ in concluded}, (state, about)


def try_assignments(case: Case, program: Program, rng: random.Random, times: int) -> list[bool]:
    record = infer(case, program)
    found = settled(record)
    for _ in range(times):
        assert_sound(found, record, infer(filled(case, rng, rng.choice([0.3, 1, 1])), program))
    return [entry.settled for entry in found.values()]


@settings(STEADY, max_examples=7)
@given(seed=SEEDS)
def test_no_assignment_to_unknown_facts_of_a_bundled_case_changes_what_is_settled(seed: int) -> None:
    case, rng = varied(seed)
    try_assignments(case, BOOK.program(), rng, 2)


@settings(STEADY, max_examples=20)
@given(seed=SEEDS, size=st.integers(2, 4), known=st.sampled_from([0.3, 0.7, 0.9, 0.97]))
def test_no_assignment_to_unknown_facts_of_a_generated_crisis_changes_what_is_settled(
    seed: int, size: int, known: float
) -> None:
    rng = random.Random(seed)
    try_assignments(crisis(rng, size, known), BOOK.program(), rng, 4)


@settings(STEADY, max_examples=10)
@given(seed=SEEDS, theory=st.sampled_from(sorted(set(BOOK.theories) - {MAIN})))
def test_what_is_settled_is_so_in_rival_theories_too(seed: int, theory: str) -> None:
    rng = random.Random(seed)
    try_assignments(crisis(rng, 3, rng.choice([0.5, 0.9])), BOOK.program(theory), rng, 3)


@cache
def empty_book() -> RuleBook:
    return assemble([*BASE, pack([])])


def generated(seed: int, known: float) -> tuple[Program, Case, random.Random]:
    """A random rule book, and a crisis to try it on."""
    rng = random.Random(seed)
    _, book = random_rules(rng, rng.randint(2, 8), empty_book())
    return book.program(), with_tables_of(case_of(random_crisis(rng, BOOK, 3, known=known), empty_book()), book), rng


@settings(STEADY, max_examples=25)
@given(seed=SEEDS, known=st.sampled_from([0.5, 0.9]))
def test_what_is_settled_is_so_under_any_rule_book(seed: int, known: float) -> None:
    program, case, rng = generated(seed, known)
    try_assignments(case, program, rng, 4)


HOSTS = [
    {"member": {"war": "$w", "side": "$x", "state": "$s"}},
    {"evidence": {"row": "X1", "of": "$s", "toward": "$x2"}},
]


def test_a_rule_book_that_concludes_something_about_a_side_of_a_war_has_bounds_as_it_has_verdicts() -> None:
    """The subject of a vote may be a side; a rule that takes it from the evidence may make it that of a verdict."""
    examples = {"fires": [["x"]], "silent": [["x"]]}
    head: dict[str, Any] = {"claim": "c", "source": ["convention"], "because": "so", "examples": examples}
    vote = {
        "question": "alignment",
        "answer": "balance",
        "of": "$s",
        "toward": "$x",
        "strength": "slight",
        "group": "g",
    }
    rules = [
        {"id": "X1", **head, "when": HOSTS[:1], "then": {"favours": vote}},
        {"id": "X2", **head, "when": HOSTS, "then": {"conclude": {"principal_threat": {"of": "$x2", "toward": "$s"}}}},
    ]
    book = assemble([*BASE, pack(rules)])
    data = {**pair(), "wars": [{"id": "w", "sides": {"east": ["a"], "west": ["b"]}}]}
    record = infer(with_tables_of(case_of({**data, "situation": {}}, empty_book()), book), book.program())
    assert {posture.of for posture in record.postures} >= {"w.east", "w.west"}
    assert set(settled(record)) == {"a", "b"}
    assert asked(record)


@settings(STEADY, max_examples=15)
@given(seed=SEEDS, size=st.integers(2, 4))
def test_everything_is_settled_where_nothing_is_unknown(seed: int, size: int) -> None:
    rng = random.Random(seed)
    case = filled(crisis(rng, size, 0.9), rng)
    record = infer(case, BOOK.program())
    for state, found in settled(record).items():
        assert found.settled, state
        assert set(found.possible) == verdict(record, state)


@settings(STEADY, max_examples=5)
@given(seed=SEEDS)
def test_everything_is_settled_in_a_bundled_case_whose_gaps_are_filled(seed: int) -> None:
    case, rng = varied(seed)
    record = infer(filled(case, rng), BOOK.program())
    assert all(found.settled for found in settled(record).values())


def test_some_verdicts_with_gaps_are_settled_and_some_are_not() -> None:
    kinds: set[bool] = set()
    for seed in range(6):
        rng = random.Random(seed)
        kinds.update(try_assignments(crisis(rng, 3, 0.9), BOOK.program(), rng, 0))
    assert kinds == {True, False}


# ---- small cases, exhaustively ------------------------------------------------------------------

STATE = {
    "power_rank": "middle", "power_trend": "steady", "potential_hegemon": "no", "effect_on_outcome": "some",
    "domestic_legitimacy": "high", "external_security": "moderate", "openness": "open",
    "decision_apparatus": "strong", "aims": "status_quo", "ideology": "nationalism",
}  # fmt: skip
SEEN = {
    "relative_power": "peer", "proximity": "bordering", "offensive_power": "moderate", "intentions": "benign",
    "demonstrated_coercion": "no", "spoils_on_offer": "no", "commitment": "none", "ideology_similarity": "low",
}  # fmt: skip


def pair(**facts: str) -> dict[str, Any]:
    """A case of two states of which everything is known, with some facts of the first's view changed."""
    back = {name: value for name, value in SEEN.items() if not BOOK.tables["relation"].attributes[name].linked}
    return {
        "foedus": "1",
        "title": "Two states",
        "kind": "hypothetical",
        "situation": {"phase": "peace", "offense_defense": "balanced"},
        "states": {"a": dict(STATE), "b": dict(STATE)},
        "relations": [{"state": "a", "other": "b", **SEEN, **facts}, {"state": "b", "other": "a", **back}],
        "allies": [
            {"state": "a", "against": "b", "adequate": "no", "support": {}},
            {"state": "b", "against": "a", "adequate": "no", "support": {}},
        ],
        "links": {"complete": ["aid", "penetration"]},
    }


def complete(case: Case) -> Case:
    """The case with the lowest value wherever nothing is said: facts that no small case below asks for."""
    values = legal(case)
    return assigned(case, {path: values[path][0] for path in unknown(case)})


def small(**facts: str) -> Case:
    case = complete(case_of(pair(**facts), BOOK))
    assert not unknown(case)
    return case


def test_a_verdict_that_one_unknown_fact_decides_is_not_settled() -> None:
    path = "a>b.intentions"
    reached = {value: verdict(infer(small(intentions=value), BOOK.program()), "a") for value in legal(small())[path]}
    assert reached["benign"] == set()
    assert any(reached.values()), "the fact decides"
    found = settled(infer(assigned(small(), {path: UNKNOWN}), BOOK.program()))
    assert not found["a"].settled
    assert set.union(*reached.values()) <= set(found["a"].possible)
    assert ("b", None, "b") in found["a"].possible


@pytest.mark.parametrize("path", ["a.openness", "a.domestic_legitimacy", "b.decision_apparatus"])
def test_a_verdict_that_an_unknown_fact_does_not_touch_is_settled(path: str) -> None:
    case = assigned(small(intentions="aggressive"), {path: UNKNOWN})
    record = infer(case, BOOK.program())
    assert verdict(record, "a")
    assert settled(record)["a"].settled


GAPS: list[tuple[tuple[str, ...], Callable[[], Case]]] = [
    (("a>b.intentions", "a>b.offensive_power", "a>b.demonstrated_coercion"), small),
    (("a.power_rank", "b.power_rank", "a>b.demonstrated_coercion"), lambda: small(intentions="aggressive")),
    (("a>b.relative_power", "a>b.proximity", "a>b.offensive_power"), lambda: small(intentions="ambiguous")),
    (("a.openness", "b.openness", "a.decision_apparatus"), lambda: small(intentions="aggressive")),
    (("situation.phase", "a>b.spoils_on_offer", "a.aims"), lambda: small(intentions="unalterably_aggressive")),
    (("a>b.adequate", "a>b.complete", "b.potential_hegemon"), lambda: small(intentions="aggressive")),
]


@pytest.mark.parametrize(("gaps", "made"), GAPS, ids=[" ".join(gaps) for gaps, _ in GAPS])
def test_what_is_settled_agrees_with_every_assignment_to_three_gaps(
    gaps: tuple[str, ...], made: Callable[[], Case]
) -> None:
    case = assigned(made(), dict.fromkeys(gaps, UNKNOWN))
    record = infer(case, BOOK.program())
    found = settled(record)
    values = legal(case)
    for chosen in product(*([*values[path], UNKNOWN] for path in gaps)):
        after = infer(assigned(case, dict(zip(gaps, chosen, strict=True))), BOOK.program())
        assert_sound(found, record, after)


def test_the_gaps_that_are_tried_hold_settled_and_open_verdicts() -> None:
    kinds = set()
    for gaps, made in GAPS:
        kinds.add(settled(infer(assigned(made(), dict.fromkeys(gaps, UNKNOWN)), BOOK.program()))["a"].settled)
    assert kinds == {True, False}


# ---- other readings -----------------------------------------------------------------------------


def readings(case: Case, rng: random.Random, most: int) -> dict[str, list[str]]:
    """Other values for some facts, by address."""
    values = legal(case)
    paths = rng.sample(sorted(values), min(most, len(values)))
    return {path: rng.sample(values[path], rng.randint(1, len(values[path]))) for path in paths}


def assert_covers(bounds: Bounds, case: Case, other: Mapping[str, Iterable[str]], rng: random.Random) -> None:
    could = {state: bounds.postures(state, other) for state in case.states}
    for _ in range(3):
        chosen = {path: rng.choice([value_at(case, path), *values]) for path, values in other.items()}
        after = infer(assigned(case, chosen), bounds.record.program)
        for state in case.states:
            assert after.posture(state) in could[state], (state, chosen)


@settings(STEADY, max_examples=25)
@given(seed=SEEDS, known=st.sampled_from([0.5, 0.9, 1.0]), most=st.sampled_from([1, 3, 10, 40]))
def test_every_posture_that_other_readings_lead_to_is_among_the_possible_ones(
    seed: int, known: float, most: int
) -> None:
    rng = random.Random(seed)
    case = crisis(rng, rng.choice([2, 3, 4]), known)
    assert_covers(Bounds(infer(case, BOOK.program())), case, readings(case, rng, most), rng)


@settings(STEADY, max_examples=10)
@given(seed=SEEDS, most=st.sampled_from([1, 5, 50]))
def test_every_posture_that_other_readings_of_a_bundled_case_lead_to_is_among_the_possible_ones(
    seed: int, most: int
) -> None:
    case, rng = varied(seed)
    assert_covers(Bounds(infer(case, BOOK.program())), case, readings(case, rng, most), rng)


@settings(STEADY, max_examples=25)
@given(seed=SEEDS, most=st.sampled_from([1, 5, 20]))
def test_every_posture_that_other_readings_lead_to_under_any_rule_book_is_among_the_possible_ones(
    seed: int, most: int
) -> None:
    program, case, rng = generated(seed, 0.8)
    assert_covers(Bounds(infer(case, program)), case, readings(case, rng, most), rng)


@settings(STEADY, max_examples=15)
@given(seed=SEEDS)
def test_no_other_reading_leaves_only_what_is_concluded_where_everything_is_known(seed: int) -> None:
    rng = random.Random(seed)
    case = filled(crisis(rng, 3, 0.9), rng)
    record = infer(case, BOOK.program())
    bounds = Bounds(record)
    for state in case.states:
        could = bounds.postures(state, {})
        concluded = record.posture(state)
        assert concluded in could
        assert could == {concluded} or concluded == DIVIDED, (state, could)


@settings(STEADY, max_examples=20)
@given(seed=SEEDS, known=st.sampled_from([0.5, 0.9]))
def test_more_readings_never_make_fewer_postures_possible(seed: int, known: float) -> None:
    rng = random.Random(seed)
    case = crisis(rng, 3, known)
    bounds = Bounds(infer(case, BOOK.program()))
    more = readings(case, rng, 12)
    fewer = {path: values[: len(values) // 2 + 1] for path, values in list(more.items())[:6]}
    assert all(bounds.postures(state, fewer) <= bounds.postures(state, more) for state in case.states)


def whole(bounds: Bounds, state: str, other: Mapping[str, Iterable[str]]) -> set[tuple[str, str | None, str]]:
    """What a pass over all states leaves possible for one."""
    done = bounds.run(other)
    abouts = [about for name, of, about in done.outcomes if (name, of) == ("alignment", state)]
    return {(about, *rest) for about in abouts for rest in done.postures(state, about)}


@settings(STEADY, max_examples=15)
@given(seed=SEEDS, most=st.sampled_from([0, 5, 50]))
def test_a_pass_for_one_state_finds_what_a_pass_over_all_states_finds(seed: int, most: int) -> None:
    case, rng = varied(seed)
    bounds, other = Bounds(infer(case, BOOK.program())), readings(case, rng, most)
    assert bounds.slices.subjects
    for state in case.states:
        assert bounds.could_be(state, other) == whole(bounds, state, other)


@settings(STEADY, max_examples=40)
@given(seed=SEEDS, most=st.sampled_from([1, 5, 20]))
def test_a_pass_for_one_state_finds_the_same_under_any_rule_book(seed: int, most: int) -> None:
    program, case, rng = generated(seed, 0.8)
    bounds, other = Bounds(infer(case, program)), readings(case, rng, most)
    for state in case.states:
        assert bounds.could_be(state, other) == whole(bounds, state, other)


# ---- what is asked for --------------------------------------------------------------------------


def everything(record: Record) -> list[Any]:
    return [record.firings, record.grades, record.contests, record.postures, record.census, record.producers]


def assert_unread(case: Case, program: Program, rng: random.Random) -> int:
    """Change what is not asked for, whatever the unknown facts are; the number of facts that were changed."""
    wanted = asked(infer(case, program))
    values = legal(case)
    idle = [path for path in values if path not in wanted]
    for known in (case, filled(case, rng)):
        other = assigned(known, {path: rng.choice([*values[path], UNKNOWN]) for path in idle})
        assert everything(infer(other, program)) == everything(infer(known, program))
    return len(idle)


@settings(STEADY, max_examples=12)
@given(seed=SEEDS, size=st.integers(2, 4), known=st.sampled_from([0.3, 0.8, 1.0]))
def test_a_fact_that_is_not_asked_for_changes_no_firing_of_a_generated_crisis(
    seed: int, size: int, known: float
) -> None:
    rng = random.Random(seed)
    assert_unread(crisis(rng, size, known), BOOK.program(), rng)


@settings(STEADY, max_examples=4)
@given(seed=SEEDS)
def test_a_fact_that_is_not_asked_for_changes_no_firing_of_a_bundled_case(seed: int) -> None:
    case, rng = varied(seed)
    assert_unread(case, BOOK.program(), rng)


@settings(STEADY, max_examples=25)
@given(seed=SEEDS, known=st.sampled_from([0.5, 0.9]))
def test_a_fact_that_is_not_asked_for_changes_no_firing_under_any_rule_book(seed: int, known: float) -> None:
    program, case, rng = generated(seed, known)
    assert_unread(case, program, rng)


def test_some_facts_are_asked_for_and_some_are_not() -> None:
    case = small(intentions="aggressive")
    wanted = asked(infer(case, BOOK.program()))
    assert "a>b.intentions" in wanted
    assert set(legal(case)) - wanted


# ---- rule packs that bounds once got wrong ------------------------------------------------------


def one(name: str, when: list[Any], then: dict[str, Any]) -> dict[str, Any]:
    """A rule of a pack, with what every rule must have."""
    examples = {"fires": [["x"]], "silent": [["x"]]}
    rest = {"claim": "c", "source": ["convention"], "because": "so", "examples": examples}
    return {"id": name, **rest, "when": when, "then": [then]}


def seen(**asked_for: str) -> dict[str, Any]:
    return {"relation": {"state": "$s", "other": "$p", **asked_for}}


def vote(kind: str, question: str, group: str, strength: str = "slight", **answer: str) -> dict[str, Any]:
    about = {"of": "$s", "toward": "$p"}
    return {kind: {"question": question, **answer, **about, "strength": strength, "group": group}}


PRINCIPAL = {"conclude": {"principal_threat": {"of": "$s", "toward": "$p"}}}
FACED = {"principal_threat": {"of": "$s", "toward": "$p"}}
SIDED = {"member": {"war": "$w", "side": "$p", "state": "b"}}
ON_IT = {"member": {"war": "$w", "side": "$p", "state": "$m"}}
BALANCED = {"alignment": {"of": "$s", "toward": "$p", "answer": "balance"}}
FOR = vote("favours", "alignment", "f", answer="balance")
COERCED = {"state": "a", "other": "b", "demonstrated_coercion": "yes", "spoils_on_offer": "no"}
SPOILED = {"state": "a", "other": "c", "demonstrated_coercion": "yes", "spoils_on_offer": "yes"}
ONLY_B = [COERCED, {"state": "a", "other": "c", "demonstrated_coercion": "no"}]
WAR = {"id": "w", "sides": {"east": ["b"], "west": ["c"]}}
PACKS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any], str]] = {
    "what leaves a pair out of a ranking": (
        [
            one("N1", [seen(proximity="bordering")], {"conclude": {"no_partner": {"of": "$s", "toward": "$p"}}}),
            one("G1", [seen(spoils_on_offer="yes")], vote("raises", "threat", "g", "strong")),
            one("G2", [seen(demonstrated_coercion="yes")], vote("raises", "threat", "h")),
            one(
                "P1",
                [{"threat": {"of": "$s", "toward": "$p", "standing": "highest"}}, seen(demonstrated_coercion="yes")],
                PRINCIPAL,
            ),
            one("V1", [FACED], FOR),
        ],
        {"threat": {"excluded_by": "no_partner"}},
        {"relations": [COERCED, SPOILED]},
        "a>c.proximity",
    ),
    "an effort toward a side of a war": (
        [
            one("V1", [SIDED, {"state": {"state": "$s", "openness": ["open", "closed"]}}], FOR),
            one("E1", [BALANCED, ON_IT], vote("favours", "effort", "e", answer="passed")),
            one(
                "E2",
                [BALANCED, ON_IT, {"state": {"state": "$s", "power_rank": "great"}}],
                vote("opposes", "effort", "e", answer="passed"),
            ),
        ],
        {},
        {"wars": [WAR], "states": {"a": {"openness": "open"}, "b": {}, "c": {}}},
        "a.power_rank",
    ),
    "a rival that is graded only perhaps": (
        [
            one("D1", [seen(demonstrated_coercion="yes")], vote("lowers", "durability", "g", "strong")),
            one("D2", [seen(spoils_on_offer="yes", demonstrated_coercion="no")], vote("raises", "durability", "g")),
            one("P1", [seen(demonstrated_coercion="yes")], PRINCIPAL),
            one("V1", [FACED, {"durability": {"of": "$s", "toward": "$p", "standing": "highest"}}], FOR),
        ],
        {},
        {"relations": ONLY_B},
        "a>c.spoils_on_offer",
    ),
    "a table that takes the first value known": (
        [
            one(
                "S1",
                [{"state": {"state": "$s", "openness": "open"}}],
                {"conclude": {"derived_security": {"of": "$s", "level": "insecure"}}},
            ),
            one("P1", [seen(demonstrated_coercion="yes")], PRINCIPAL),
            one("V1", [FACED], FOR),
            one(
                "V2",
                [FACED, {"felt_security": {"of": "$s", "level": "insecure"}}],
                vote("favours", "alignment", "s", "strong", answer="bandwagon"),
            ),
        ],
        {},
        {"relations": ONLY_B},
        "a.openness",
    ),
}


@pytest.mark.parametrize("name", PACKS)
def test_no_value_of_a_fact_leaves_the_bounds_of_a_pack_that_uses(name: str) -> None:
    rules, changes, entry, path = PACKS[name]
    documents = []
    for document in BASE:
        data = copy.deepcopy(document.data)
        for question, fields in changes.items():
            data.get("questions", {}).get(question, {}).update(fields)
        documents.append(parse(as_yaml(data), document.file))
    book = assemble([*documents, pack(rules)])
    whole_case = {"foedus": "1", "title": "t", "kind": "hypothetical", "states": {s: {} for s in "abc"}, **entry}
    case = case_of(whole_case, book)
    record = infer(case, book.program())
    found = settled(record)
    reached = set()
    for value in [UNKNOWN, *legal(case)[path]]:
        after = infer(assigned(case, {path: value}), book.program())
        for state in case.states:
            concluded = {(p.about, p.posture, p.alignment.toward) for p in after.of(state)}
            reached.add((state, frozenset(concluded)))
            assert concluded <= set(found[state].possible), (state, value)
            before = {(p.about, p.posture, p.alignment.toward) for p in record.of(state)}
            assert concluded == before or not found[state].settled, (state, value)
    assert len(reached) > len(case.states), "the fact decides something, so that the test can fail"
