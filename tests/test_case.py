"""Reading a case: names, facts, lists, numbers, and everything that cannot be."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from foedus.case import Case
from foedus.casefile import MAX_STATES, case_schema
from foedus.casereader import read_case
from foedus.documents import parse, read
from foedus.library import shipped_book
from foedus.problems import InputError, Problem
from foedus.terms import UNKNOWN
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

CASES = sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))
BOOK = shipped_book()
steady = settings(max_examples=60, deadline=None, derandomize=True)

Entry = dict[str, Any]


def made(**parts: Any) -> Entry:
    """A case of three states, as data, with some parts replaced."""
    whole: Entry = {
        "foedus": "1",
        "title": "A crisis",
        "kind": "hypothetical",
        "states": {
            "norway": {"name": "Norway", "codes": {"cow": "385", "iso": "NO"}},
            "canada": {"name": "Canada", "codes": {"cow": "020", "iso": "CAN"}},
            "sweden": {},
        },
    }
    return {**whole, **parts}


def dumped(entry: Entry) -> str:
    """One part to a line where YAML allows it."""
    apart = json.loads(json.dumps(entry))  # a part used twice would be dumped as an anchor and an alias
    text: str = yaml.safe_dump(apart, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def case_of(entry: Entry | str) -> Case:
    text = entry if isinstance(entry, str) else dumped(entry)
    return read_case(parse(text, "case.yaml"), BOOK)


def problems_of(entry: Entry | str) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        case_of(entry)
    assert list(caught.value.problems) == sorted(caught.value.problems)
    assert all(problem.file == "case.yaml" and problem.line > 0 for problem in caught.value.problems)
    return caught.value.problems


def problem_of(entry: Entry | str) -> Problem:
    (problem,) = problems_of(entry)
    return problem


def line_of(entry: Entry, text: str, *, nth: int = 1) -> int:
    """The line of the nth occurrence of a text in the dumped case."""
    lines = [number for number, line in enumerate(dumped(entry).splitlines(), 1) if text in line]
    return lines[nth - 1]


def relation(state: str = "norway", other: str = "canada", **facts: Any) -> Entry:
    return {"state": state, "other": other, **facts}


# ---- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["norway", "Norway", "NORWAY", "385", "NO", "no"])
def test_a_state_is_named_by_identifier_name_or_code(name: str) -> None:
    assert case_of(made(focus=[name])).focus == ("norway",)


@pytest.mark.parametrize("name", ["20", "020", "0020", "CAN", "canada"])
def test_a_numeric_code_is_the_same_with_and_without_leading_zeros(name: str) -> None:
    assert case_of(made(focus=[name])).focus == ("canada",)


def test_an_unquoted_iso_code_of_norway_is_no_truth_value() -> None:
    text = dumped(made()).replace("iso: 'NO'", "iso: NO") + "focus: [NO]\n"
    assert "iso: NO\n" in text
    assert case_of(text).focus == ("norway",)


def test_every_part_of_a_case_takes_every_kind_of_name() -> None:
    entry = made(
        relations=[relation("385", "CAN", intentions="aggressive")],
        allies=[{"state": "NO", "against": "20", "support": {"Sweden": "likely"}}],
        wars=[{"id": "w", "sides": {"x": ["Norway"], "y": ["020"]}}],
        links={"aid": [{"donor": "CAN", "recipient": "NO", "aid": "low"}]},
    )
    case = case_of(entry)
    assert case.facts["norway>canada.intentions"].value == "aggressive"
    assert case.facts["norway>sweden>canada.support"].value == "likely"
    assert case.facts["canada>norway.aid"].value == "low"
    assert case.wars == {"w": {"w.x": ("norway",), "w.y": ("canada",)}}


plain_names = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"]),
    min_size=1,
    max_size=100,
).filter(str.strip)


@steady
@given(plain_names)
@example(" Norway")
@example("007")
@example("İzmir")
def test_a_state_is_found_by_its_name_as_it_is_written(name: str) -> None:
    taken = {"canada", "sweden", "can", "20"}
    assume(name.strip().lower() not in taken and name.strip().lstrip("0") not in taken)
    entry = made(focus=[name])
    entry["states"]["norway"] = {"name": name}
    case = case_of(json.dumps(entry, ensure_ascii=False))
    assert case.focus == ("norway",)


@pytest.mark.parametrize(
    ("given_", "nearest"), [("norwy", "norway"), ("Swedn", "sweden"), ("kanada", "canada"), ("NORWEY", "norway")]
)
def test_an_unknown_name_is_refused_with_the_nearest(given_: str, nearest: str) -> None:
    entry = made(relations=[relation(given_, "canada" if nearest != "canada" else "sweden")])
    problem = problem_of(entry)
    assert given_ in problem.message
    assert nearest in problem.hint
    assert problem.line == line_of(entry, given_)


def test_a_name_that_is_like_none_gets_the_list() -> None:
    assert problem_of(made(focus=["zzzz"])).hint == "legal: canada, norway, sweden"


@pytest.mark.parametrize(
    "part",
    [
        {"relations": [relation("atlantis", "canada")]},
        {"relations": [relation("canada", "atlantis")]},
        {"allies": [{"state": "atlantis", "against": "canada"}]},
        {"allies": [{"state": "norway", "against": "atlantis"}]},
        {"allies": [{"state": "norway", "against": "canada", "support": {"atlantis": "none"}}]},
        {"wars": [{"id": "w", "sides": {"x": ["norway"], "y": ["atlantis"]}}]},
        {"links": {"aid": [{"donor": "atlantis", "recipient": "norway"}]}},
        {"links": {"penetration": [{"penetrator": "norway", "target": "atlantis"}]}},
        {"focus": ["atlantis"]},
        {"observed": [{
            "state": "atlantis", "posture": "none", "what": "", "classified_by": {"who": "me"}, "confidence": "low",
        }]},
        {"observed": [{
            "state": "norway", "posture": "balance", "toward": ["atlantis"], "what": "",
            "classified_by": {"who": "me"}, "confidence": "low",
        }]},
    ],
)  # fmt: skip
def test_a_state_that_is_not_in_the_case_is_refused_wherever_it_stands(part: Entry) -> None:
    entry = made(**part)
    problem = problem_of(entry)
    assert "atlantis" in problem.message
    assert problem.line == line_of(entry, "atlantis")


@pytest.mark.parametrize("name", ["unknown", "none", "situation", "unclear", "system"])
def test_words_with_a_meaning_of_their_own_name_no_state_side_or_war(name: str) -> None:
    states = {**made()["states"], name: {}}
    assert f"'{name}'" in problem_of(made(states=states)).message
    war = {"id": "w", "sides": {name: ["norway"], "y": ["canada"]}}
    assert f"'{name}'" in problem_of(made(wars=[war])).message
    assert f"'{name}'" in problem_of(made(wars=[{"id": name, "sides": {"x": ["norway"], "y": ["canada"]}}])).message


def test_a_war_has_another_name_than_a_state_and_than_another_war() -> None:
    sides = {"x": ["norway"], "y": ["canada"]}
    assert "'norway'" in problem_of(made(wars=[{"id": "norway", "sides": sides}])).message
    facts = {"side_ahead": "x", "closeness_to_victory": "low"}
    entry = made(
        situation={"phase": "crisis"}, wars=[{"id": "w", "sides": sides, **facts}, {"id": "w", "sides": sides, **facts}]
    )
    problems = problems_of(entry)
    assert any("'w' already names" in problem.message for problem in problems)
    assert not any("no side" in problem.message for problem in problems), "both name a side of the war"


@pytest.mark.parametrize(
    "states",
    [
        {"a": {"codes": {"iso": "SE"}}, "se": {}},
        {"a": {"name": "B"}, "b": {}},
        {"a": {"codes": {"cow": "20"}}, "b": {"codes": {"cow": "020"}}},
        {"a": {"name": "Same"}, "b": {"name": "same"}},
    ],
)
def test_a_name_or_code_of_two_states_is_refused(states: Entry) -> None:
    problems = problems_of(made(states=states))
    assert all("names both" in problem.message for problem in problems)


@pytest.mark.parametrize("identifier", ["Norway", "nor way", "1st", "", "no-way", "x" * 41, "æ"])
def test_an_identifier_is_lower_case_letters_digits_and_underscores(identifier: str) -> None:
    problem = problem_of(json.dumps(made(states={identifier: {}, "b": {}}), ensure_ascii=False))
    assert problem.line == 1


def test_a_case_has_at_least_two_states_and_at_most_the_limit() -> None:
    assert "at least 2" in problem_of(made(states={"a": {}})).message
    assert len(case_of(made(states={f"s{n}": {} for n in range(MAX_STATES)})).states) == MAX_STATES
    assert str(MAX_STATES) in problem_of(made(states={f"s{n}": {} for n in range(MAX_STATES + 1)})).message


# ---- plain and annotated facts ------------------------------------------------------------------


def test_a_plain_and_an_annotated_value_state_the_same_fact() -> None:
    plain = case_of(made(relations=[relation(intentions="aggressive")]))
    annotated = case_of(made(relations=[relation(intentions={"value": "aggressive", "note": "so they say"})]))
    address = "norway>canada.intentions"
    assert plain.facts[address].value == annotated.facts[address].value == "aggressive"
    assert plain.memory.every() == annotated.memory.every()


def test_a_fact_carries_everything_that_is_said_about_it() -> None:
    said = {
        "value": "aggressive", "source": "s1", "source_date": "1948-02", "reliability": "B2", "confidence": "moderate",
        "note": "n", "assumption": "yes", "mover": "adversary", "basis": "estimate", "advocate": "interested",
        "other_reading": ["benign", "ambiguous"],
    }  # fmt: skip
    entry = made(sources={"s1": {"title": "A letter"}}, relations=[relation(intentions=said)])
    fact = case_of(entry).facts["norway>canada.intentions"]
    assert fact.origin == "stated"
    assert fact.line == line_of(entry, "intentions")
    assert fact.given is not None
    assert fact.given.model_dump() == {**said, "number": None, "measure": None, "source": ["s1"]}


def test_rules_see_the_basis_and_the_advocate_of_a_fact_and_no_other_annotation() -> None:
    bare = case_of(made(relations=[relation(intentions="aggressive")]))
    others = {
        "note": "n",
        "confidence": "low",
        "mover": "us",
        "assumption": "yes",
        "reliability": "A1",
        "source_date": "d",
    }
    noted = case_of(made(relations=[relation(intentions={"value": "aggressive", **others})]))
    assert noted.memory.every() == bare.memory.every()
    seen = case_of(made(relations=[relation(intentions={"value": "aggressive", "advocate": "interested"})]))
    (row,) = [row for row in seen.memory.every() if row not in bare.memory.every()]
    assert row.table == "input"
    assert row.fields == {
        "fact": "norway>canada.intentions", "attribute": "intentions", "of": "norway", "toward": "canada",
        "basis": UNKNOWN, "advocate": "interested",
    }  # fmt: skip


def test_a_fact_that_is_said_to_be_unknown_stays_unknown() -> None:
    case = case_of(made(relations=[relation(intentions={"value": "unknown", "note": "nobody could tell"})]))
    fact = case.facts["norway>canada.intentions"]
    assert (fact.value, fact.origin) == (UNKNOWN, "stated")
    assert fact.given is not None
    assert fact.given.note == "nobody could tell"
    row = case.memory.get("relation", "norway", "canada")
    assert row is not None
    assert row.fields["intentions"] == UNKNOWN
    assert case.memory.every() == case_of(made()).memory.every()


def test_a_fact_that_is_not_given_is_unknown() -> None:
    case = case_of(made())
    assert case.facts == {}
    for row in case.memory.every():
        table = BOOK.tables[row.table]
        if not table.reference:
            assert {row.fields[name] for name in table.attributes} <= {UNKNOWN}


BAD_FACTS: dict[str, tuple[Any, str]] = {
    "a value of no scale": ("agressive", "aggressive"),
    "a number in the place of a value": ("3", ""),
    "a list": (["aggressive"], ""),
    "nothing said": ({"note": "n"}, ""),
    "a value and a number": ({"value": "benign", "number": "1", "measure": "kilometres"}, ""),
    "a measure of another fact": ({"number": "1", "measure": "kilometres"}, ""),
    "an unknown annotation": ({"value": "benign", "sorce": "s1"}, "source"),
    "an unknown source": ({"value": "benign", "source": "s9"}, ""),
    "a wrong reliability": ({"value": "benign", "reliability": "G7"}, ""),
    "a wrong confidence": ({"value": "benign", "confidence": "hgh"}, "high"),
    "a wrong basis": ({"value": "benign", "basis": "conduc"}, "conduct"),
    "a value in another case of letters": ("Benign", "benign"),
    "an empty value": ("", ""),
}


@pytest.mark.parametrize(("given_", "hint"), BAD_FACTS.values(), ids=BAD_FACTS.keys())
def test_a_fact_that_cannot_be_read_is_refused_in_its_line_with_the_nearest(given_: Any, hint: str) -> None:
    entry = made(relations=[relation(commitment="none", intentions=given_)])
    first, last = line_of(entry, "intentions"), len(dumped(entry).splitlines())
    for problem in problems_of(entry):
        assert first <= problem.line <= last
        assert hint in problem.hint


def test_an_unknown_field_is_refused_with_the_nearest() -> None:
    entry = made(relations=[relation(intention="benign")])
    problem = problem_of(entry)
    assert (problem.line, "intentions" in problem.hint) == (line_of(entry, "intention"), True)


# ---- linked facts -------------------------------------------------------------------------------

LINKED = [attribute for table in BOOK.tables.values() for attribute in table.attributes.values() if attribute.linked]


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        (attribute.name, value, value if attribute.linked == "symmetric" else attribute.values[-1 - place])
        for attribute in LINKED
        for place, value in enumerate(attribute.values)
    ],
)
def test_a_linked_fact_follows_in_the_other_direction(name: str, value: str, other: str) -> None:
    case = case_of(made(relations=[relation(**{name: {"value": value, "note": "n"}})]))
    stated, followed = case.facts[f"norway>canada.{name}"], case.facts[f"canada>norway.{name}"]
    assert (stated.value, stated.origin) == (value, "stated")
    assert (followed.value, followed.origin, followed.via) == (other, "linked", stated.path)
    row = case.memory.get("relation", "canada", "norway")
    assert row is not None
    assert row.fields[name] == other


def test_the_documented_facts_are_linked() -> None:
    assert {(attribute.name, attribute.linked) for attribute in LINKED} == {
        ("relative_power", "inverse"),
        ("proximity", "symmetric"),
        ("ideology_similarity", "symmetric"),
    }


def test_both_directions_may_be_given_if_they_agree() -> None:
    case = case_of(
        made(relations=[relation(relative_power="weaker"), relation("canada", "norway", relative_power="stronger")])
    )
    assert {fact.origin for fact in case.facts.values()} == {"stated"}


@pytest.mark.parametrize(
    ("name", "one", "two"),
    [
        ("relative_power", "weaker", "weaker"),
        ("relative_power", "peer", "stronger"),
        ("proximity", "near", "bordering"),
        ("ideology_similarity", "low", "high"),
        ("relative_power", {"number": "0.1", "measure": "capability_ratio"}, "peer"),
    ],
)
def test_directions_that_contradict_each_other_are_refused_with_both_lines(name: str, one: Any, two: str) -> None:
    for relations in (
        [relation(**{name: one}), relation("canada", "norway", **{name: two})],
        [relation("canada", "norway", **{name: two}), relation(**{name: one})],
    ):
        entry = made(relations=relations)
        problem = problem_of(entry)
        lines = {line_of(entry, f"{name}:"), line_of(entry, f"{name}:", nth=2)}
        named = {int(number) for number in re.findall(r"line (\d+)", problem.message + problem.hint)}
        assert {problem.line} | named == lines
        assert len(lines) == 2


def test_an_unknown_direction_contradicts_nothing() -> None:
    unknown = {"value": "unknown", "note": "n"}
    case_of(made(relations=[relation(proximity="near"), relation("canada", "norway", proximity=unknown)]))


# ---- lists --------------------------------------------------------------------------------------


def support(case: Case, ally: str) -> str:
    row = case.memory.get("support", "norway", ally, "canada")
    assert row is not None
    return row.fields["support"]


def complete(case: Case) -> str:
    row = case.memory.get("coalition", "norway", "canada")
    assert row is not None
    return row.fields["complete"]


def allied(**more: Any) -> Entry:
    states = {**made()["states"], "finland": {}}
    return made(states=states, allies=[{"state": "norway", "against": "canada", **more}])


def test_a_list_of_allies_is_complete_so_those_not_listed_give_no_support() -> None:
    case = case_of(allied(support={"sweden": "likely"}))
    assert (support(case, "sweden"), support(case, "finland"), complete(case)) == ("likely", "none", "yes")
    assert case.facts["norway>finland>canada.support"].origin == "complete list"
    assert case.facts["norway>canada.complete"].origin == "given list"


def test_a_list_of_allies_that_is_said_to_be_incomplete_leaves_the_others_unknown() -> None:
    case = case_of(allied(complete="no", support={"sweden": "likely"}))
    assert (support(case, "sweden"), support(case, "finland"), complete(case)) == ("likely", UNKNOWN, "no")


def test_an_empty_list_of_allies_says_that_nobody_helps() -> None:
    case = case_of(allied(support={}))
    assert (support(case, "sweden"), support(case, "finland"), complete(case)) == ("none", "none", "yes")


def test_without_a_list_support_is_unknown() -> None:
    case = case_of(made(states=allied()["states"]))
    assert (support(case, "sweden"), complete(case)) == (UNKNOWN, UNKNOWN)


def test_saying_only_whether_support_suffices_gives_no_list_of_allies() -> None:
    case = case_of(allied(adequate="no"))
    assert (support(case, "sweden"), support(case, "finland"), complete(case)) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_a_listed_ally_whose_support_is_unknown_is_not_taken_for_none() -> None:
    assert support(case_of(allied(support={"sweden": {"value": "unknown", "note": "n"}})), "sweden") == UNKNOWN


def test_nobody_is_its_own_ally_or_helps_against_itself() -> None:
    for ally in ("norway", "canada", "NO", "020"):
        assert "cannot be an ally" in problem_of(allied(support={ally: "none"})).message


def test_links_that_are_complete_leave_no_other_link() -> None:
    links = {"aid": [{"donor": "canada", "recipient": "norway", "aid": "high"}], "complete": ["aid"]}
    case = case_of(made(links=links))
    given_, other = case.memory.get("aid", "canada", "norway"), case.memory.get("aid", "norway", "canada")
    assert given_ is not None
    assert other is not None
    assert (given_.fields["aid"], other.fields["aid"]) == ("high", "none")
    assert other.fields["monopoly"] == UNKNOWN
    assert case.facts["norway>canada.aid"].origin == "complete list"
    penetration = case.memory.get("penetration", "norway", "canada")
    assert penetration is not None
    assert penetration.fields["access"] == UNKNOWN


def test_links_that_are_not_said_to_be_complete_leave_the_others_unknown() -> None:
    case = case_of(made(links={"aid": [{"donor": "canada", "recipient": "norway", "aid": "high"}]}))
    other = case.memory.get("aid", "norway", "canada")
    assert other is not None
    assert other.fields["aid"] == UNKNOWN


def test_a_listed_link_that_says_nothing_of_its_size_is_not_taken_for_none() -> None:
    links = {"aid": [{"donor": "canada", "recipient": "norway", "monopoly": "sole"}], "complete": ["aid"]}
    row = case_of(made(links=links)).memory.get("aid", "canada", "norway")
    assert row is not None
    assert row.fields["aid"] == UNKNOWN


def test_only_kinds_of_links_can_be_complete() -> None:
    assert "aid" in problem_of(made(links={"complete": ["ayd"]})).hint


# ---- numbers ------------------------------------------------------------------------------------

PLACES = {
    "state": lambda fact: {"states": {**made()["states"], "norway": fact}},
    "relation": lambda fact: {"relations": [relation(**fact)]},
    "aid": lambda fact: {"links": {"aid": [{"donor": "norway", "recipient": "canada", **fact}]}},
}
ADDRESSES = {"state": "norway", "relation": "norway>canada", "aid": "norway>canada"}
MEASURES = sorted(BOOK.measures)


def measured(measure: str, number: str) -> Entry:
    attribute = BOOK.measures[measure].attribute
    table = next(t.name for t in BOOK.tables.values() if attribute in t.attributes and not t.derived)
    return made(**PLACES[table]({attribute: {"number": number, "measure": measure}}))


def value_of(measure: str, number: str) -> str:
    attribute = BOOK.measures[measure].attribute
    table = next(t.name for t in BOOK.tables.values() if attribute in t.attributes and not t.derived)
    fact = case_of(measured(measure, number)).facts[f"{ADDRESSES[table]}.{attribute}"]
    assert fact.classified is not None
    assert fact.classified.number == number
    assert fact.classified.measure == BOOK.measures[measure]
    assert fact.classified.cut.least <= Fraction(number)
    assert fact.classified.cut.value == fact.value
    return fact.value


def scale(measure: str) -> tuple[str, ...]:
    name = BOOK.measures[measure].attribute
    return next(t.attributes[name].values for t in BOOK.tables.values() if name in t.attributes and not t.derived)


def plainly(number: Fraction | Decimal) -> str:
    """A number in digits, as a case file writes it."""
    return f"{Decimal(number.numerator) / Decimal(number.denominator):.12f}".rstrip("0").rstrip(".")


@pytest.mark.parametrize(("measure", "place"), [(m, p) for m in MEASURES for p in range(len(BOOK.measures[m].cuts))])
def test_a_value_begins_exactly_at_its_cut_point(measure: str, place: int) -> None:
    cuts = BOOK.measures[measure].cuts
    at_it = BOOK.measures[measure].classify(cuts[place].least)
    assert at_it is (cuts[place - 1] if cuts[place].exclusive else cuts[place])
    just_above = min(cuts[place].least + Fraction(1, 10**9), BOOK.measures[measure].highest)
    assert value_of(measure, plainly(just_above)) == cuts[place].value
    if place:
        assert value_of(measure, plainly(cuts[place].least - Fraction(1, 10**9))) == cuts[place - 1].value


@pytest.mark.parametrize("measure", MEASURES)
def test_the_values_of_a_measure_go_one_way_along_the_scale(measure: str) -> None:
    steps = [scale(measure).index(cut.value) for cut in BOOK.measures[measure].cuts]
    assert steps in (sorted(set(steps)), sorted(set(steps), reverse=True))


@steady
@given(st.sampled_from(MEASURES), st.data())
def test_a_value_is_monotone_in_the_number(measure: str, data: st.DataObject) -> None:
    highest = int(BOOK.measures[measure].highest)
    numbers = st.decimals(0, highest, places=6).map(lambda number: f"{number:f}")
    cuts = st.sampled_from([plainly(cut.least) for cut in BOOK.measures[measure].cuts])
    low, high = sorted(data.draw(st.lists(numbers | cuts, min_size=2, max_size=2)), key=Fraction)
    steps = [scale(measure).index(value_of(measure, number)) for number in (low, high)]
    rising = scale(measure).index(BOOK.measures[measure].cuts[-1].value) > scale(measure).index(
        BOOK.measures[measure].cuts[0].value
    )
    assert steps == sorted(steps, reverse=not rising)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_number_beyond_the_range_of_its_measure_is_refused(measure: str) -> None:
    highest = BOOK.measures[measure].highest
    assert value_of(measure, plainly(highest))
    entry = measured(measure, plainly(highest + Fraction(1, 1000)))
    problem = problem_of(entry)
    assert "range" in problem.message
    assert problem.line == line_of(entry, "number:")


@pytest.mark.parametrize(
    "number", ["-1", "1e3", "0x10", "1,5", ".5", "5.", "", " 1", "1 ", "1_000", "inf", "nan", "٣", "1/2", "9" * 13]
)
def test_what_is_not_a_plain_number_is_refused(number: str) -> None:
    entry = measured("capability_ratio", number)
    assert problem_of(entry).line == line_of(entry, "number:")


def test_a_number_needs_a_measure_of_its_fact_and_a_measure_a_number() -> None:
    problem = problem_of(made(relations=[relation(proximity={"number": "1"})]))
    assert "kilometres" in problem.hint
    problem = problem_of(made(relations=[relation(proximity={"number": "1", "measure": "kilometers"})]))
    assert "did you mean 'kilometres'" in problem.hint
    problem_of(made(relations=[relation(proximity={"value": "near", "measure": "kilometres"})]))


def test_a_linked_fact_follows_a_number_too() -> None:
    case = case_of(measured("capability_ratio", "0.1"))
    assert case.facts["norway>canada.relative_power"].value == "much_weaker"
    followed = case.facts["canada>norway.relative_power"]
    assert (followed.value, followed.origin) == ("much_stronger", "linked")


# ---- what cannot be true together ---------------------------------------------------------------


def war(**facts: Any) -> list[Entry]:
    return [{"id": "w", "sides": {"x": ["norway"], "y": ["canada"]}, **facts}]


ILLEGAL: list[tuple[Entry, Entry]] = [
    (
        {"situation": {"phase": "peace"}, "wars": war(side_ahead="x", closeness_to_victory="low")},
        {"situation": {"phase": "crisis"}, "wars": war(side_ahead="x", closeness_to_victory="low")},
    ),
    (
        {"situation": {"phase": "peace_restored"}, "wars": war(side_ahead="y")},
        {"situation": {"phase": "peace_restored"}, "wars": war(side_ahead="none")},
    ),
    (
        {"wars": war(side_ahead="none", closeness_to_victory="low")},
        {"wars": war(side_ahead="none", closeness_to_victory="none")},
    ),
    (
        {"wars": war(side_ahead="unclear", closeness_to_victory="high")},
        {"wars": war(side_ahead="x", closeness_to_victory="high")},
    ),
    (
        {"wars": war(phase="near_decision", side_ahead="x", closeness_to_victory="none")},
        {"wars": war(phase="near_decision", side_ahead="x", closeness_to_victory="low")},
    ),
    (
        {"states": {"a": {"power_rank": "weak", "potential_hegemon": "yes"}, "b": {}}},
        {"states": {"a": {"power_rank": "middle", "potential_hegemon": "yes"}, "b": {}}},
    ),
    (
        {
            "states": {
                "a": {"power_rank": {"number": "0.001", "measure": "cinc_share"}, "potential_hegemon": "yes"},
                "b": {},
            }
        },
        {"states": {"a": {"power_rank": "weak", "potential_hegemon": "no"}, "b": {}}},
    ),
    (
        {
            "links": {
                "penetration": [
                    {"penetrator": "norway", "target": "canada", "access": "none", "intrusiveness": "moderate"}
                ]
            }
        },
        {
            "links": {
                "penetration": [{"penetrator": "norway", "target": "canada", "access": "none", "intrusiveness": "low"}]
            }
        },
    ),
    (
        {
            "links": {
                "penetration": [{"penetrator": "norway", "target": "canada", "access": "none", "intrusiveness": "high"}]
            }
        },
        {"links": {"penetration": [{"penetrator": "norway", "target": "canada", "intrusiveness": "high"}]}},
    ),
]


@pytest.mark.parametrize(("illegal", "legal"), ILLEGAL)
def test_facts_that_cannot_be_true_together_are_refused_and_their_neighbours_are_not(
    illegal: Entry, legal: Entry
) -> None:
    assert problems_of(made(**illegal))
    case_of(made(**legal))


def test_every_illegal_combination_of_the_book_is_among_these_examples() -> None:
    told = [problem.message for illegal, _ in ILLEGAL for problem in problems_of(made(**illegal))]
    for entry in BOOK.illegal:
        pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(entry.message))
        assert any(re.fullmatch(pattern, message) for message in told), entry.message


def test_an_illegal_combination_is_told_in_the_names_of_the_case() -> None:
    states = {"a": {"name": "Atlantis", "power_rank": "weak", "potential_hegemon": "yes"}, "b": {}}
    entry = made(states=states)
    problem = problem_of(entry)
    assert "Atlantis" in problem.message
    assert problem.line in (line_of(entry, "power_rank"), line_of(entry, "potential_hegemon"))


@pytest.mark.parametrize(
    "part",
    [
        {"relations": [relation("norway", "norway", intentions="aggressive")]},
        {"relations": [relation("norway", "NO")]},
        {"relations": [relation("020", "20")]},
        {"allies": [{"state": "norway", "against": "385"}]},
        {"links": {"aid": [{"donor": "CAN", "recipient": "canada", "aid": "low"}]}},
        {"links": {"penetration": [{"penetrator": "sweden", "target": "Sweden", "access": "limited"}]}},
    ],
)
def test_no_state_threatens_helps_or_penetrates_itself(part: Entry) -> None:
    assert "same state" in problem_of(made(**part)).message


# ---- things said twice --------------------------------------------------------------------------

TWICE: dict[str, Entry] = {
    "a relation": {"relations": [relation(intentions="benign"), relation(intentions="aggressive")]},
    "a relation by other names": {"relations": [relation(proximity="near"), relation("385", "CAN", proximity="near")]},
    "a relation of other facts": {"relations": [relation(proximity="near"), relation("NO", "20", commitment="none")]},
    "a list of allies": {"allies": [
        {"state": "norway", "against": "canada", "support": {"sweden": "likely"}},
        {"state": "NO", "against": "020", "support": {}},
    ]},
    "an ally by other names": {
        "states": {**made()["states"], "finland": {"name": "Suomi"}},
        "allies": [{"state": "norway", "against": "canada", "support": {"finland": "likely", "Suomi": "none"}}],
    },
    "an aid link": {"links": {"aid": [
        {"donor": "norway", "recipient": "canada", "aid": "low"},
        {"donor": "385", "recipient": "CAN", "monopoly": "sole"},
    ]}},
    "a penetration": {"links": {"penetration": [
        {"penetrator": "norway", "target": "canada", "access": "none"},
        {"penetrator": "norway", "target": "20", "objectives": "limited"},
    ]}},
    "a state in the focus": {"focus": ["norway", "NO"]},
    "a member of a side": {"wars": [{"id": "w", "sides": {"x": ["norway", "385"], "y": ["canada"]}}]},
    "a state on two sides": {"wars": [{"id": "w", "sides": {"x": ["norway"], "y": ["canada", "NO"]}}]},
}  # fmt: skip


@pytest.mark.parametrize("part", TWICE.values(), ids=TWICE.keys())
def test_what_stands_twice_is_refused_whatever_it_is_called(part: Entry) -> None:
    assert problems_of(made(**part))


@pytest.mark.parametrize("part", TWICE.values(), ids=TWICE.keys())
def test_what_stands_twice_is_refused_in_whatever_lines_it_stands(part: Entry) -> None:
    assert problems_of(json.dumps(made(**part)))


def test_a_second_entry_names_the_line_of_the_first() -> None:
    entry = made(relations=[relation(intentions="benign"), relation("385", "CAN", commitment="none")])
    problem = problem_of(entry)
    assert problem.line == line_of(entry, "- state:", nth=2)
    assert f"line {line_of(entry, '- state:')}" in problem.hint


# ---- wars ---------------------------------------------------------------------------------------


def test_the_side_ahead_is_a_side_of_its_own_war() -> None:
    entry = made(wars=war(side_ahead="xx"))
    problem = problem_of(entry)
    assert "'xx'" in problem.message
    assert "did you mean 'x'" in problem.hint
    assert problem.line == line_of(entry, "side_ahead")


@pytest.mark.parametrize("ahead", ["x", "none", "unclear", "unknown"])
def test_the_side_ahead_may_be_nobody_unclear_or_unknown(ahead: str) -> None:
    row = case_of(made(wars=war(side_ahead=ahead))).memory.get("war", "w")
    assert row is not None
    assert row.fields["side_ahead"] == ("w.x" if ahead == "x" else ahead)


def test_two_wars_may_call_their_sides_alike() -> None:
    first = {"id": "one", "sides": {"x": ["norway"], "y": ["canada"]}, "side_ahead": "x"}
    second = {"id": "two", "sides": {"x": ["sweden"], "y": ["norway"]}, "side_ahead": "x"}
    case = case_of(made(wars=[first, second]))
    assert case.facts["one.side_ahead"].value != case.facts["two.side_ahead"].value
    members = {tuple(row.fields.values()) for row in case.memory.all("member")}
    assert ("one", case.facts["one.side_ahead"].value, "norway") in members
    assert ("two", case.facts["two.side_ahead"].value, "sweden") in members
    assert len(members) == 4


def test_a_side_of_another_war_is_not_ahead_in_this_one() -> None:
    wars = [
        {"id": "one", "sides": {"x": ["norway"], "y": ["canada"]}},
        {"id": "two", "sides": {"v": ["norway"], "w": ["canada"]}, "side_ahead": "x"},
    ]
    assert "no side of this war" in problem_of(made(wars=wars)).message


def test_a_war_has_at_least_two_sides_and_each_has_members() -> None:
    assert "at least 2" in problem_of(made(wars=[{"id": "w", "sides": {"x": ["norway"]}}])).message
    assert "no members" in problem_of(made(wars=[{"id": "w", "sides": {"x": ["norway"], "y": []}}])).message


# ---- focus and what happened --------------------------------------------------------------------


def test_without_a_focus_every_state_is_in_question() -> None:
    assert case_of(made()).focus == ("canada", "norway", "sweden")


def observed(**more: Any) -> list[Entry]:
    seen = {
        "state": "NO", "posture": "balance", "toward": ["CAN"], "with": "sweden", "what": "It did.",
        "classified_by": {"who": "me"}, "confidence": "high",
    }  # fmt: skip
    return [{**seen, **more}]


def test_what_happened_changes_no_row_of_memory() -> None:
    facts = {"relations": [relation(intentions="aggressive", proximity="near")]}
    without = case_of(made(**facts))
    for seen in (observed(), observed(posture="bandwagon"), observed(state="canada", toward=[], what="Nothing.")):
        case = case_of(made(**facts, observed=seen))
        assert case.observed
        assert case.memory.every() == without.memory.every()
        assert case.facts.keys() == without.facts.keys()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_row_of_a_bundled_case_comes_from_what_happened(path: Path) -> None:
    document = read(path)
    case = read_case(document, BOOK)
    blind = copy.deepcopy(document)
    blind.data.pop("observed", None)
    assert read_case(blind, BOOK).memory.every() == case.memory.every()


def test_what_happened_cites_sources_of_the_case() -> None:
    assert "s9" in problem_of(made(observed=observed(classified_by={"who": "me", "source": "s9"}))).message


# ---- all at once --------------------------------------------------------------------------------


def test_everything_that_is_written_wrongly_is_reported_at_once_in_order() -> None:
    entry = made(
        kind="historic",
        relations=[relation(intentions="agressive"), relation("norway", "sweden", proximty="near")],
        focus="norway",
        extra="x",
    )
    del entry["title"]
    expected = {line_of(entry, text) for text in ("historic", "agressive", "proximty", "focus", "extra")}
    problems = problems_of(entry)
    assert expected <= {problem.line for problem in problems}
    assert any("'title' is missing" in problem.message for problem in problems)
    assert len(problems) == 6


def test_everything_that_cannot_be_meant_is_reported_at_once_in_order() -> None:
    entry = made(
        relations=[relation("norwy"), relation("norway", "385"), relation(proximity={"value": "near", "source": "s9"})],
        allies=[{"state": "sweden", "against": "norway", "support": {"danmark": "likely"}}],
        wars=[{"id": "w", "sides": {"x": ["norway"], "y": ["NO"]}, "side_ahead": "z"}],
        focus=["atlantis"],
    )
    expected = {
        line_of(entry, "norwy"), line_of(entry, "- state: norway"), line_of(entry, "s9"), line_of(entry, "danmark"),
        line_of(entry, "- 'NO'"), line_of(entry, "side_ahead"), line_of(entry, "atlantis"),
    }  # fmt: skip
    assert [problem.line for problem in problems_of(entry)] == sorted(expected)
    assert len(expected) == 7


def test_what_is_written_wrongly_hides_nothing_that_cannot_be_meant() -> None:
    entry = made(
        relations=[relation(intentions="agressive"), relation("norwy")],
        allies=[{"state": "sweden", "against": "norway", "support": {"danmark": "likely", "canada": "liekly"}}],
        focus=["atlantis"],
    )
    expected = [line_of(entry, text) for text in ("agressive", "norwy", "danmark", "liekly", "atlantis")]
    assert [problem.line for problem in problems_of(entry)] == sorted(expected)


@pytest.mark.parametrize("text", ["a text\n", "[a, list]\n", "''\n", "{}\n", "- foedus: 1\n"])
def test_what_is_no_case_at_all_is_refused(text: str) -> None:
    assert problems_of(text)


@pytest.mark.parametrize("version", ["2", "1.0", "", "one"])
def test_another_version_of_the_format_is_refused(version: str) -> None:
    assert problem_of(made(foedus=version)).line == 1


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_bundled_case_is_read(path: Path) -> None:
    case = read_case(read(path), BOOK)
    assert set(case.focus) <= set(case.states)
    assert all(fact.line > 0 for fact in case.facts.values())


def test_bundled_cases_are_found() -> None:
    assert len(CASES) >= 10


# ---- the JSON Schema ----------------------------------------------------------------------------


def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(json.dumps(case_schema(BOOK)))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_schema_accepts_every_bundled_case_as_a_plain_yaml_reader_sees_it(path: Path) -> None:
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert [f"{error.json_path}: {error.message[:80]}" for error in validator().iter_errors(data)] == []


ACCEPTED: dict[str, Entry] = {
    "a minimal case": {},
    "a plain fact": {"relations": [relation(intentions="benign")]},
    "an unknown fact": {"relations": [relation(intentions="unknown")]},
    "an annotated fact": {"relations": [relation(intentions={"value": "benign", "confidence": "low"})]},
    "a number": {"relations": [relation(proximity={"number": "12.5", "measure": "kilometres"})]},
    "one source": {
        "sources": {"s1": {"title": "t"}},
        "relations": [relation(intentions={"value": "benign", "source": "s1"})],
    },
    "several sources": {
        "sources": {"s1": {"title": "t"}},
        "relations": [relation(intentions={"value": "benign", "source": ["s1"]})],
    },
    "a side ahead": {"wars": war(side_ahead="x")},
    "what happened, in lists": {"observed": observed(**{"with": ["sweden"]})},
    "what happened, in single names": {"observed": observed(toward="CAN")},
    "one kind of complete links": {"links": {"complete": "aid"}},
}


@pytest.mark.parametrize("part", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_the_schema_accepts_what_the_reader_accepts(part: Entry) -> None:
    entry = made(**part)
    case_of(entry)
    assert [error.message for error in validator().iter_errors(entry)] == []


REJECTED: dict[str, Entry] = {
    "an unknown field": {"extra": "x"},
    "a wrong version": {"foedus": "2"},
    "a number for a version": {"foedus": 1},
    "a wrong kind": {"kind": "historic"},
    "too few states": {"states": {"a": {}}},
    "too many states": {"states": {f"s{n}": {} for n in range(MAX_STATES + 1)}},
    "an identifier in capitals": {"states": {"Norway": {}, "b": {}}},
    "a wrong value": {"relations": [relation(intentions="agressive")]},
    "a wrong annotated value": {"relations": [relation(intentions={"value": "agressive"})]},
    "a value of another fact": {"relations": [relation(intentions="near")]},
    "a measure of another fact": {"relations": [relation(proximity={"number": "1", "measure": "cinc_share"})]},
    "a number in letters": {"relations": [relation(proximity={"number": "one", "measure": "kilometres"})]},
    "an unknown annotation": {"relations": [relation(proximity={"value": "near", "sure": "yes"})]},
    "an unknown fact": {"relations": [relation(intention="benign")]},
    "a relation without its other": {"relations": [{"state": "norway"}]},
    "a wrong reliability": {"relations": [relation(proximity={"value": "near", "reliability": "Z9"})]},
    "a wrong ideology": {"states": {"a": {"ideology": "anarchism"}, "b": {}}},
    "a wrong code": {"states": {"a": {"codes": {"iso": "no"}}, "b": {}}},
    "a war of one side": {"wars": [{"id": "w", "sides": {"x": ["norway"]}}]},
    "a wrong kind of links": {"links": {"complete": ["ayd"]}},
    "a wrong posture": {"observed": observed(posture="appease")},
}


@pytest.mark.parametrize("part", REJECTED.values(), ids=REJECTED.keys())
def test_the_schema_rejects_what_the_reader_refuses(part: Entry) -> None:
    entry = made(**part)
    if isinstance(entry["foedus"], str):
        problems_of(json.dumps(entry))
    assert list(validator().iter_errors(entry))
