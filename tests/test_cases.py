"""The bundled cases: what there is of each kind, and that every part of the format is in use somewhere."""

from __future__ import annotations

from collections import Counter

from foedus import api
from foedus.casefile import GivenFact
from foedus.library import shipped_book

BOOK = shipped_book()
CASES = [api.load_case(name) for name in api.bundled()]
GIVEN = [
    fact.given for case in CASES for fact in case.facts.values() if fact.given is not None and fact.origin == "stated"
]


def test_there_are_real_cases_of_every_posture_and_hypothetical_ones() -> None:
    kinds = Counter(case.kind for case in CASES)
    assert kinds["historical"] >= 8
    assert kinds["hypothetical"] >= 2
    cases_with = Counter(posture for case in CASES for posture in {seen.posture for seen in case.observed})
    for posture in ("balance", "bandwagon", "free-ride", "none"):
        assert cases_with[posture] >= 2, posture
    families = {seen.family for case in CASES for seen in case.observed}
    assert "ideology" in families
    assert families & {"aid", "penetration"}


def test_only_real_cases_say_what_happened_and_all_of_them_do() -> None:
    for case in CASES:
        assert bool(case.observed) == (case.kind == "historical"), case.name
        assert {seen.state for seen in case.observed} <= set(case.states)


def test_every_annotation_is_in_use_somewhere() -> None:
    used = {name for given in GIVEN for name in given.model_fields_set if getattr(given, name)}
    assert used == set(GivenFact.model_fields)
    assert {given.assumption for given in GIVEN} == {"yes", "no"}
    assert {given.mover for given in GIVEN} >= {"nobody", "us", "adversary"}
    # shares of a budget are words in the cases: no data set has them
    assert set(BOOK.measures) - {given.measure for given in GIVEN if given.measure} == {"aid_share_of_budget"}


def test_every_fact_of_the_vocabulary_is_coded_somewhere() -> None:
    coded = {(fact.table, fact.attribute) for case in CASES for fact in case.facts.values()}
    for table in BOOK.tables.values():
        if not table.derived and not table.reference and table.name != "input":
            for attribute in table.attributes:
                assert (table.name, attribute) in coded, (table.name, attribute)


def test_cases_hold_several_wars_threats_and_states_in_focus() -> None:
    assert any(len(case.wars) > 1 for case in CASES)
    assert any(
        case.wars and set(case.focus) - {s for sides in case.wars.values() for m in sides.values() for s in m}
        for case in CASES
    )
    assert sum(len(case.focus) > 1 for case in CASES) >= 2
    assert any(
        fact.value == "unknown" and fact.given and fact.given.note for case in CASES for fact in case.facts.values()
    )


def test_sources_were_opened_or_say_that_they_were_not() -> None:
    for case in CASES:
        for name, source in case.sources.items():
            unverified = source.title == "general knowledge, unverified"
            assert unverified or source.passage, (case.name, name)
            assert not (unverified and source.address), (case.name, name)


def test_an_assumption_about_a_real_case_says_why() -> None:
    for case in CASES:
        for fact in case.facts.values():
            if case.kind == "historical" and fact.given is not None and fact.given.assumption == "yes":
                assert fact.given.note, (case.name, fact.path)
