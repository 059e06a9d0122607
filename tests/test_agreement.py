"""Agreement between coders: percent, kappa and weighted kappa, on small tables that can be checked by hand."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import foedus
import pytest
from click.testing import CliRunner
from foedus.agreement import MIN_PAIRS, NotTheSame, agreement, kappa
from foedus.casework import paired
from foedus.cli import app
from foedus.library import shipped_book
from hypothesis import given, settings
from hypothesis import strategies as st

BOOK = shipped_book()
SCALE = ("none", "low", "moderate", "high")
CODES = st.lists(st.tuples(st.sampled_from(SCALE), st.sampled_from(SCALE)), min_size=1, max_size=40)


def case(**facts: Any) -> dict[str, Any]:
    states: dict[str, Any] = {"norway": {}, "sweden": {}}
    relation = {"state": "norway", "other": "sweden", **facts}
    return {"foedus": "1", "title": "t", "kind": "historical", "states": states, "relations": [relation]}


def compared(first: dict[str, Any], second: dict[str, Any], **options: Any) -> Any:
    pair = (foedus.load_case(first, book=BOOK), foedus.load_case(second, book=BOOK))
    return agreement([pair], BOOK, **options)


def test_kappa_of_the_codebooks_example() -> None:
    pairs = [("no", "no")] * 11 + [("yes", "yes")] * 7 + [("no", "yes"), ("yes", "no")]
    assert kappa(pairs, ("no", "yes"), weighted=False) == Fraction(38, 48)


def test_kappa_is_one_for_coders_who_agree_and_nought_for_one_who_never_varies() -> None:
    assert kappa([("none", "none"), ("high", "high")], SCALE, weighted=True) == 1
    assert kappa([("none", "high"), ("high", "high")], SCALE, weighted=False) == 0


def test_kappa_says_nothing_where_one_value_fills_all_pairs() -> None:
    assert kappa([("low", "low")] * 5, SCALE, weighted=False) is None


def test_a_far_miss_weighs_more_than_a_near_one() -> None:
    same = [("none", "none"), ("high", "high"), ("low", "low")]
    near = kappa([*same, ("none", "low"), ("low", "none")], SCALE, weighted=True)
    far = kappa([*same, ("none", "high"), ("high", "none")], SCALE, weighted=True)
    assert near is not None
    assert far is not None
    assert near > far


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CODES)
def test_kappa_is_at_most_one_and_the_same_for_both_coders(pairs: list[tuple[str, str]]) -> None:
    for weighted in (False, True):
        value = kappa(pairs, SCALE, weighted=weighted)
        assert value == kappa([(b, a) for a, b in pairs], SCALE, weighted=weighted)
        assert value is None or value <= 1
        assert (value == 1) == (value is not None and all(a == b for a, b in pairs))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(("no", "yes")), st.sampled_from(("no", "yes"))), min_size=1, max_size=30))
def test_on_two_values_weighted_and_plain_kappa_are_the_same(pairs: list[tuple[str, str]]) -> None:
    assert kappa(pairs, ("no", "yes"), weighted=True) == kappa(pairs, ("no", "yes"), weighted=False)


def test_equal_codes_differences_and_other_readings_are_counted() -> None:
    first = case(intentions="benign", commitment="none", offensive_power={"value": "low", "other_reading": "high"})
    second = case(intentions="ambiguous", commitment="none", offensive_power="high", spoils_on_offer="no")
    found = compared(first, second)
    assert (found.pairs, found.equal, found.within_readings, found.one_only) == (3, 1, 2, 1)
    assert [(d.fact.rpartition(".")[2], d.first, d.second) for d in found.differences] == [
        ("intentions", "benign", "ambiguous"),
        ("offensive_power", "low", "high"),
    ]


def test_a_linked_fact_is_one_pair_whichever_direction_each_coder_gave() -> None:
    first = case(relative_power="weaker")
    second = {**case(), "relations": [{"state": "sweden", "other": "norway", "relative_power": "stronger"}]}
    found = compared(first, second)
    assert (found.pairs, found.equal) == (1, 1)


def test_numbers_that_both_took_from_data_are_no_pair() -> None:
    number = {"number": "0.2", "measure": "capability_ratio"}
    found = compared(case(relative_power=number), case(relative_power=number))
    assert found.pairs == 0
    assert found.attributes[0].by_number == 1
    assert compared(case(relative_power=number), case(relative_power="much_weaker")).equal == 1


def test_a_fact_that_one_coder_calls_unknown_is_not_compared() -> None:
    found = compared(case(intentions="benign"), case(intentions="unknown"))
    assert (found.pairs, found.one_only) == (0, 1)


def test_kappa_is_given_from_enough_pairs_on() -> None:
    first, second = case(intentions="benign"), case(intentions="ambiguous")
    assert compared(first, second).attributes[0].kappa is None
    assert compared(first, second, min_pairs=1).attributes[0].kappa == "0"


def test_files_about_different_states_are_refused() -> None:
    other = {**case(), "states": {"norway": {}, "denmark": {}}, "relations": []}
    with pytest.raises(NotTheSame, match="denmark, sweden"):
        compared(case(), other)


def test_the_command_compares_files_and_folders(tmp_path: Path) -> None:
    for name, facts in (("first", {"intentions": "benign"}), ("second", {"intentions": "aggressive"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.yaml").write_text(json.dumps(case(**facts)), "utf-8")
    whole = CliRunner().invoke(app, ["cases", "agree", str(tmp_path / "first"), str(tmp_path / "second")])
    assert whole.exit_code == 0
    assert "Coded differently" in whole.output
    files = [str(tmp_path / name / "c.yaml") for name in ("first", "second")]
    printed = CliRunner().invoke(app, ["cases", "agree", *files, "--format", "json"])
    assert json.loads(printed.output)["pairs"] == 1
    mixed = CliRunner().invoke(app, ["cases", "agree", files[0], str(tmp_path / "second")])
    assert isinstance(mixed.exception, NotTheSame)


# ---- what the codebook says was measured --------------------------------------------------------

ROOT = Path(__file__).parent.parent
SECOND = Path(__file__).parent / "second_coder"
CODEBOOK = " ".join((ROOT / "cases" / "CODING.md").read_text("utf-8").split())


def test_the_agreement_on_facts_that_the_codebook_states_is_that_of_the_two_coders_files() -> None:
    found = agreement(paired(ROOT / "cases", SECOND, BOOK), BOOK)
    assert found.cases == ["chile_1836", "nordic_2022"]
    share = round(found.equal / found.pairs, 2)
    stated = (
        f"Both coded {found.pairs} facts; {found.equal} have the same code ({share:.2f}), {found.within_readings} if"
    )
    assert stated in CODEBOOK
    enough = [a for a in found.attributes if a.pairs >= MIN_PAIRS]
    assert [(a.attribute, a.kappa, a.weighted_kappa) for a in enough] == [("support.support", "1", "1")]


def test_the_agreement_on_what_happened_that_the_codebook_states_is_that_of_the_two_classifications() -> None:
    with (SECOND / "observed.csv").open(encoding="utf-8", newline="") as stream:
        second = {(row["case"], row["state"]): row["posture"] for row in csv.DictReader(stream)}
    first = {
        (case.name, seen.state): seen.posture
        for case in (foedus.load_case(path, book=BOOK) for path in sorted((ROOT / "cases").glob("*.yaml")))
        for seen in case.observed
    }
    pairs = [(first[key], second[key]) for key in sorted(second)]
    same = sum(a == b for a, b in pairs)
    value = kappa(pairs, ("balance", "bandwagon", "free-ride", "none"), weighted=False)
    assert value is not None
    stated = f"The same posture for {same} ({same / len(pairs):.2f}), kappa {float(value):.2f}"
    assert stated in CODEBOOK
    assert f"{len(pairs)} states of {len({case for case, _ in second})} cases" in CODEBOOK
