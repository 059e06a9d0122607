"""Laws of strata: a rule never reads its own, and denies only what is complete; so order decides nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from foedus.assembly import assemble
from foedus.book import Program, RuleBook
from foedus.case import Case
from foedus.documents import parse
from foedus.inference import infer
from foedus.library import shipped_book
from foedus.problems import InputError
from foedus.record import Record
from foedus.strata import NotStratified, stratify
from foedus.terms import Absent, Cap, Conclude, Holds, Pattern, Rule, Vote, Weigh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import BASE, as_yaml, case_of, pack, random_crisis, random_rules, with_tables_of

SEEDS = st.integers(0, 2**32 - 1)
STEADY = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@cache
def empty_book() -> RuleBook:
    return assemble([*BASE, pack([])])


def patterns(rule: Rule) -> Iterator[Pattern]:
    for premise in rule.premises:
        if isinstance(premise, Holds | Absent):
            yield premise.pattern


def may_match(pattern: Pattern, rule: Rule, vote: Vote) -> bool:
    """Whether an evidence pattern could match a vote, as far as its constants say."""
    given = {"row": rule.row, "question": vote.question, "group": vote.group}
    return all(given.get(c.field) in (*(c.allowed or (given.get(c.field),)),) for c in pattern.constraints)


def makers(program: Program, pattern: Pattern) -> list[str]:
    """The rules that may add a row that the pattern could match, through whatever answers or defaults."""
    found: list[str] = []
    open_tables, seen = [pattern.table], set()
    while open_tables:
        table = open_tables.pop()
        if table in seen:
            continue
        seen.add(table)
        for rule in program.rules.values():
            for c in rule.conclusions:
                if (
                    (isinstance(c, Conclude) and c.table == table)
                    or (isinstance(c, Vote | Cap) and c.question == table)
                    or (table == "evidence" and isinstance(c, Vote) and may_match(pattern, rule, c))
                ):
                    found.append(rule.id)
        question = program.questions.get(table)
        if question is not None:
            open_tables += [t for t in (question.about, question.counts, question.excluded_by) if t]
        if table == "posture":
            open_tables += [q.name for q in program.questions.values() if q.kind == "contest"]
        open_tables += [part.partition(".")[0] for part in program.book.tables[table].first_known]
    return found


def assert_stratified(program: Program) -> None:
    strata, rules = program.strata, program.rules
    weighers = {(t, r.id) for r in rules.values() for c in r.conclusions if isinstance(c, Weigh) for t in c.rules}
    for rule in rules.values():
        for pattern in patterns(rule):
            for maker in makers(program, pattern):
                assert strata.fires[maker] < strata.fires[rule.id]
                assert strata.settles[maker] < strata.fires[rule.id]
            if pattern.table in program.questions:
                assert strata.resolves[pattern.table] < strata.fires[rule.id]
            if pattern.table != "evidence":
                assert strata.ready[pattern.table] < strata.fires[rule.id]
        assert strata.fires[rule.id] <= strata.settles[rule.id] <= strata.last
        for defeat in rule.defeated_by:
            if defeat.rule in rules:
                assert strata.settles[defeat.rule] <= strata.settles[rule.id]
        for target, weigher in weighers:
            if target == rule.id:
                assert strata.settles[weigher] <= strata.settles[rule.id]
        for conclusion in rule.conclusions:
            if isinstance(conclusion, Vote | Cap):
                assert strata.settles[rule.id] <= strata.resolves[conclusion.question]
            elif isinstance(conclusion, Conclude):
                assert strata.settles[rule.id] <= strata.ready[conclusion.table]
    for name, table in program.book.tables.items():
        if not table.derived:
            assert strata.ready[name] == 0


@pytest.mark.parametrize("theory", sorted(shipped_book().theories))
def test_no_rule_of_the_shipped_book_reads_or_denies_its_own_stratum_or_a_later_one(theory: str) -> None:
    assert_stratified(shipped_book().program(theory))


@settings(STEADY, max_examples=30)
@given(seed=SEEDS, size=st.integers(1, 8))
def test_no_rule_of_a_generated_book_reads_or_denies_its_own_stratum_or_a_later_one(seed: int, size: int) -> None:
    assert_stratified(random_rules(random.Random(seed), size, empty_book())[1].program())


def generated(seed: int, size: int) -> tuple[list[dict[str, Any]], RuleBook, Case]:
    rng = random.Random(seed)
    rules, book = random_rules(rng, size, empty_book())
    return rules, book, with_tables_of(case_of(random_crisis(rng, empty_book(), 3), empty_book()), book)


def assert_earlier(record: Record) -> None:
    """Every row that met a premise was there before the rule's stratum."""
    for firing in record.firings.values():
        for rows in firing.premises:
            for row in rows:
                for producer in record.producers.get(row, ()):
                    assert record.firings[producer].stratum < firing.stratum


