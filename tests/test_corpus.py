"""The demands on the bundled cases as a whole, computed from the files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from foedus.casefile import UNVERIFIED
from foedus.casereader import read_case
from foedus.documents import Document, Path_, parse
from foedus.inference import infer
from foedus.library import shipped_book

BOOK = shipped_book()
FILES = sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))

DATA_SETS = (
    "National Material Capabilities",
    "Direct Contiguity",
    "COW capitals",
    "Militarized Interstate Disputes",
    "Alliance Treaty Obligations and Provisions",
    "ATOP",
    "International Crisis Behavior",
    "State System Membership",
)
MACHINE = re.compile(r"/work|/tmp\b|/home\b|shared/data|/root\b|/mnt\b|file://|[A-Za-z]:\\")
"""Places on the machine of whoever wrote a file."""
REGIONS: dict[str, Callable[[int], bool]] = {
    "the Americas": lambda code: 2 <= code <= 199,
    "Europe": lambda code: 200 <= code <= 399,
    "Africa": lambda code: 400 <= code <= 599,
    "the Middle East and North Africa": lambda code: 600 <= code <= 699,
    "Asia": lambda code: 700 <= code <= 899,
    "Oceania": lambda code: code >= 900,
}
LAST_YEAR = 2026
"""Hypothetical cases that are dated later are about the years to come."""


@cache
def texts() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in FILES}


@cache
def documents() -> dict[str, Document]:
    return {name: parse(text, f"cases/{name}") for name, text in texts().items()}


@cache
def corpus() -> list[Any]:
    return [read_case(document, BOOK, name=name.removesuffix(".yaml")) for name, document in documents().items()]


def historical() -> list[Any]:
    return [case for case in corpus() if case.kind == "historical"]


def hypothetical() -> list[Any]:
    return [case for case in corpus() if case.kind == "hypothetical"]


def with_observed(**wanted: Any) -> set[str]:
    """The cases of which an observation has these values."""
    return {
        case.name
        for case in corpus()
        for seen in case.observed
        if all(getattr(seen, name) in values for name, values in wanted.items())
    }


def place(document: Document, *path: str | int) -> str:
    """A place in a file, as it is shown with a problem."""
    return str(document.problem(tuple(path), "", key=True)).removesuffix(": ")


# ---- how many of what ---------------------------------------------------------------------------


def test_there_are_at_least_thirty_historical_cases() -> None:
    assert len(historical()) >= 30


@cache
def codes() -> list[int]:
    """The COW codes of the states in focus of historical cases."""
    found = []
    for case in historical():
        states = documents()[f"{case.name}.yaml"].data["states"]
        for state in case.focus:
            code = (states[state] or {}).get("codes", {}).get("cow")
            if code:
                found.append(int(code))
    return found


def test_states_in_focus_are_from_at_least_five_regions() -> None:
    regions = {name for name, within in REGIONS.items() if any(map(within, codes()))}
    assert len(regions) >= 5, regions


def test_every_state_in_focus_of_a_historical_case_has_a_code_of_one_region() -> None:
    without = [
        place(documents()[f"{case.name}.yaml"], "states", state)
        for case in historical()
        for state in case.focus
        if not (documents()[f"{case.name}.yaml"].data["states"][state] or {}).get("codes", {}).get("cow")
    ]
    assert not without
    assert all(sum(within(code) for within in REGIONS.values()) == 1 for code in codes())


def test_at_least_eight_cases_have_bandwagoning_of_both_motives() -> None:
    assert len(with_observed(posture=["bandwagon"])) >= 8
    assert with_observed(posture=["bandwagon"], motive=["appeasement"])
    assert with_observed(posture=["bandwagon"], motive=["spoils"])


@pytest.mark.parametrize(("posture", "least"), [("balance", 8), ("free-ride", 6), ("none", 4)])
def test_there_are_enough_cases_of_every_other_posture(posture: str, least: int) -> None:
    assert len(with_observed(posture=[posture])) >= least


def test_at_least_six_cases_turn_on_something_other_than_threat() -> None:
    assert len(with_observed(family=["ideology", "aid", "leverage", "penetration"])) >= 6


def significant(case: Any) -> dict[str, int]:
    """How many significant threats each state in focus faces."""
    grades = infer(case, BOOK.program()).grades
    asked = {q.name for q in BOOK.questions.values() if q.significant_from is not None}
    return {
        state: sum(g.significant == "yes" for (name, of, _), g in grades.items() if name in asked and of == state)
        for state in case.focus
    }


def test_in_at_least_eight_cases_a_state_in_focus_faces_two_or_more_significant_threats() -> None:
    several = (case.name for case in corpus() if max(significant(case).values()) >= 2)
    assert len(list(islice(several, 8))) == 8


def test_in_at_least_four_cases_there_is_a_war_and_a_state_in_focus_outside_it() -> None:
    outside = 0
    for case in corpus():
        fighting = {state for sides in case.wars.values() for members in sides.values() for state in members}
        outside += bool(case.wars) and bool(set(case.focus) - fighting)
    assert outside >= 4


def test_at_least_five_cases_have_three_or_more_states_in_focus() -> None:
    assert sum(len(case.focus) >= 3 for case in corpus()) >= 5


def test_at_least_five_cases_are_hypothetical_two_of_them_in_years_to_come() -> None:
    assert len(hypothetical()) >= 5
    years = [int(year) for case in hypothetical() for year in re.findall(r"\b\d{4}\b", case.date or "")[:1]]
    assert sum(year > LAST_YEAR for year in years) >= 2, years


# ---- every case ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_historical_case_says_what_every_state_in_focus_did_and_a_hypothetical_one_nothing(path: Path) -> None:
    (case,) = [case for case in corpus() if case.name == path.stem]
    told = [seen.state for seen in case.observed]
    if case.kind == "historical":
        assert set(case.focus) <= set(told)
        assert len(told) == len(set(told)), "once"
    else:
        assert not told


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_source_was_opened_or_is_a_data_set_or_says_that_it_is_unverified(path: Path) -> None:
    document = documents()[path.name]
    wrong = []
    for name, source in document.data.get("sources", {}).items():
        opened = bool(source.get("address")) and bool(source.get("passage"))
        data_set = any(title in source["title"] for title in DATA_SETS) and bool(source.get("passage"))
        unverified = source["title"] == UNVERIFIED and not source.get("address") and not source.get("passage")
        if not (opened or data_set or unverified):
            wrong.append(f"{place(document, 'sources', name)}: {source['title']}")
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_addresses_are_those_of_pages(path: Path) -> None:
    document = documents()[path.name]
    wrong = [
        f"{place(document, 'sources', name, 'address')}: {source['address']}"
        for name, source in document.data.get("sources", {}).items()
        if source.get("address") and not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+(/\S*)?", source["address"])
    ]
    assert not wrong


def stated(case: Any) -> list[Any]:
    return [fact for fact in case.facts.values() if fact.origin == "stated"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_fact_is_without_a_source(path: Path) -> None:
    (case,) = [case for case in corpus() if case.name == path.stem]
    wrong = [f"{case.file}:{f.line}: {f.path}" for f in stated(case) if f.given is None or not f.given.source]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_number_cites_a_data_set(path: Path) -> None:
    (case,) = [case for case in corpus() if case.name == path.stem]
    wrong = []
    for fact in stated(case):
        if fact.given is not None and fact.given.number is not None:
            titles = [case.sources[source].title for source in fact.given.source]
            if not any(name in title for name in DATA_SETS for title in titles):
                wrong.append(f"{case.file}:{fact.line}: {fact.path} cites {titles}")
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_fact_with_another_reading_has_a_note(path: Path) -> None:
    (case,) = [case for case in corpus() if case.name == path.stem]
    wrong = [
        f"{case.file}:{fact.line}: {fact.path}"
        for fact in stated(case)
        if fact.given is not None and fact.given.other_reading and not (fact.given.note or "").strip()
    ]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_case_names_a_place_on_a_machine(path: Path) -> None:
    lines = texts()[path.name].splitlines()
    addresses = re.compile(r"https?://\S+")
    wrong = [
        f"cases/{path.name}:{number}: {line.strip()[:80]}"
        for number, line in enumerate(lines, 1)
        if MACHINE.search(addresses.sub("", line))
    ]
    assert not wrong


def scalars(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from scalars(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from scalars(part, (*path, number))
    else:
        yield path, value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_annotation_is_left_empty(path: Path) -> None:
    document = documents()[path.name]
    wrong = [place(document, *where) for where, text in scalars(document.data) if not text.strip()]
    assert not wrong
