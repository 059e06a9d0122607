"""Scores: measures by hand and by law, outcomes, and why a verdict misses what happened."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from foedus import casework
from foedus.api import bundled, load_case
from foedus.assembly import assemble
from foedus.book import MAIN, Program, RuleBook
from foedus.case import Case, Impossible, cells, changed
from foedus.casefile import ObservedEntry
from foedus.inference import infer
from foedus.library import shipped_book
from foedus.problems import InputError
from foedus.record import DIVIDED, NONE, TIE, Record
from foedus.render.markdown import render as to_markdown
from foedus.render.scores import outcomes_csv
from foedus.render.scores import score as score_page
from foedus.scoring.causes import Causes
from foedus.scoring.measures import (
    Confusion,
    accuracy,
    balanced_accuracy,
    confusion,
    intervals,
    macro_f1,
)
from foedus.scoring.outcomes import alignment_of, outcome, said, targets
from foedus.scoring.results import Cause, Miss, Outcome, Score
from foedus.scoring.tally import GivenTwice, NothingObserved
from foedus.terms import UNKNOWN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from oracle import BASE, as_yaml, case_of, pack, random_crisis, random_rules, value_of, with_tables_of

BOOK = shipped_book()
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
STEADY = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
KINDS = ("balance", "bandwagon", "free-ride", "none")
CONCLUDED = (*KINDS, TIE, DIVIDED)
MEASURES = (accuracy, balanced_accuracy, macro_f1)

pairs = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(CONCLUDED)), min_size=1, max_size=30)


# ---- measures -----------------------------------------------------------------------------------

EXAMPLE = confusion(
    [("balance", "balance")] * 6
    + [("balance", "bandwagon")] * 2
    + [("bandwagon", "bandwagon")]
    + [("bandwagon", "balance")] * 2
    + [("bandwagon", "tie")]
)
"""Eight that balanced, four that bandwagoned; seven hits."""


def test_measures_are_what_is_reckoned_by_hand() -> None:
    assert accuracy(EXAMPLE) == Fraction(7, 12)
    assert balanced_accuracy(EXAMPLE) == (Fraction(6, 8) + Fraction(1, 4)) / 2
    # precision and recall: balance 6/8 and 6/8; bandwagon 1/3 and 1/4
    f1_bandwagon = 2 * Fraction(1, 3) * Fraction(1, 4) / (Fraction(1, 3) + Fraction(1, 4))
    assert macro_f1(EXAMPLE) == (Fraction(6, 8) + f1_bandwagon) / 2


def test_a_posture_that_is_never_hit_has_no_f1() -> None:
    assert macro_f1(confusion([("balance", "balance"), ("none", "tie")])) == Fraction(1, 2)
    assert macro_f1(confusion([("balance", "none"), ("none", "balance")])) == 0


def test_a_posture_that_is_only_concluded_lowers_the_others_and_has_no_share_of_its_own() -> None:
    counts = confusion([("balance", "balance"), ("balance", "free-ride")])
    assert balanced_accuracy(counts) == Fraction(1, 2)
    assert macro_f1(counts) == Fraction(2, 3)


def test_there_is_no_measure_of_nothing() -> None:
    assert [measure(confusion([])) for measure in MEASURES] == [None, None, None]


@STEADY
@given(pairs)
def test_measures_lie_between_none_and_all(found: list[tuple[str, str]]) -> None:
    for measure in MEASURES:
        value = measure(confusion(found))
        assert value is not None
        assert 0 <= value <= 1


@STEADY
@given(pairs)
def test_measures_are_one_if_and_only_if_everything_is_hit(found: list[tuple[str, str]]) -> None:
    for measure in MEASURES:
        assert measure(confusion([(seen, seen) for seen, _ in found])) == 1
        assert (measure(confusion(found)) == 1) == all(seen == said for seen, said in found)
        assert (measure(confusion(found)) == 0) == all(seen != said for seen, said in found)


@STEADY
@given(pairs, st.sampled_from(KINDS))
def test_always_saying_the_same_is_right_for_one_in_as_many_postures_as_were_observed(
    found: list[tuple[str, str]], constant: str
) -> None:
    seen = [kind for kind, _ in found]
    counts = confusion((kind, constant) for kind in seen)
    assert balanced_accuracy(counts) == (Fraction(1, len(set(seen))) if constant in seen else 0)
    assert accuracy(counts) == Fraction(seen.count(constant), len(seen))


@STEADY
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_outcomes_changes_no_measure(found: list[tuple[str, str]], rng: random.Random) -> None:
    mixed = rng.sample(found, len(found))
    assert [measure(confusion(mixed)) for measure in MEASURES] == [measure(confusion(found)) for measure in MEASURES]


@STEADY
@given(pairs, st.permutations(KINDS))
def test_the_names_of_postures_change_no_measure(found: list[tuple[str, str]], order: list[str]) -> None:
    named = dict(zip(KINDS, order, strict=True))
    renamed = [(named[seen], named.get(said, said)) for seen, said in found]
    assert [measure(confusion(renamed)) for measure in MEASURES] == [measure(confusion(found)) for measure in MEASURES]


@STEADY
@given(pairs, st.sampled_from([TIE, DIVIDED]))
def test_a_tie_and_a_divided_verdict_are_never_a_hit(found: list[tuple[str, str]], open_: str) -> None:
    before = confusion(found)
    after = confusion([*found, ("balance", open_)])
    hits = sum(number for (seen, said), number in before.items() if seen == said)
    assert accuracy(after) == Fraction(hits, len(found) + 1)
    for measure in MEASURES:
        assert (measure(after) or 0) <= (measure(before) or 0) or "balance" not in {seen for seen, _ in found}


@STEADY
@given(pairs)
def test_the_number_of_copies_of_every_outcome_changes_no_measure(found: list[tuple[str, str]]) -> None:
    for measure in MEASURES:
        assert measure(confusion(found * 3)) == measure(confusion(found))


# ---- intervals ----------------------------------------------------------------------------------

by_cases = st.lists(pairs.map(confusion), min_size=2, max_size=12)


@settings(STEADY, max_examples=40)
@given(by_cases, st.integers(0, 1000), st.integers(1, 60))
def test_the_same_seed_gives_the_same_interval_and_the_order_of_its_ends_is_right(
    found: list[Confusion], seed: int, resamples: int
) -> None:
    once, again = (intervals(found, MEASURES, resamples, seed) for _ in range(2))
    assert once == again
    for interval in once:
        assert interval is not None
        assert 0 <= interval[0] <= interval[1] <= 1


@settings(STEADY, max_examples=40)
@given(by_cases, st.integers(0, 1000), st.integers(1, 300))
def test_an_interval_is_the_middle_95_per_cent_of_what_was_drawn(
    found: list[Confusion], seed: int, resamples: int
) -> None:
    drawn: list[Fraction] = []

    def watched(counts: Confusion) -> Fraction | None:
        value = accuracy(counts)
        assert value is not None
        drawn.append(value)
        return value

    (interval,) = intervals(found, [watched], resamples, seed)
    assert interval is not None
    low, high = interval
    assert len(drawn) == resamples
    ranked = sorted(drawn)
    assert low in ranked
    assert high in ranked
    assert low <= ranked[(len(ranked) - 1) // 2] <= high, "the middle of what was drawn"
    inside = sum(low <= value <= high for value in ranked)
    assert Fraction(inside, len(ranked)) >= Fraction(95, 100)
    assert Fraction(sum(value < low for value in ranked), len(ranked)) < Fraction(25, 1000)
    assert Fraction(sum(value > high for value in ranked), len(ranked)) <= Fraction(25, 1000)


@settings(STEADY, max_examples=30)
@given(st.lists(pairs, min_size=2, max_size=6), st.integers(0, 100))
def test_whole_cases_are_drawn(found: list[list[tuple[str, str]]], seed: int) -> None:
    """What was drawn is always the sum of as many whole cases as there are."""
    by_case = [confusion(entries) for entries in found]
    sizes = {len(entries) for entries in found}
    totals: list[int] = []

    def watched(counts: Confusion) -> Fraction | None:
        totals.append(sum(counts.values()))
        return None

    assert intervals(by_case, [watched], 20, seed) == [None]
    assert len(totals) == 20
    assert all(len(found) * min(sizes) <= total <= len(found) * max(sizes) for total in totals)


@given(pairs.map(confusion), st.integers(0, 1000))
@STEADY
def test_cases_that_are_all_alike_have_an_interval_without_width(counts: Confusion, seed: int) -> None:
    for measure, interval in zip(MEASURES, intervals([counts] * 5, MEASURES, 30, seed), strict=True):
        assert interval == (measure(counts), measure(counts))


@STEADY
@given(pairs.map(confusion), st.integers(0, 5000))
def test_one_case_and_no_resamples_give_no_interval(counts: Confusion, resamples: int) -> None:
    assert intervals([counts], MEASURES, resamples, 1) == [None, None, None]
    assert intervals([], MEASURES, resamples, 1) == [None, None, None]
    assert intervals([counts, counts], MEASURES, 0, 1) == [None, None, None]


# ---- small cases --------------------------------------------------------------------------------

Entry = dict[str, Any]

STATE: Entry = {
    "power_rank": "middle", "power_trend": "steady", "potential_hegemon": "no", "effect_on_outcome": "some",
    "domestic_legitimacy": "high", "external_security": "moderate", "openness": "open",
    "decision_apparatus": "strong", "aims": "status_quo", "ideology": "nationalism",
}  # fmt: skip
SEEN: Entry = {
    "relative_power": "peer", "proximity": "bordering", "offensive_power": "moderate", "intentions": "aggressive",
    "demonstrated_coercion": "no", "spoils_on_offer": "no", "commitment": "none", "ideology_similarity": "low",
}  # fmt: skip
LINKED = [a.name for a in BOOK.tables["relation"].attributes.values() if a.linked]


def crisis(
    views: dict[str, Entry] | None = None,
    states: dict[str, Entry] | None = None,
    support: dict[str, Entry] | None = None,
    adequate: Any = "no",
    **parts: Any,
) -> Entry:
    """A case in which everything is known: `a`, and the states that it looks at.

    Args:
        views: For every other state, what of the view of `a` differs from :data:`SEEN`.
        states: What of a state differs from :data:`STATE`.
        support: For every other state, whom `a` expects to support it against it.
    """
    views, states, support = views or {"b": {}}, states or {}, support or {}
    names = ["a", *views]
    relations = [{"state": "a", "other": other, **SEEN, **view} for other, view in views.items()]
    plain = {name: value for name, value in SEEN.items() if name not in LINKED}
    for place, one in enumerate(names):
        for other in names:
            if "a" not in (one, other) and one != other:
                known = plain if names.index(other) < place else SEEN
                relations.append({"state": one, "other": other, **known, "intentions": "benign"})
            elif other == "a" and one != "a":
                relations.append({"state": one, "other": "a", **plain, "intentions": "benign"})
    allies = [
        {
            "state": one,
            "against": other,
            "adequate": adequate if one == "a" else "no",
            "support": support.get(other, {}) if one == "a" else {},
        }
        for one in names
        for other in names
        if one != other
    ]
    return {
        "foedus": "1",
        "title": "A crisis",
        "kind": "historical",
        "situation": {"phase": "peace", "offense_defense": "balanced"},
        "states": {name: {**STATE, **states.get(name, {})} for name in names},
        "relations": relations,
        "allies": allies,
        "links": {"complete": ["aid", "penetration"]},
        "focus": ["a"],
        **parts,
    }


def happened(posture: str, *, state: str = "a", confidence: str = "high", **more: Any) -> list[Entry]:
    entry = {"state": state, "posture": posture, "what": "It did.", "confidence": confidence}
    return [{**entry, "classified_by": {"who": "a scholar"}, **more}]


def loaded(entry: Entry, *, name: str = "case") -> Case:
    """The case; facts of aid and penetration that its complete lists leave open get their lowest value."""
    case = case_of(entry, BOOK)
    known = cells(BOOK.tables, case.states, case.wars)
    open_ = [path for path, (table, *_) in known.items() if table.name in ("aid", "penetration")]
    lowest = {path: known[path][2].values[0] for path in open_ if path not in case.facts}
    return replace(changed(case, BOOK, lowest), name=name)


def scored(*cases: Case, resamples: int = 0, seed: int = 1, why: bool = True) -> Score:
    return casework.score(list(cases), rules=BOOK, resamples=resamples, seed=seed, why=why)


def only(entry: Entry, *, why: bool = True) -> tuple[Outcome, Miss | None]:
    """The one outcome of a case, and its miss."""
    result = scored(loaded(entry), why=why)
    (found,) = result.outcomes
    return found, next(iter(result.misses), None)


def missed(entry: Entry) -> Miss:
    _, miss = only(entry)
    assert miss is not None
    return miss


BALANCES = crisis()
RESISTS = crisis({"b": {"intentions": "unalterably_aggressive"}})
SAFE = crisis({"b": {"intentions": "benign"}})
VULNERABLE: Entry = {"proximity": "bordering", "demonstrated_coercion": "yes", "intentions": "ambiguous"}
GIVES_IN = crisis({"b": VULNERABLE}, {"a": {"power_rank": "weak"}, "b": {"power_rank": "great"}})
TIED = crisis(
    {"b": {**VULNERABLE, "intentions": "aggressive"}}, {"a": {"power_rank": "weak"}, "b": {"power_rank": "great"}}
)
RIDES_FREE = crisis({"b": {}, "c": {"intentions": "benign"}}, support={"b": {"c": "certain"}, "c": {}}, adequate="yes")
TORN = crisis(
    {"b": VULNERABLE, "c": {"intentions": "ambiguous"}},
    {"a": {"power_rank": "weak", "effect_on_outcome": "negligible"}, "b": {"power_rank": "great"}},
)
"""Two principal threats: one to give in to, one to resist."""


@pytest.mark.parametrize(
    ("entry", "concluded"),
    [
        (BALANCES, "balance"),
        (RESISTS, "balance"),
        (SAFE, NONE),
        (GIVES_IN, "bandwagon"),
        (TIED, TIE),
        (RIDES_FREE, "free-ride"),
        (TORN, DIVIDED),
    ],
    ids=["balances", "resists", "safe", "gives in", "tied", "rides free", "torn"],
)
def test_the_small_cases_of_these_tests_are_what_they_are_called(entry: Entry, concluded: str) -> None:
    case = loaded(entry)
    values = {fact.value for fact in case.facts.values()}
    assert UNKNOWN not in values
    assert set(case.facts) == set(cells(BOOK.tables, case.states, case.wars))
    assert infer(case, BOOK.program()).posture("a") == concluded


ALL = (BALANCES, RESISTS, SAFE, GIVES_IN, TIED, RIDES_FREE, TORN)


# ---- outcomes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("observed", KINDS)
@pytest.mark.parametrize("entry", ALL, ids=["balances", "resists", "safe", "gives in", "tied", "rides free", "torn"])
def test_a_hit_is_the_same_posture_and_nothing_else(entry: Entry, observed: str) -> None:
    found, miss = only({**entry, "observed": happened(observed)}, why=False)
    concluded = infer(loaded(entry), BOOK.program()).posture("a")
    assert (found.observed, found.concluded) == (observed, concluded)
    assert found.hit == (observed == concluded) == (miss is None)
    if concluded in (TIE, DIVIDED):
        assert not found.hit


def test_alignment_counts_free_riding_as_balancing() -> None:
    for entry, seen in ((BALANCES, "free-ride"), (RIDES_FREE, "balance")):
        result = scored(loaded({**entry, "observed": happened(seen)}))
        (found,) = result.outcomes
        assert not found.hit
        assert found.observed_alignment == found.concluded_alignment == "balance"
        (main,) = [a for a in result.accounts if (a.theory, a.subset) == (MAIN, "all")]
        assert (main.accuracy.value, main.alignment_accuracy.value) == ("0", "1")


def test_every_posture_that_can_be_observed_rests_on_an_alignment_or_on_none() -> None:
    aligned = {posture: alignment_of(posture, BOOK.recommendations) for posture in KINDS}
    assert aligned == {"balance": "balance", "bandwagon": "bandwagon", "free-ride": "balance", "none": "none"}


@pytest.mark.parametrize(
    ("toward", "agreement"),
    [([], None), (["b"], "same"), (["c"], "other"), (["b", "c"], "in part"), (["c", "b"], "in part")],
)
def test_the_states_that_are_named_agree_wholly_in_part_or_not(toward: list[str], agreement: str | None) -> None:
    entry = crisis({"b": {}, "c": {"intentions": "benign"}}, observed=happened("balance", toward=toward))
    found, _ = only(entry)
    assert found.concluded_toward == ["b"]
    assert (found.target, found.observed_toward) == (agreement, sorted(toward))


def test_targets_are_counted_among_hits_that_name_a_state() -> None:
    two = crisis({"b": {}, "c": {"intentions": "benign"}})
    towards: list[tuple[str, list[str]]] = [
        ("balance", ["b"]), ("balance", ["c"]), ("balance", []), ("bandwagon", ["b"]), ("balance", ["b", "c"]),
    ]  # fmt: skip
    cases = [
        loaded({**two, "observed": happened(posture, toward=toward)}, name=f"case_{place}")
        for place, (posture, toward) in enumerate(towards)
    ]
    result = scored(*cases)
    assert (result.targets, result.same_target) == (3, 1)


JOINS: Entry = crisis(
    {"b": {"intentions": "benign"}, "c": {"intentions": "benign"}},
    {"a": {"power_rank": "weak", "effect_on_outcome": "negligible"}},
    situation={"phase": "crisis", "offense_defense": "balanced"},
    wars=[
        {
            "id": "w",
            "phase": "near_decision",
            "sides": {"east": ["b"], "west": ["c"]},
            "side_ahead": "east",
            "closeness_to_victory": "high",
        }
    ],
)
"""Nobody threatens `a`, and one side of a war is about to win."""


def test_who_joins_a_side_of_a_war_is_said_to_turn_to_its_members() -> None:
    case = loaded({**JOINS, "observed": happened("bandwagon", toward=["b"])})
    record = infer(case, BOOK.program())
    assert {posture.alignment.toward for posture in record.of("a")} == {"w.east"}
    assert targets(case, record.of("a")) == ["b"]
    (found,) = scored(case).outcomes
    assert (found.concluded, found.concluded_toward, found.target) == ("bandwagon", ["b"], "same")


def test_an_outcome_says_how_far_the_verdict_rests_on_leads() -> None:
    for entry in ALL:
        case = loaded({**entry, "observed": happened("balance")})
        record = infer(case, BOOK.program())
        (found,) = scored(case, why=False).outcomes
        contests = [c for p in record.of("a") for c in (p.alignment, p.effort) if c is not None and not c.by_silence]
        assert found.margin == min((c.margin for c in contests), default=None)
        alone = [c.robust is not None and c.robust.signs_alone for c in contests]
        assert found.robust == (bool(alone) and all(alone))
    assert only({**SAFE, "observed": happened("none")})[0].margin is None
    assert only({**TIED, "observed": happened("none")})[0].margin == 0


# ---- scores -------------------------------------------------------------------------------------

FAMILIES = ("threat", "ideology", "aid", "leverage", "penetration")


def several() -> list[Case]:
    """Hits and misses of every kind, some in one case, some with gaps."""
    cases = []
    for place, entry in enumerate(ALL):
        seen = KINDS[place % 4]
        more = {"family": FAMILIES[place % 5], "toward": ["b"] if seen != "none" else []}
        cases.append(loaded({**entry, "observed": happened(seen, **more)}, name=f"case_{place}"))
        # the other state of the case, of which less is known
        both = [*happened("none", **more), *happened("balance", state="b")]
        case = loaded({**entry, "observed": both}, name=f"other_{place}")
        cases.append(changed(case, BOOK, {"a>b.intentions": UNKNOWN} if place % 2 else {}))
    return cases


@cache
def whole() -> Score:
    return scored(*several(), resamples=50)


def test_there_are_hits_and_misses_robust_and_settled_verdicts_among_the_cases() -> None:
    result = whole()
    for kind in ("hit", "robust", "settled"):
        assert {getattr(found, kind) for found in result.outcomes} == {True, False}, kind
    assert len({found.observed for found in result.outcomes}) == 4
    assert {miss.cause for miss in result.misses} >= {"theory", "coding", "open decision"}


def test_the_order_of_cases_does_not_matter() -> None:
    mixed = random.Random(5).sample(several(), len(several()))
    assert scored(*mixed, resamples=50) == whole()


def test_every_miss_is_listed_once_and_a_hit_never() -> None:
    result = whole()
    listed = Counter((miss.case, miss.state) for miss in result.misses)
    assert listed == Counter((found.case, found.state) for found in result.outcomes if not found.hit)
    said = {(found.case, found.state): found for found in result.outcomes}
    for miss in result.misses:
        found = said[miss.case, miss.state]
        assert (miss.observed, miss.concluded, miss.name) == (found.observed, found.concluded, found.name)


def test_subsets_hold_the_robust_and_the_settled_outcomes_alone() -> None:
    result = whole()
    by_subset = {
        "all": result.outcomes,
        "robust": [found for found in result.outcomes if found.robust],
        "settled": [found for found in result.outcomes if found.settled],
    }
    assert {(a.theory, a.subset) for a in result.accounts} == {(t, s) for t in BOOK.theories for s in by_subset}
    assert len(result.accounts) == len(BOOK.theories) * 3
    for account in result.accounts:
        members = by_subset[account.subset]
        told = [(found.observed, found.accounts[account.theory].posture) for found in members]
        aligned = [(found.observed_alignment, found.accounts[account.theory].alignment) for found in members]
        assert account.states == len(members)
        assert account.hits == sum(seen == said for seen, said in told)
        for estimate, measure in (
            (account.accuracy, accuracy),
            (account.balanced_accuracy, balanced_accuracy),
            (account.macro_f1, macro_f1),
        ):
            assert estimate.value == str(measure(confusion(told)))
        assert account.alignment_accuracy.value == str(accuracy(confusion(aligned)))


def test_confusion_and_families_count_every_outcome_once() -> None:
    result = whole()
    counts = Counter((found.observed, found.concluded) for found in result.outcomes)
    assert {(o, c): n for o, row in result.confusion.items() for c, n in row.items() if n} == dict(counts)
    assert {f.family for f in result.families} == {found.family for found in result.outcomes}
    for family in result.families:
        members = [found for found in result.outcomes if found.family == family.family]
        assert (family.states, family.hits) == (len(members), sum(found.hit for found in members))


def test_what_the_accounts_conclude_is_what_their_own_runs_conclude() -> None:
    cases = {case.name: case for case in several()}
    for found in whole().outcomes:
        for theory, told in found.accounts.items():
            record = infer(cases[found.case], BOOK.program(theory))
            assert told == said(record, found.state)
            assert told.posture == record.posture(found.state)
        assert found.accounts[MAIN].posture == found.concluded


def test_the_same_seed_gives_the_same_score_and_another_another_interval() -> None:
    again, other = (scored(*several(), resamples=50, seed=seed, why=False) for seed in (1, 2))
    assert again.accounts == whole().accounts
    assert [a.accuracy.value for a in other.accounts] == [a.accuracy.value for a in whole().accounts]
    assert [a.accuracy for a in other.accounts] != [a.accuracy for a in whole().accounts]


def test_one_case_or_no_resamples_give_measures_without_intervals() -> None:
    for result in (scored(several()[0], resamples=50), scored(*several(), resamples=0)):
        for account in result.accounts:
            for estimate in (account.accuracy, account.balanced_accuracy, account.macro_f1, account.alignment_accuracy):
                assert estimate.low is None
                assert estimate.high is None


def test_a_case_of_which_nothing_is_observed_is_named_and_left_out() -> None:
    silent = loaded(BALANCES, name="silent")
    told = loaded({**BALANCES, "observed": happened("balance")}, name="told")
    result = scored(silent, told)
    assert (result.cases, result.unobserved, len(result.outcomes)) == (1, ["silent"], 1)
    assert "silent" in str(result)
    with pytest.raises(NothingObserved, match="says what happened"):
        scored(silent)


def test_a_score_without_causes_is_the_same_in_all_else() -> None:
    bare = scored(*several(), resamples=50, why=False)
    assert {(miss.cause, miss.why, len(miss.readings)) for miss in bare.misses} == {(None, "", 0)}
    without = [miss.model_copy(update={"cause": None, "why": "", "readings": []}) for miss in whole().misses]
    outcomes = [found.model_copy(update={"upset_by": None}) for found in whole().outcomes]
    assert bare == whole().model_copy(update={"misses": without, "outcomes": outcomes, "upset_hits": None})
    assert "Likeliest cause" not in str(bare)


def test_progress_is_told_before_each_case_that_is_scored() -> None:
    told: list[tuple[str, int]] = []
    cases = [loaded({**SAFE, "observed": happened("none")}, name=name) for name in ("y", "x")]
    silent = loaded(SAFE, name="silent")
    casework.score([*cases, silent], rules=BOOK, resamples=0, progress=lambda name, total: told.append((name, total)))
    assert told == [("x", 2), ("y", 2)]


# ---- forms --------------------------------------------------------------------------------------


def test_csv_has_one_row_for_each_state_and_the_values_of_the_json() -> None:
    result = whole()
    data = json.loads(result.model_dump_json())
    text = outcomes_csv(result)
    assert text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(data["outcomes"])
    misses = {(miss["case"], miss["state"]): miss for miss in data["misses"]}
    yes = {True: "yes", False: "no"}
    for row, found in zip(rows, data["outcomes"], strict=True):
        for name in ("case", "state", "observed", "confidence", "family", "concluded"):
            assert row[name] == found[name]
        for name in ("observed_alignment", "concluded_alignment"):
            assert row[name] == found[name]
        for name in ("hit", "robust", "settled"):
            assert row[name] == yes[found[name]]
        assert row["target"] == (found["target"] or "")
        assert row["margin"] == ("" if found["margin"] is None else str(found["margin"]))
        assert row["observed_toward"].split() == found["observed_toward"]
        assert row["concluded_toward"].split() == found["concluded_toward"]
        for theory, told in found["accounts"].items():
            assert row[f"account_{theory}"] == told["posture"]
        miss = misses.get((found["case"], found["state"]))
        assert row["cause"] == (miss["cause"] if miss else "")
        assert row["why"] == (miss["why"] if miss else "")
        assert row["decided_by"] == ("; ".join(miss["decided_by"]) if miss else "")


def test_json_fits_the_schema_of_scores() -> None:
    schema = Score.model_json_schema(mode="serialization")
    Draft202012Validator.check_schema(schema)
    data = json.loads(whole().model_dump_json())
    assert not list(Draft202012Validator(schema).iter_errors(data))
    assert data["format"] == "foedus-score/1"
    assert Score.model_validate(data) == whole()


def numbers(text: str) -> Counter[str]:
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def rounded(fraction: str) -> str:
    """Two places, half up."""
    hundredths = (Fraction(fraction) * 100 + Fraction(1, 2)).__floor__()
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def test_text_and_markdown_carry_the_same_numbers_and_those_of_the_json() -> None:
    result = whole()
    text, markdown = str(result), to_markdown(score_page(result))
    assert numbers(text) == numbers(markdown)
    for account in result.accounts:
        for estimate in (account.accuracy, account.balanced_accuracy, account.macro_f1, account.alignment_accuracy):
            assert estimate.value is not None
            assert estimate.low is not None
            assert estimate.high is not None
            shown = f"{rounded(estimate.value)} [{rounded(estimate.low)}, {rounded(estimate.high)}]"
            assert shown in " ".join(text.split())
            assert shown in markdown.replace("\\", "")


def test_every_miss_is_told_with_its_cause_in_text_and_in_markdown() -> None:
    result = whole()
    for shown in (" ".join(str(result).split()), to_markdown(score_page(result)).replace("\\", "")):
        assert shown.count("Likeliest cause: ") == len(result.misses)
        for miss in result.misses:
            assert f"{miss.case}, {miss.name}: observed {miss.observed}, concluded {miss.concluded}" in shown


def test_a_score_without_misses_says_so() -> None:
    result = scored(loaded({**SAFE, "observed": happened("none")}))
    assert result.misses == []
    assert "No misses." in str(result)


# ---- causes -------------------------------------------------------------------------------------


def seen_as(value: str, **more: Any) -> Entry:
    return {"b": {"intentions": {"value": value, "note": "n", **more}}}


@pytest.mark.parametrize(
    ("views", "because"),
    [
        (seen_as("aggressive", other_reading=["benign"]), "its other reading"),
        (seen_as("ambiguous", confidence="low"), "of low confidence"),
        (seen_as("unalterably_aggressive", assumption="yes"), "an assumption"),
        (seen_as("unknown"), "not known"),
    ],
    ids=["another reading", "low confidence", "an assumption", "a gap"],
)
def test_a_fact_in_doubt_that_decides_makes_the_miss_one_of_coding(views: dict[str, Entry], because: str) -> None:
    miss = missed(crisis(views, observed=happened("none")))
    assert miss.cause == "coding"
    assert [(r.fact, r.value, r.reading) for r in miss.readings] == [("a>b.intentions", "benign", because)]
    assert "a>b.intentions is benign" in miss.why
    assert because in miss.why


def test_a_doubt_that_does_not_decide_is_no_cause() -> None:
    for doubt in ({"other_reading": ["ambiguous"]}, {"confidence": "moderate"}):
        miss = missed(crisis(seen_as("unalterably_aggressive", **doubt), observed=happened("none")))
        assert miss.readings == []
        assert miss.cause != "coding"


def test_low_confidence_moves_a_fact_by_one_step_and_no_more() -> None:
    miss = missed(crisis(seen_as("aggressive", confidence="low"), observed=happened("none")))
    assert miss.readings == []


def test_the_other_direction_of_a_linked_fact_is_named_where_it_is_stated() -> None:
    entry = crisis({"b": {"intentions": "benign"}}, {"b": {"potential_hegemon": "yes"}}, observed=happened("none"))
    for relation in entry["relations"]:
        relation.pop("relative_power", None)
    told = {"value": "much_stronger", "other_reading": ["much_weaker"], "note": "n"}
    # as `b` sees it, so that `a` is much weaker; in the other reading it is much stronger and threatened by nobody
    entry["relations"] = [
        {**relation, **({"relative_power": told} if relation["state"] == "b" else {})}
        for relation in entry["relations"]
    ]
    miss = missed(entry)
    assert [(r.fact, r.value) for r in miss.readings] == [("b>a.relative_power", "much_weaker")]


def test_a_verdict_that_another_classifier_gives_to_what_happened_makes_the_miss_one_of_coding() -> None:
    miss = missed({**RESISTS, "observed": happened("bandwagon", other_reading=["balance", "none"])})
    assert (miss.cause, miss.readings) == ("coding", [])
    assert "also classified as balance" in miss.why
    assert missed({**RESISTS, "observed": happened("bandwagon", other_reading="none")}).cause != "coding"
    assert missed({**RESISTS, "observed": happened("bandwagon", confidence="low")}).cause != "coding"


def test_silence_on_the_effort_is_an_open_decision() -> None:
    miss = missed({**BALANCES, "observed": happened("free-ride")})
    assert miss.cause == "open decision"
    assert "no rule speaks of the effort" in miss.why
    assert miss.margin is None


def test_another_weighting_that_gives_what_happened_is_an_open_decision() -> None:
    miss = missed({**GIVES_IN, "observed": happened("balance")})
    assert miss.cause == "open decision"
    assert "other sizes of the words" in miss.why
    (part,) = re.findall(r"under (\d+) of 21 sizes tried", miss.why)
    assert 0 < int(part) < 21


def with_question(name: str, **changes: Any) -> RuleBook:
    """The shipped book with another convention."""
    return replace(BOOK, questions={**BOOK.questions, name: replace(BOOK.questions[name], **changes)})


WEIGHTINGS = [(slight, moderate, 8) for slight in range(1, 7) for moderate in range(slight + 1, 8)]
"""All sizes of the words in whole numbers up to 8."""


def weighed(program: Program, points: tuple[int, ...]) -> Program:
    """The same rules with other sizes of the words, the grades of threats as they were."""
    contests = {name: q for name, q in program.questions.items() if q.kind == "contest"}
    return replace(
        program, questions={**program.questions, **{n: replace(q, points=points) for n, q in contests.items()}}
    )


def claimed(why: str) -> Fraction:
    """The share of the sizes tried that a miss is said to turn on."""
    found = re.findall(r"sizes of the words .*under (\d+) of 21 sizes tried", why)
    return Fraction(int(found[0]), 21) if found else Fraction(0)


@pytest.mark.parametrize("observed", ["balance", "bandwagon", "free-ride"])
@pytest.mark.parametrize(
    "entry",
    [BALANCES, RESISTS, GIVES_IN, TIED, RIDES_FREE],
    ids=["balances", "resists", "gives in", "tied", "rides free"],
)
def test_another_weighting_is_named_if_and_only_if_one_gives_what_happened(entry: Entry, observed: str) -> None:
    case = loaded({**entry, "observed": happened(observed)})
    reached = [infer(case, weighed(BOOK.program(), points)).posture("a") for points in WEIGHTINGS]
    misses = scored(case).misses
    if misses:
        share = Fraction(reached.count(observed), len(reached))
        assert claimed(misses[0].why) == share, (misses[0].why, reached)


@settings(STEADY, max_examples=5)
@given(seed=SEEDS)
def test_a_share_of_weightings_that_is_named_for_a_generated_crisis_holds_one_that_does_it(seed: int) -> None:
    rng = random.Random(seed)
    case = case_of(random_crisis(rng, BOOK, 2, known=0.9), BOOK)
    record = infer(case, BOOK.program())
    causes = Causes(record)
    for state, posture in ((state, posture) for state in case.states for posture in KINDS[:3]):
        if record.posture(state) != posture:
            share = claimed("; ".join(causes.decisions(observation(state, posture))))
            reached = [infer(case, weighed(BOOK.program(), p)).posture(state) for p in WEIGHTINGS]
            assert share == Fraction(reached.count(posture), len(reached))


WATCHED = crisis({"b": {"intentions": "ambiguous"}})


@pytest.mark.parametrize(("entry", "observed", "cut"), [(SAFE, "balance", "low"), (WATCHED, "none", "high")])
def test_another_cut_point_that_gives_what_happened_is_an_open_decision(entry: Entry, observed: str, cut: str) -> None:
    case = loaded({**entry, "observed": happened(observed)})
    moved = with_question("threat", significant_from=cut)
    assert infer(case, moved.program()).posture("a") == observed
    (miss,) = scored(case).misses
    assert miss.cause == "open decision"
    assert "significant" in miss.why


def test_another_cut_point_that_gives_a_third_posture_is_no_open_decision() -> None:
    case = loaded({**SAFE, "observed": happened("bandwagon")})
    moved = with_question("threat", significant_from="low")
    assert infer(case, moved.program()).posture("a") == "balance"
    (miss,) = scored(case).misses
    assert miss.cause == "theory"


@pytest.mark.parametrize("observed", KINDS)
@pytest.mark.parametrize("entry", ALL, ids=["balances", "resists", "safe", "gives in", "tied", "rides free", "torn"])
def test_a_miss_in_a_case_in_which_nothing_is_in_doubt_has_a_cause(entry: Entry, observed: str) -> None:
    _, miss = only({**entry, "observed": happened(observed)})
    if miss is not None:
        assert miss.readings == []
        assert miss.cause in ("open decision", "theory")
        assert miss.why


def test_silence_on_the_effort_against_one_threat_is_no_cause_where_the_other_divides_the_verdict() -> None:
    """The burden that is carried by silence is what happened; what stands against it is the other threat."""
    case = loaded({**TORN, "observed": happened("balance")})
    record = infer(case, BOOK.program())
    assert sorted(posture.posture for posture in record.of("a")) == ["balance", "bandwagon"]
    passed = with_question("effort", when_silent="passed")
    assert infer(case, passed.program()).posture("a") != "balance"
    (miss,) = scored(case).misses
    assert "no rule speaks of the effort" not in miss.why


def test_what_no_reading_and_no_convention_explains_is_put_to_the_theory() -> None:
    miss = missed({**RESISTS, "observed": happened("bandwagon")})
    assert (miss.cause, miss.readings) == ("theory", [])


def test_readings_of_facts_come_before_those_of_what_happened_and_these_before_open_decisions() -> None:
    views = seen_as("ambiguous", other_reading=["benign"])
    assert missed(crisis(views, observed=happened("none", other_reading="balance"))).readings
    ambiguous = {**WATCHED, "observed": happened("none", other_reading="balance")}
    assert missed(ambiguous).cause == "coding"
    assert missed({**ambiguous, "observed": happened("none")}).cause == "open decision"


# ---- single readings by brute force -------------------------------------------------------------


def other_values(case: Case) -> list[tuple[str, str]]:
    """Every other value that a case leaves open for one fact, from its facts alone."""
    found: list[tuple[str, str]] = []
    for path, (_, key, attribute) in cells(case.memory.tables, case.states, case.wars).items():
        fact = case.facts.get(path)
        scale = list(attribute.values)
        legal = [*scale, *(case.wars[key[0]] if attribute.side else ())]
        if fact is None or fact.value == UNKNOWN:
            if not (attribute.linked and key[0] > key[1]):
                found += [(path, value) for value in legal]
        elif fact.origin == "stated" and fact.given is not None:
            given = fact.given
            values = {v if v in scale else f"{key[0]}.{v}" for v in given.other_reading}
            if given.assumption == "yes":
                values |= set(scale)
            if given.confidence == "low" and attribute.ordered and fact.value in scale:
                place = scale.index(fact.value)
                values |= {scale[near] for near in (place - 1, place + 1) if 0 <= near < len(scale)}
            found += [(path, value) for value in sorted(values - {fact.value})]
    return found


def decisive(case: Case, program: Program, seen: ObservedEntry) -> set[tuple[str, str]]:
    """The single other values that make the verdict what happened, one run for each."""
    found: set[tuple[str, str]] = set()
    for path, value in other_values(case):
        try:
            other = changed(case, program.book, {path: value})
        except Impossible:
            continue
        if infer(other, program).posture(seen.state) == seen.posture:
            found.add((path, value))
    return found


def observation(state: str, posture: str) -> ObservedEntry:
    entry: Any = {"state": state, "posture": posture, "what": "w", "confidence": "high"}
    return ObservedEntry.model_validate({**entry, "classified_by": {"who": "x"}})


def doubtful(rng: random.Random, size: int, known: float) -> Entry:
    """A crisis in which some facts have another reading, are assumed, or are of low confidence."""
    data = random_crisis(rng, BOOK, size, known=known)

    def doubt(table: str, entry: Entry) -> None:
        for name, attribute in BOOK.tables[table].attributes.items():
            if name in entry and not attribute.side and rng.random() < 0.25:
                value = value_of(entry[name])
                others = [other for other in attribute.values if other != value]
                entry[name] = {
                    "value": value,
                    **rng.choice(
                        [{"confidence": "low"}, {"assumption": "yes"}, {"other_reading": [rng.choice(others)]}]
                    ),
                }

    doubt("situation", data["situation"])
    for state in data["states"].values():
        doubt("state", state)
    for relation in data["relations"]:
        doubt("relation", relation)
    for allies in data["allies"]:
        doubt("coalition", allies)
        for ally, support in list(allies["support"].items()):
            named = {"support": support}
            doubt("support", named)
            allies["support"][ally] = named["support"]
    for war in data["wars"]:
        doubt("war", war)
    return data


def assert_found(case: Case, program: Program, wanted: Sequence[str] = KINDS) -> int:
    """Compare the readings that are found with those found by brute force; their number."""
    record = infer(case, program)
    causes, total = Causes(record), 0
    for state in case.states[:2]:
        for posture in wanted:
            if record.posture(state) == posture:
                continue
            seen = observation(state, posture)
            cause, _, readings = causes.of(seen)
            expected = decisive(case, program, seen)
            assert {(r.fact, r.value) for r in readings} == expected, (state, posture)
            assert len(readings) == len(expected)
            assert (cause == "coding") == bool(expected)
            total += len(expected)
    return total


@settings(STEADY, max_examples=4)
@given(seed=SEEDS)
def test_the_single_readings_that_are_found_are_those_that_trying_all_of_them_finds(seed: int) -> None:
    rng = random.Random(seed)
    case = case_of(doubtful(rng, 2, 0.95), BOOK)
    assert_found(case, BOOK.program(), [rng.choice(KINDS), rng.choice(KINDS)])


@cache
def empty_book() -> RuleBook:
    return assemble([*BASE, pack([])])


@settings(STEADY, max_examples=12)
@given(seed=SEEDS)
def test_the_single_readings_that_are_found_under_any_rule_book_are_those_that_trying_all_of_them_finds(
    seed: int,
) -> None:
    rng = random.Random(seed)
    _, book = random_rules(rng, rng.randint(3, 8), empty_book())
    case = with_tables_of(case_of(doubtful(rng, 2, 0.95), BOOK), book)
    assert_found(case, book.program(), [rng.choice(KINDS)])


def test_a_reading_of_a_fact_that_is_read_through_another_table_is_found() -> None:
    """How secure a state feels is the first known of two facts; no rule names the fact itself."""
    examples = {"fires": [["x"]], "silent": [["x"]]}
    head: Entry = {"claim": "c", "source": ["convention"], "because": "so", "examples": examples}
    vote: Entry = {"question": "alignment", "of": "$s", "toward": "$p"}
    feared = {"relation": {"state": "$s", "other": "$p", "intentions": "aggressive"}}
    threat = {"principal_threat": {"of": "$s", "toward": "$p"}}
    felt = {"felt_security": {"of": "$s", "level": "insecure"}}
    resists = {"favours": {**vote, "answer": "balance", "strength": "slight", "group": "g1"}}
    gives_in = {"favours": {**vote, "answer": "bandwagon", "strength": "strong", "group": "g2"}}
    rules = [
        {"id": "X1", **head, "when": [feared], "then": {"conclude": threat}},
        {"id": "X2", **head, "when": [threat], "then": resists},
        {"id": "X3", **head, "when": [threat, felt], "then": gives_in},
    ]
    book = assemble([*BASE, pack(rules)])
    secure = {"value": "secure", "other_reading": "insecure", "note": "n"}
    case = with_tables_of(loaded(crisis(states={"a": {"external_security": secure}})), book)
    record = infer(case, book.program())
    assert record.posture("a") == "balance"
    seen = observation("a", "bandwagon")
    assert decisive(case, book.program(), seen) == {("a.external_security", "insecure")}
    cause, _, readings = Causes(record).of(seen)
    assert [(r.fact, r.value) for r in readings] == [("a.external_security", "insecure")]
    assert cause == "coding"


def test_readings_of_a_small_case_are_all_found() -> None:
    views = seen_as("aggressive", other_reading=["benign", "ambiguous"], assumption="yes")
    views["b"]["proximity"] = {"value": "bordering", "confidence": "low"}
    case = loaded(crisis(views, {"a": {"power_rank": {"value": "middle", "other_reading": ["weak"], "note": "n"}}}))
    assert assert_found(case, BOOK.program()) > 0


def test_readings_of_a_side_that_is_ahead_are_found() -> None:
    (war,) = JOINS["wars"]
    unclear = {**war, "side_ahead": {"value": "west", "other_reading": ["east"], "note": "n"}}
    entry = {**JOINS, "wars": [unclear], "observed": happened("bandwagon", toward=["b"])}
    case = loaded(entry)
    assert assert_found(case, BOOK.program(), ["none"]) >= 0
    (found,) = scored(case).outcomes
    assert (found.hit, found.target) == (True, "other")


def test_a_reading_that_the_rule_book_declares_impossible_is_not_offered() -> None:
    entry = {**JOINS, "observed": happened("none")}
    read = {"value": "high", "other_reading": "none", "note": "n"}
    entry["wars"] = [{**entry["wars"][0], "closeness_to_victory": read}]
    miss = missed(entry)
    assert "w.closeness_to_victory" not in {reading.fact for reading in miss.readings}


# ---- bundled cases ------------------------------------------------------------------------------


def few() -> list[Case]:
    cases = [load_case(name, book=BOOK) for name in bundled()]
    return sorted((case for case in cases if case.observed), key=lambda case: (len(case.states), case.name))[:4]


def test_bundled_cases_are_scored_as_their_runs_have_it() -> None:
    cases = few()
    result = scored(*cases, resamples=20)
    assert len(result.outcomes) == sum(len(case.observed) for case in cases)
    for case in cases:
        record: Record = infer(case, BOOK.program())
        for seen in case.observed:
            (found,) = [o for o in result.outcomes if (o.case, o.state) == (case.name, seen.state)]
            assert found.hit == (record.posture(seen.state) == seen.posture)
            assert (found.confidence, found.family) == (seen.confidence, seen.family)
            again = outcome(
                record,
                seen,
                settled=found.settled,
                firm=found.firm,
                upset_by=found.upset_by,
                accounts=found.accounts,
            )
            assert again == found


# ---- the command --------------------------------------------------------------------------------


def foedus(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "foedus", *arguments], capture_output=True, env={**os.environ})


def written(tmp_path: Path, **entries: Entry) -> list[str]:
    for name, entry in entries.items():
        (tmp_path / f"{name}.yaml").write_text(as_yaml(entry), "utf-8")
    return [str(tmp_path / f"{name}.yaml") for name in entries]


def test_the_command_gives_the_same_score_in_every_form(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        one={**BALANCES, "observed": happened("balance", toward=["b"])},
        two={**SAFE, "observed": happened("balance")},
        three=RESISTS,
    )
    options = ["--resamples", "30", "--seed", "7"]
    data, text, markdown, table = (
        foedus("cases", "score", *files, *options, "-f", form) for form in ("json", "text", "md", "csv")
    )
    assert [done.returncode for done in (data, text, markdown, table)] == [0, 0, 0, 0]
    result = Score.model_validate_json(data.stdout)
    assert result == casework.score(files, rules=BOOK, resamples=30, seed=7), "the same as the library's"
    assert result.unobserved == ["three"]
    assert (result.resamples, result.seed) == (30, 7)
    assert table.stdout.decode() == outcomes_csv(result)
    assert numbers(text.stdout.decode()) == numbers(markdown.stdout.decode())
    assert "three" in text.stdout.decode()


def test_cases_of_which_nothing_is_observed_alone_are_wrong_input(tmp_path: Path) -> None:
    done = foedus("cases", "score", *written(tmp_path, one=BALANCES))
    assert done.returncode == 2
    assert done.stdout == b""
    assert "says what happened" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("options", [["--resamples", "-1"], ["--resamples", "many"], ["--seed", "x"], ["-f", "xml"]])
def test_wrong_options_are_wrong_input(options: list[str]) -> None:
    done = foedus("cases", "score", *options)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_the_kinds_of_causes_are_those_that_the_result_declares() -> None:
    assert set(get_args(Cause)) == {"theory", "coding", "open decision"}


# ---- how firm the hits are ----------------------------------------------------------------------


def test_a_hit_that_one_other_reading_loses_names_it_and_one_that_none_loses_is_firm() -> None:
    views = seen_as("aggressive", other_reading=["benign"])
    (lost,) = scored(loaded(crisis(views, observed=happened("balance")))).outcomes
    assert lost.hit
    assert not lost.firm
    assert lost.upset_by is not None
    assert (lost.upset_by.fact, lost.upset_by.value) == ("a>b.intentions", "benign")
    (held,) = scored(loaded({**RESISTS, "observed": happened("balance")})).outcomes
    assert (held.hit, held.firm, held.upset_by) == (True, True, None)


def test_hits_under_another_cut_point_are_counted_by_running_it() -> None:
    case = loaded({**WATCHED, "observed": happened("balance")})
    result = scored(case)
    for moved in result.moved:
        program = with_question(moved.question, significant_from=moved.significant_from).program()
        assert moved.hits == (infer(case, program).posture("a") == "balance")
        assert (moved.gained, moved.lost) == (0, 1 - moved.hits)
    assert any(moved.lost for moved in result.moved)


def test_a_case_given_twice_is_refused() -> None:
    case = loaded({**RESISTS, "observed": happened("balance")})
    with pytest.raises(GivenTwice):
        scored(case, case)


def test_what_a_state_did_is_given_once() -> None:
    with pytest.raises(InputError, match="given twice"):
        loaded({**RESISTS, "observed": [*happened("balance"), *happened("none")]})