@settings(STEADY, max_examples=15)
@given(seed=SEEDS)
def test_every_row_that_a_firing_rests_on_was_concluded_in_an_earlier_stratum(seed: int) -> None:
    _, book, case = generated(seed, 6)
    assert_earlier(infer(case, book.program()))
    data = random_crisis(random.Random(seed), shipped_book(), 4)
    assert_earlier(infer(case_of(data, shipped_book()), shipped_book().program()))


def test_a_rule_reads_the_stratum_just_above_what_it_needs() -> None:
    strata = shipped_book().program().strata
    assert min(strata.fires.values()) == 1
    assert set(strata.fires.values()) <= set(range(1, strata.last + 1))
    assert set(range(1, max(strata.fires.values()) + 1)) == set(strata.fires.values())


def rule(identity: str, *when: dict[str, Any], then: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "claim": "c",
        "source": ["convention"],
        "when": list(when),
        "then": then,
        "because": "so",
        "examples": {"fires": [["x"]], "silent": [["x"]]},
        **more,
    }


def test_a_circle_names_each_of_its_parts_once_in_order() -> None:
    state = {"state": {"state": "$s"}}
    made = [
        rule("X1", {"caution": {"of": "$s"}}, then={"conclude": {"remark": {"of": "$s", "toward": "$s"}}}),
        rule("X2", {"remark": {"of": "$s"}}, then={"conclude": {"at_war": {"of": "$s"}}}),
        rule(
            "X3",
            state,
            {"not": {"at_war": {"of": "$s"}}, "reads": "r"},
            then={"conclude": {"caution": {"of": "$s", "toward": "$s"}}},
        ),
    ]
    with pytest.raises(InputError) as caught:
        assemble([*BASE, pack(made)])
    (problem,) = caught.value.problems
    circle = problem.message.partition(": ")[2].split(" reads ")
    assert circle == ["X1", "caution", "X3", "at_war", "X2", "remark", "X1"]


def test_rules_that_read_in_a_circle_cannot_be_ordered() -> None:
    book = assemble(
        [*BASE, pack([rule("X1", {"state": {"state": "$s"}}, then={"conclude": {"at_war": {"of": "$s"}}})])]
    )
    (plain,) = book.rules.values()
    reads = Rule(
        **{name: getattr(plain, name) for name in Rule.__slots__} | {"premises": (Holds(Pattern("at_war", ())),)}
    )
    with pytest.raises(NotStratified) as caught:
        stratify({"X1": reads}, book.questions, book.tables)
    assert {"X1", "at_war"} == set(caught.value.cycle)


# ---- what strata are for --------------------------------------------------------------------


def renamed(text: str, names: dict[str, str]) -> str:
    """The text with every id replaced at once."""
    for old, new in names.items():
        text = text.replace(old, f"<{new}>")
    return text.replace("<", "").replace(">", "")


def standing(record: Record, names: dict[str, str]) -> tuple[set[str], set[str]]:
    """Undefeated firings and concluded rows, with the names of the rules put back."""
    back = {new: old for old, new in names.items()}
    firings = {renamed(f.id, back) for f in record.firings.values() if not f.defeated_by}
    return firings, {renamed(f"{row.id} {sorted(row.fields.items())}", back) for row in record.memory.every()}


@settings(STEADY, max_examples=30)
@given(seed=SEEDS, size=st.integers(2, 7))
def test_renaming_the_rules_and_so_the_order_of_firing_changes_no_conclusion(seed: int, size: int) -> None:
    rules, book, case = generated(seed, size)
    rows = sorted({entry["id"].partition(".")[0] for entry in rules})
    names = {row: f"Z{n:02}" for row, n in zip(rows, range(len(rows), 0, -1), strict=True)}
    other = assemble([*BASE, parse(renamed(as_yaml({"rules": rules}), names), "pack.yaml")])
    first = standing(infer(case, book.program()), {})
    assert first == standing(infer(with_tables_of(case, other), other.program()), names)


@pytest.mark.parametrize("order", [("X1", "X2"), ("X2", "X1")])
def test_two_values_for_one_concluded_row_are_refused_or_the_same_in_whatever_order_they_are_concluded(
    order: tuple[str, str],
) -> None:
    """A row holds one value; which one must not depend on which rule fires first."""
    level = {"X1": "insecure", "X2": "secure"}
    found = set()
    for names in (order, order[::-1]):
        made = [
            rule(
                name,
                {"state": {"state": "$s"}},
                then={"conclude": {"derived_security": {"of": "$s", "level": level[kind]}}},
            )
            for name, kind in zip(names, order, strict=True)
        ]
        try:
            book = assemble([*BASE, pack(made)])
            case = case_of({"foedus": "1", "title": "t", "kind": "hypothetical", "states": {"a": {}, "b": {}}}, book)
            found.add(tuple(row.fields["level"] for row in infer(case, book.program()).memory.all("derived_security")))
        except InputError:
            found.add("refused")
    assert len(found) == 1
