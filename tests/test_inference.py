"""Whole runs of small cases: what the theory says must come out.

Every expectation is derived from the claims: in points, slight is 1, moderate 2, strong 3, and for threats
extreme 4. The sums that decide stand in comments beside the facts that give them.
"""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from foedus.casereader import read_case
from foedus.documents import parse, read
from foedus.inference import infer
from foedus.library import shipped_book
from foedus.record import NOTHING, TIE, Contest, Record, Voice
from foedus.terms import UNKNOWN, Absent, Holds
from hypothesis import given, settings
from hypothesis import strategies as st

BOOK = shipped_book()
CASES = sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))

Entry = dict[str, Any]


def run(*, theory: str = "main", **parts: Any) -> Record:
    """Infer a case given as data; states that are only named in relations need not be listed."""
    named = {name for entry in parts.get("relations", []) for name in (entry["state"], entry["other"])}
    named |= {name for war in parts.get("wars", []) for side in war["sides"].values() for name in side}
    named |= {
        name for entry in parts.get("allies", []) for name in (entry["state"], entry["against"], *entry["support"])
    }
    links = parts.get("links", {})
    named |= {entry[key] for kind in ("aid", "penetration") for entry in links.get(kind, []) for key in list(entry)[:2]}
    states = {**{name: {} for name in sorted(named)}, **parts.pop("states", {})}
    whole = {"foedus": "1", "title": "t", "kind": "hypothetical", "states": states, **parts}
    case = read_case(parse(json.dumps(whole), "case.yaml"), BOOK)
    return infer(case, BOOK.program(theory))


def sees(state: str, other: str, **facts: str) -> Entry:
    return {"state": state, "other": other, **facts}


def threatened(state: str = "a", other: str = "p", **more: str) -> Entry:
    """A threat of 9 points to a state of middle rank (peer 2, near 2, offence 2, aggressive 3): high."""
    facts = {"relative_power": "peer", "proximity": "near", "offensive_power": "high", "intentions": "aggressive"}
    return sees(state, other, **{**facts, **more})


def alignment(record: Record, of: str = "a", about: str = "p") -> Contest:
    return record.contests["alignment", of, about]


def effort(record: Record, of: str = "a", about: str = "p") -> Contest:
    return record.contests["effort", of, about]


def label(record: Record, of: str = "a") -> str:
    (posture,) = [posture for posture in record.postures if posture.of == of]
    return posture.label


def votes(record: Record) -> list[Voice]:
    graded = [vote for grade in record.grades.values() for vote in grade.votes]
    return graded + [v for contest in record.contests.values() for option in contest.alternatives for v in option.votes]


def vote(record: Record, rule: str, of: str = "a", toward: str = "p") -> Voice:
    (found,) = {vote for vote in votes(record) if (vote.rule, vote.of, vote.toward) == (rule, of, toward)}
    return found


def speak(record: Record, rule: str, of: str = "a") -> bool:
    return any((vote.rule, vote.of) == (rule, of) for vote in votes(record))


def points(record: Record, answer: str, toward: str = "p") -> int:
    (option,) = [o for o in alignment(record).alternatives if (o.answer, o.toward) == (answer, toward)]
    return option.total


def concluded(record: Record, table: str, *key: str) -> bool:
    return record.memory.get(table, *key) is not None


# ---- threats ------------------------------------------------------------------------------------

HARMLESS = sees(
    "a", "p", relative_power="much_stronger", proximity="distant", offensive_power="low", intentions="benign"
)
GIANT = sees("a", "p", relative_power="much_weaker", proximity="bordering", offensive_power="high", intentions="benign")


@pytest.mark.parametrize("relation", [HARMLESS, GIANT, sees("a", "p"), sees("a", "p", intentions="aggressive")])
def test_without_a_significant_threat_there_is_no_posture(relation: Entry) -> None:
    record = run(relations=[relation])
    assert record.postures == ()
    assert record.contests == {}
    assert not list(record.memory.all("principal_threat"))
    assert record.census["outlook"].prevalent is None


def test_a_threat_of_which_too_little_is_known_is_neither_significant_nor_insignificant() -> None:
    known = run(relations=[HARMLESS]).grades["threat", "a", "p"]
    capped = run(relations=[GIANT]).grades["threat", "a", "p"]
    unknown = run(relations=[sees("a", "p", intentions="aggressive")]).grades["threat", "a", "p"]
    assert (known.significant, capped.significant, unknown.significant) == ("no", "no", UNKNOWN)
    assert (capped.total, capped.uncapped, capped.grade) == (9, "high", "low")  # power 4, proximity 3, offence 2


def test_a_benign_giant_is_a_significant_threat_only_if_it_could_come_to_dominate() -> None:
    record = run(relations=[GIANT], states={"p": {"potential_hegemon": "yes"}})
    grade = record.grades["threat", "a", "p"]
    assert (grade.grade, grade.significant) == ("moderate", "yes")
    (benign,) = record.fired("T4c", standing=False)[:1]
    assert benign.rule == "T4c.benign"
    assert benign.defeated_by


@pytest.mark.parametrize(("rank", "expected"), [("weak", 10), ("middle", 9), ("great", 8)])
def test_nearness_weighs_more_for_weak_states_and_less_for_great_powers(rank: str, expected: int) -> None:
    # peer 2, offence 2, aggressive 3; near: slight, a step up (T2b), another for weak, one down for great (S4)
    record = run(relations=[threatened()], states={"a": {"power_rank": rank}})
    assert record.grades["threat", "a", "p"].total == expected


def test_equal_threats_are_all_principal_and_each_gets_its_answer() -> None:
    record = run(relations=[threatened("a", "p"), threatened("a", "q")])
    assert [(posture.of, posture.about) for posture in record.postures] == [("a", "p"), ("a", "q")]
    assert {posture.posture for posture in record.postures} == {"balance"}


def test_one_point_more_makes_one_threat_principal_and_leaves_the_other_significant() -> None:
    record = run(relations=[threatened("a", "p"), threatened("a", "q", proximity="bordering")])
    assert [(posture.of, posture.about) for posture in record.postures] == [("a", "q")]
    assert concluded(record, "significant_threat", "a", "p")
    assert record.grades["threat", "a", "p"].grade == record.grades["threat", "a", "q"].grade
    assert record.fired("tension_8")


def test_the_greatest_threat_is_principal_and_not_the_greatest_power() -> None:
    # q: much weaker 4, distant 0, offence 2, ambiguous 2 make 8; p: 9, and a is weaker beside q than beside p
    giant = sees(
        "a", "q", relative_power="much_weaker", proximity="distant", offensive_power="high", intentions="ambiguous"
    )
    states = {"q": {"power_rank": "great"}}
    record = run(relations=[threatened(), giant], states=states)
    assert [row.fields["toward"] for row in record.memory.all("principal_threat")] == ["p"]
    assert vote(record, "T0b", toward="q").points == 1
    rival = run(relations=[threatened(), giant], states=states, theory="capability_only")
    assert [about for question, of, about in rival.contests if (question, of) == ("alignment", "a")] == ["q"]


def test_power_and_nearness_alone_move_no_vote_on_the_direction() -> None:
    near = run(relations=[threatened()])
    nearer = run(relations=[threatened(proximity="bordering", relative_power="much_weaker")])
    spoken = [
        {vote.rule for option in alignment(record).alternatives for vote in option.votes} for record in (near, nearer)
    ]
    assert spoken[0] == spoken[1]


# ---- balance or bandwagon -----------------------------------------------------------------------


def cornered(intentions: str, **more: Any) -> Entry:
    """A weak state that borders a great power which has shown that it can compel obedience."""
    relation = threatened(
        relative_power="much_weaker", proximity="bordering", intentions=intentions, demonstrated_coercion="yes"
    )
    states = {"a": {"power_rank": "weak"}, "p": {"power_rank": "great"}}
    return {"relations": [relation], "states": states, "situation": {"phase": "peace"}, **more}


@pytest.mark.parametrize(
    ("intentions", "balance", "bandwagon", "answer"),
    [
        ("ambiguous", 2, 3, "bandwagon"),  # B1 1 (with B9), B6 1 against T2d 3
        ("aggressive", 3, 3, TIE),  # B1 1, B6 2 (with T4) against T2d 3
        ("unalterably_aggressive", 4, 0, "balance"),  # B1 1, B6 3 against T2d 3 less T4d 3
    ],
)
def test_the_more_aggressive_the_neighbour_the_less_a_cornered_state_joins_it(
    intentions: str, balance: int, bandwagon: int, answer: str
) -> None:
    record = run(**cornered(intentions))
    assert (points(record, "balance"), points(record, "bandwagon")) == (balance, bandwagon)
    assert alignment(record).answer == answer
    assert vote(record, "W1").defeated_by == ("T2d.shown[s=a, p=p]",)
    for weaker in ("T2d", "B3b"):
        assert vote(record, weaker).included_in == "T2d.shown[s=a, p=p]"


def test_a_tie_is_printed_as_a_tie() -> None:
    record = run(**cornered("aggressive"))
    contest = alignment(record)
    assert contest.tied == (("balance", "p"), ("bandwagon", "p"))
    assert (contest.margin, contest.by_default, contest.robust) == (0, False, None)
    (posture,) = record.postures
    assert (posture.posture, posture.label, posture.effort) == (TIE, "balance or bandwagon", None)
    assert [firing.rule for firing in record.fired("tension_18")] == ["tension_18", "tension_18.silent"]
    assert record.fired("tension_18")[0].bindings["s"] == "a"


def test_the_tendency_to_balance_decides_where_the_specific_evidence_ties() -> None:
    # B6 2 against S1 2; W1 is silent because the phase is unknown, B3b because the rank of p is
    states = {"a": {"power_rank": "weak", "effect_on_outcome": "negligible"}}
    contest = alignment(run(relations=[threatened()], states=states))
    assert [option.specific for option in contest.alternatives] == [2, 2]
    assert (contest.answer, contest.by_default, contest.margin) == ("balance", True, 1)


@pytest.mark.parametrize(("rank", "expected"), [("weak", 3), ("middle", 4), ("great", 5)])
def test_the_stronger_a_state_the_more_it_balances(rank: str, expected: int) -> None:
    # B1 1, B6 2, and B2: nothing, slight, moderate
    assert points(run(relations=[threatened()], states={"a": {"power_rank": rank}}), "balance") == expected


def test_one_consideration_counts_once_however_often_it_is_said() -> None:
    states = {"a": {"power_rank": "great", "effect_on_outcome": "decisive"}}
    record = run(relations=[threatened(relative_power="weaker", intentions="unalterably_aggressive")], states=states)
    groups: dict[str, list[str]] = {}
    for voice in votes(record):
        if (voice.question, voice.answer, voice.counted) == ("alignment", "balance", True):
            groups.setdefault(voice.group, []).append(voice.rule)
    assert {"own_weight", "aggression", "general_tendency"} <= groups.keys()
    assert all(len(rules) == 1 for rules in groups.values())
    assert {vote(record, rule).group for rule in ("B2", "S3", "B7")} == {"own_weight"}


def test_weak_states_balance_against_weak_states() -> None:
    states = {"a": {"power_rank": "weak"}, "p": {"power_rank": "weak"}}
    record = run(relations=[threatened()], states=states)
    assert vote(record, "B3a").word == "strong"
    assert not speak(record, "B3b")


# ---- wars ---------------------------------------------------------------------------------------


def war(ahead: str, x: str, y: str, *, phase: str = "mid", closeness: str = "moderate", name: str = "w") -> Entry:
    sides = {"x": [x], "y": [y]}
    return {"id": name, "sides": sides, "phase": phase, "side_ahead": ahead, "closeness_to_victory": closeness}


CRISIS = {"phase": "crisis"}


@pytest.mark.parametrize(("closeness", "word"), [("low", "slight"), ("moderate", "moderate"), ("high", "strong")])
def test_a_side_ahead_that_contains_the_threat_draws_towards_bandwagoning(closeness: str, word: str) -> None:
    record = run(relations=[threatened()], wars=[war("x", "p", "m", closeness=closeness)], situation=CRISIS)
    pull = vote(record, "W2")
    assert (pull.answer, pull.word, pull.sign) == ("bandwagon", word, 1)
    assert not alignment(record).strained


def test_a_side_ahead_that_fights_the_threat_draws_towards_balancing() -> None:
    record = run(relations=[threatened()], wars=[war("y", "p", "m")], situation=CRISIS)
    assert vote(record, "W2").answer == "balance"
    assert alignment(record).answer == "balance"
    assert not alignment(record).strained
    assert record.fired("tension_6")


def test_joining_the_winners_against_the_threat_for_gain_has_the_motive_of_spoils() -> None:
    spoils = sees("a", "m", spoils_on_offer="yes")
    record = run(
        relations=[threatened(), spoils],
        wars=[war("y", "p", "m")],
        situation=CRISIS,
        states={"a": {"aims": "revisionist"}},
    )
    assert vote(record, "M2").answer == "balance"
    assert concluded(record, "motive", "a", "p", "spoils")
    content = run(
        relations=[threatened(), spoils],
        wars=[war("y", "p", "m")],
        situation=CRISIS,
        states={"a": {"aims": "status_quo"}},
    )
    assert not concluded(content, "motive", "a", "p", "spoils")


PULLED = {"a": {"power_rank": "weak", "effect_on_outcome": "negligible"}}


def test_joining_a_winner_that_is_not_the_threat_is_strained_bandwagoning() -> None:
    # toward the side ahead: W2 3 and S2 3; against p: B1 1, B6 2, W1 2; with p: S1 2
    wars = [war("x", "m", "n", closeness="high")]
    record = run(relations=[threatened()], wars=wars, situation=CRISIS, states=PULLED)
    contest = alignment(record)
    assert {(option.answer, option.toward, option.total) for option in contest.alternatives} == {
        ("bandwagon", "w.x", 6), ("balance", "p", 5), ("bandwagon", "p", 2),
    }  # fmt: skip
    assert (contest.answer, contest.toward, contest.strained) == ("bandwagon", "w.x", True)
    (posture,) = [posture for posture in record.postures if posture.of == "a"]
    assert (posture.about, posture.posture, posture.effort) == ("p", "bandwagon", None)
    # a state that a threat faces is counted, toward whomever it turns
    assert record.census["outlook"].counts["bandwagon"] == 1


@pytest.mark.parametrize("names", [("one", "two"), ("two", "one")])
def test_joining_a_winner_where_there_is_no_threat_is_strained_whatever_the_war_is_called(
    names: tuple[str, str],
) -> None:
    near, far = names
    wars = [war("x", "m", "n", closeness="high", name=near), war("y", "k", "l", closeness="low", name=far)]
    record = run(relations=[HARMLESS], wars=wars, situation=CRISIS)
    contests = [
        contest for (question, of, _), contest in record.contests.items() if (question, of) == ("alignment", "a")
    ]
    assert [(contest.answer, contest.toward) for contest in contests] == [("bandwagon", f"{near}.x")]
    assert label(record) == "bandwagon"
    # the side is no state, so there is no main danger that it could be
    assert contests[0].strained or contests[0].about not in record.case.states


def test_spoils_alone_draw_a_state_without_a_threat_to_the_winner() -> None:
    relations = [HARMLESS, sees("a", "m", spoils_on_offer="yes")]
    wars = [war("x", "m", "n", closeness="none")]
    record = run(relations=relations, wars=wars, situation=CRISIS, states={"a": {"aims": "revisionist"}})
    assert label(record) == "bandwagon"
    assert concluded(record, "motive", "a", "w.x", "spoils")


def test_a_war_that_nobody_is_winning_gives_no_posture() -> None:
    record = run(relations=[HARMLESS], wars=[war("none", "m", "n", closeness="none")], situation=CRISIS)
    assert not [posture for posture in record.postures if posture.of == "a"]


@pytest.mark.parametrize(("phase", "defeated"), [("mid", False), ("near_decision", True)])
def test_once_a_war_is_nearly_decided_the_tendencies_to_balance_give_way(phase: str, defeated: bool) -> None:
    record = run(relations=[threatened()], wars=[war("x", "p", "m", phase=phase)], situation=CRISIS)
    for rule in ("B1", "W1"):
        assert bool(vote(record, rule).defeated_by) == defeated
    for rule in ("B6", "T4"):
        assert not vote(record, rule).defeated_by


def test_a_nearly_decided_war_defeats_nothing_where_the_winner_fights_the_threat() -> None:
    record = run(relations=[threatened()], wars=[war("y", "p", "m", phase="near_decision")], situation=CRISIS)
    assert not speak(record, "W2.decided")
    assert not vote(record, "B1").defeated_by


def test_a_state_at_war_is_governed_by_the_phase_of_its_war() -> None:
    for phase, early in (("early", True), ("mid", False)):
        wars = [war("none", "a", "p", phase=phase, closeness="none")]
        record = run(relations=[threatened()], wars=wars, situation=CRISIS)
        assert not speak(record, "W1")
        assert speak(record, "W1.early") == early
        assert concluded(record, "motive", "a", "p", "defeat")
        assert not concluded(record, "motive", "a", "p", "deterrence")
    outside = run(relations=[threatened()], situation=CRISIS)
    assert vote(outside, "W1").counted
    assert concluded(outside, "motive", "a", "p", "deterrence")


def test_restored_peace_restores_balancing_and_wears_out_wartime_ties() -> None:
    relations = [threatened(), sees("a", "c", commitment="wartime"), sees("a", "d", commitment="peacetime")]
    record = run(relations=relations, situation={"phase": "peace_restored"})
    assert vote(record, "W3").word == "moderate"
    assert sorted([vote(record, "W1").counted, vote(record, "W3").counted]) == [False, True]
    assert record.grades["durability", "a", "c"].grade == "strained"
    assert ("durability", "a", "d") not in record.grades


@pytest.mark.parametrize(("intentions", "appeases"), [("aggressive", True), ("unalterably_aggressive", False)])
def test_who_cannot_be_turned_aside_cannot_be_appeased(intentions: str, appeases: bool) -> None:
    # bandwagon: W2 3, S2 3, aid of the threat 2 (A0), less T4d 3 if unalterable; balance: B6 2 or 3, B1 and W1 defeated
    record = run(
        relations=[threatened(intentions=intentions)],
        wars=[war("x", "p", "m", phase="near_decision", closeness="high")],
        links={"aid": [{"donor": "p", "recipient": "a", "aid": "high"}]},
        situation=CRISIS,
        states=PULLED,
    )
    assert alignment(record).answer == "bandwagon"
    assert concluded(record, "motive", "a", "p", "appeasement") == appeases
    (motive,) = [firing for firing in record.firings.values() if firing.rule == "M1"]
    assert [name.partition("[")[0] for name in motive.defeated_by] == ([] if appeases else ["T4d"])
    assert bool(record.fired("tension_1")) == (not appeases)
    assert bool(record.fired("Trapped")) == (not appeases)
    assert record.fired("B8"), "every bandwagon verdict carries its warning"


# ---- allies and effort --------------------------------------------------------------------------


def helped(
    support: str, *, adequate: str | None = "yes", rank: str = "middle", ally: str = "middle", tie: str = "none"
) -> Record:
    """A threatened state that expects the support of one ally."""
    allies = {"state": "a", "against": "p", "support": {"c": support}, **({"adequate": adequate} if adequate else {})}
    return run(
        relations=[threatened(), sees("a", "c", commitment=tie)],
        allies=[allies],
        states={"a": {"power_rank": rank}, "c": {"power_rank": ally}},
    )


def test_the_more_probable_the_support_the_more_a_state_balances() -> None:
    # B1 1, B2 1, B6 2, and V1: nothing, slight, moderate, strong; V5 adds to the other side only
    totals = [points(helped(support), "balance") for support in ("none", "uncertain", "likely", "certain")]
    assert totals == [4, 5, 6, 7]


@pytest.mark.parametrize("rank", ["weak", "middle", "great"])
def test_certain_and_adequate_support_lets_a_state_pass_the_burden(rank: str) -> None:
    record = helped("certain", rank=rank, ally="great")
    assert (alignment(record).answer, effort(record).answer) == ("balance", "passed")
    assert label(record) == ("buck-pass" if rank == "great" else "free-ride")
    (posture,) = record.postures
    assert posture.posture == "free_ride"
    spoken = {voice.rule for voice in votes(record) if voice.question == "effort"}
    assert spoken == {"weak": {"V2", "V2b"}, "middle": {"V2"}, "great": {"V2", "V3"}}[rank]
    assert effort(record).margin == 2, "one consideration, however many rules say it"


@pytest.mark.parametrize("rank", ["weak", "middle", "great"])
def test_certain_but_inadequate_support_leaves_the_burden_where_it_is(rank: str) -> None:
    record = helped("certain", adequate="no", rank=rank, ally="great")
    assert (effort(record).answer, effort(record).by_silence, label(record)) == ("carried", False, "balance")
    for voice in votes(record):
        if voice.answer == "passed":
            assert voice.defeated_by == ("V2.inadequate[s=a, p=p, a=c]",)


@pytest.mark.parametrize("rank", ["weak", "middle", "great"])
def test_where_nobody_knows_whether_support_suffices_no_rule_passes_the_burden(rank: str) -> None:
    record = helped("certain", adequate=None, rank=rank, ally="great")
    assert not [voice for voice in votes(record) if voice.question == "effort"]
    assert (effort(record).answer, effort(record).by_silence) == ("carried", True)


def test_great_powers_pass_the_buck_on_likely_support_of_another() -> None:
    assert label(helped("likely", rank="great", ally="great")) == "buck-pass"
    assert label(helped("likely", rank="great", ally="middle")) == "balance"
    assert label(helped("likely", rank="middle", ally="great")) == "balance"
    assert label(helped("uncertain", rank="great", ally="great")) == "balance"


def test_doubt_of_an_ally_is_weighed_against_the_temptation_to_pass_the_buck() -> None:
    # V3 2 for passing, V4 2 for carrying
    record = helped("likely", rank="great", ally="great", tie="peacetime")
    assert (alignment(record).answer, effort(record).answer, label(record)) == ("balance", TIE, "balance or buck-pass")


def test_effort_is_asked_only_where_the_alignment_is_balance() -> None:
    record = run(**cornered("ambiguous"))
    assert alignment(record).answer == "bandwagon"
    assert ("effort", "a", "p") not in record.contests


def test_effort_never_competes_in_points_with_balance() -> None:
    passed, carried = helped("certain", adequate="yes"), helped("certain", adequate="no")
    assert alignment(passed) == alignment(carried)


@pytest.mark.parametrize(
    ("support", "lonely"),
    [({"c": "none"}, True), ({}, True), ({"c": "uncertain"}, False), ({"c": "unknown"}, False)],
)
def test_only_a_complete_list_without_any_support_makes_a_state_alone(support: Entry, lonely: bool) -> None:
    record = run(relations=[threatened(), sees("a", "c")], allies=[{"state": "a", "against": "p", "support": support}])
    assert speak(record, "V5") == lonely


def test_without_a_list_of_allies_nobody_is_alone() -> None:
    assert not speak(run(relations=[threatened(), sees("a", "c")]), "V5")


def test_to_rely_on_a_state_that_passes_the_buck_is_a_caution() -> None:
    allies = [
        {"state": "a", "against": "p", "support": {"c": "likely"}, "adequate": "no"},
        {"state": "c", "against": "p", "support": {"a": "certain"}, "adequate": "yes"},
    ]
    record = run(relations=[threatened("a", "p"), threatened("c", "p")], allies=allies)
    assert (label(record, "a"), label(record, "c")) == ("balance", "free-ride")
    assert [dict(firing.bindings) for firing in record.fired("Reliance")] == [{"s": "a", "p": "p", "c": "c"}]


def test_a_state_that_joins_the_threat_is_no_partner() -> None:
    weak = threatened(
        "c",
        "p",
        relative_power="much_weaker",
        proximity="bordering",
        intentions="ambiguous",
        demonstrated_coercion="yes",
    )
    states = {"c": {"power_rank": "weak"}, "p": {"power_rank": "great"}}
    record = run(relations=[threatened("a", "p"), weak], states=states, situation={"phase": "peace"})
    assert (label(record, "a"), label(record, "c")) == ("balance", "bandwagon")
    assert concluded(record, "no_partner", "a", "c")
    assert record.grades["partner", "a", "c"].standing == "lower"


# ---- aid ----------------------------------------------------------------------------------------


def aided(aid: str, *, by: str = "d", threat: bool, **facts: str) -> Record:
    link = {"donor": by, "recipient": "a", "aid": aid, **facts}
    return run(relations=[threatened() if threat else HARMLESS, sees("a", "d")], links={"aid": [link]})


@pytest.mark.parametrize(
    ("aid", "threat", "base", "word"),
    [
        ("low", False, "slight", "slight"),
        ("moderate", False, "moderate", "moderate"),
        ("high", False, "strong", "moderate"),  # A0: never the strongest word
        ("low", True, "slight", "moderate"),  # A2b: a step up under threat
        ("moderate", True, "moderate", "moderate"),  # up, then capped
        ("high", True, "strong", "moderate"),
    ],
)
def test_aid_counts_by_its_size_and_the_threat_and_never_most(aid: str, threat: bool, base: str, word: str) -> None:
    voice = vote(aided(aid, threat=threat), "A1", "a", "d")
    assert (voice.base, voice.word, voice.counted) == (base, word, True)


def test_no_aid_says_nothing() -> None:
    assert not speak(aided("none", threat=True), "A1")


def test_aid_of_the_threat_itself_speaks_for_joining_it_and_is_no_partnership() -> None:
    record = aided("high", by="p", threat=True)
    assert not speak(record, "A1")
    assert (vote(record, "A1.threat").answer, vote(record, "A1.threat").word) == ("bandwagon", "moderate")


def test_threat_makes_aid_align_the_recipient_and_weakens_the_control_of_the_donor() -> None:
    calm, tense = aided("moderate", threat=False), aided("moderate", threat=True)
    assert vote(calm, "A1b", "d", "a").points == vote(tense, "A1b", "d", "a").points == 2
    assert not speak(calm, "A5b", "d")
    assert vote(tense, "A5b", "d", "a").points == -2
    assert tense.grades["leverage", "d", "a"].total < calm.grades["leverage", "d", "a"].total
    assert tense.fired("tension_12")


def test_what_is_stated_about_motivation_replaces_the_usual() -> None:
    record = aided("moderate", threat=True, motivation_favours="donor")
    assert not speak(record, "A5b", "d")
    assert vote(record, "A5", "d", "a").word == "moderate"


# ---- penetration --------------------------------------------------------------------------------


def penetrated(access: str, *, by: str = "c", aid: bool = False, openness: str = "mixed", **facts: str) -> Record:
    links: Entry = {"penetration": [{"penetrator": by, "target": "a", "access": access, **facts}]}
    if aid:
        links["aid"] = [{"donor": by, "recipient": "a", "aid": "low"}]
    return run(relations=[threatened(), sees("a", "c")], states={"a": {"openness": openness}}, links=links)


@pytest.mark.parametrize(
    ("access", "more", "word"),
    [
        ("limited", {}, "slight"),
        ("extensive", {}, "slight"),  # P4: alone it is weak, whatever weighs it
        ("extensive", {"openness": "open", "objectives": "limited"}, "slight"),
        ("limited", {"aid": True}, "moderate"),  # another cause: a step up
        ("limited", {"aid": True, "openness": "open"}, "strong"),
        ("extensive", {"aid": True}, "strong"),
        ("extensive", {"aid": True, "openness": "open", "objectives": "limited"}, "strong"),  # no word above it
    ],
)
def test_penetration_is_weighed_by_openness_objectives_and_other_causes(access: str, more: Entry, word: str) -> None:
    assert vote(penetrated(access, **more), "P1", "a", "c").word == word


def test_access_attracts_until_intrusion_repels() -> None:
    def drawn(intrusiveness: str) -> int:
        return penetrated("extensive", aid=True, intrusiveness=intrusiveness).grades["partner", "a", "c"].total

    # aid 2 under threat; P1 3, less P3b: nothing, slight, moderate with P1 defeated
    assert [drawn(how) for how in ("low", "moderate", "high")] == [5, 4, 0]
    record = penetrated("extensive", aid=True, intrusiveness="high")
    assert vote(record, "P1", "a", "c").defeated_by == ("P3b.high[s=a, c=c]",)
    assert record.fired("tension_13")


def test_penetration_by_the_threat_itself_speaks_for_joining_it() -> None:
    record = penetrated("extensive", by="p")
    assert not speak(record, "P1")
    assert vote(record, "P1.threat").answer == "bandwagon"
    assert vote(penetrated("extensive", by="p", intrusiveness="high"), "P3b.threat").points == -2
    assert not penetrated("none", by="p").fired("D6")


# ---- ideology -----------------------------------------------------------------------------------


def kindred(
    *, security: str | None = None, technology: str = "balanced", similarity: str = "high", legitimacy: str = "high"
) -> Record:
    state = {"domestic_legitimacy": legitimacy, **({"external_security": security} if security else {})}
    relations = [threatened(), sees("a", "c", ideology_similarity=similarity)]
    return run(relations=relations, states={"a": state}, situation={"offense_defense": technology})


@pytest.mark.parametrize(
    ("similarity", "security", "technology", "word"),
    [
        ("medium", "moderate", "balanced", "slight"),
        ("high", "moderate", "balanced", "moderate"),
        ("high", "secure", "balanced", "strong"),
        ("high", "insecure", "balanced", "slight"),
        ("high", "moderate", "defense", "strong"),
        ("high", "moderate", "offense", "slight"),
        ("high", "insecure", "defense", "moderate"),
        ("high", "insecure", "offense", NOTHING),
        ("medium", "insecure", "balanced", NOTHING),
    ],
)
def test_ideology_counts_for_more_where_states_are_secure(
    similarity: str, security: str, technology: str, word: str
) -> None:
    record = kindred(similarity=similarity, security=security, technology=technology)
    voice = vote(record, "I1", "a", "c")
    assert (voice.word, voice.counted) == (word, word != NOTHING)
    spoken = [row for row in record.memory.all("evidence") if row.fields["row"] == "I1" and row.fields["of"] == "a"]
    assert bool(spoken) == (word != NOTHING)


def test_ideology_yields_to_threat() -> None:
    states = {"a": {"domestic_legitimacy": "low"}}
    record = run(relations=[threatened(ideology_similarity="high")], states=states)
    for rule in ("I1", "I6"):
        voice = vote(record, rule)
        assert voice.defeated_by == ("D4[s=a, p=p]",)
        assert not voice.counted
    assert record.fired("tension_9")


def test_security_outside_and_legitimacy_at_home_are_two_facts() -> None:
    record = kindred(security="insecure", legitimacy="low")
    assert (vote(record, "I1", "a", "c").word, vote(record, "I6", "a", "c").word) == ("slight", "moderate")
    assert record.grades["partner", "a", "c"].total == 3
    assert record.fired("tension_11")


@pytest.mark.parametrize(
    ("stated", "felt", "derived", "caution"),
    [
        ("secure", "secure", "insecure", True),
        ("insecure", "insecure", "insecure", False),
        (None, "insecure", "insecure", False),
    ],
)
def test_security_is_what_a_state_is_said_to_feel_and_else_what_its_threats_leave(
    stated: str | None, felt: str, derived: str, caution: bool
) -> None:
    record = kindred(security=stated)
    row, below = record.memory.get("felt_security", "a"), record.memory.get("derived_security", "a")
    assert row is not None
    assert below is not None
    assert (row.fields["level"], below.fields["level"]) == (felt, derived)
    assert bool(record.fired("SecurityDiffers")) == caution


def test_a_state_is_secure_only_if_no_other_could_be_a_significant_threat() -> None:
    known = run(relations=[HARMLESS])
    row = known.memory.get("felt_security", "a")
    assert row is not None
    assert row.fields["level"] == "secure"
    assert run(relations=[HARMLESS, sees("a", "c")]).memory.get("felt_security", "a") is None


@pytest.mark.parametrize(
    ("ideology", "grade", "total"),
    [
        ("monarchism", None, 0),
        ("nationalism", "strained", -1),
        ("fascism", "strained", -2),
        ("leninism", "fragile", -3),
    ],
)
def test_the_more_centralised_the_ideology_that_states_share_the_more_fragile_their_alliance(
    ideology: str, grade: str | None, total: int
) -> None:
    states = {"a": {"ideology": ideology}, "c": {"ideology": ideology}}
    record = run(relations=[sees("a", "c")], states=states)
    found = record.grades.get(("durability", "a", "c"))
    assert (found.grade, found.total) == (grade, total) if found else (grade, total) == (None, 0)


# ---- the outlook --------------------------------------------------------------------------------


def world(*kinds: str) -> Record:
    """States that each face the same great power, and balance or bandwagon by their weakness and its conduct."""
    relations, states = [], {"p": {"power_rank": "great"}}
    for number, kind in enumerate(kinds):
        name = f"s{number}"
        if kind == "balance":  # B1 1, B2 1, B6 2, W1 2
            relations.append(threatened(name, "p"))
            states[name] = {"power_rank": "middle"}
        else:  # B1 1, B6 1 against T2d 3
            facts = {"relative_power": "much_weaker", "proximity": "bordering", "demonstrated_coercion": "yes"}
            relations.append(threatened(name, "p", intentions="ambiguous", **facts))
            states[name] = {"power_rank": "weak"}
    relations.append(sees("s0", "s1", commitment="peacetime"))
    return run(relations=relations, states=states, situation={"phase": "peace"})


@pytest.mark.parametrize(
    ("kinds", "prevalent", "rows"),
    [
        (("balance", "balance", "bandwagon"), "balance", {"G1", "G3", "G4", "G5"}),
        (("balance", "bandwagon", "bandwagon"), "bandwagon", {"G2", "G6", "G7", "G8", "G9", "R3"}),
        (("balance", "bandwagon"), "even", set()),
    ],
)
def test_what_prevails_among_the_threatened_is_counted_and_has_its_implications(
    kinds: tuple[str, ...], prevalent: str, rows: set[str]
) -> None:
    record = world(*kinds)
    census = record.census["outlook"]
    assert census.prevalent == prevalent
    for kind in ("balance", "bandwagon"):
        assert census.counts[kind] == kinds.count(kind)
        assert census.states[kind] == tuple(f"s{n}" for n, other in enumerate(kinds) if other == kind)
    fired = {BOOK.rules[firing.rule].row for firing in record.firings.values()}
    assert fired & {"G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9", "R3"} == rows


def test_a_state_that_answers_two_threats_differently_is_divided_and_counted_apart() -> None:
    cornering = {"relative_power": "much_weaker", "proximity": "bordering", "intentions": "ambiguous"}
    relations = [threatened("a", "p", **cornering, demonstrated_coercion="yes"), threatened("a", "q", **cornering)]
    states = {"a": {"power_rank": "weak"}, "p": {"power_rank": "great"}, "q": {"power_rank": "middle"}}
    record = run(relations=relations, states=states, situation={"phase": "peace"})
    assert {posture.about: posture.posture for posture in record.postures} == {"p": "bandwagon", "q": "balance"}
    census = record.census["outlook"]
    assert (census.counts["divided"], census.states["divided"]) == (1, ("a",))
    assert census.counts["balance"] == census.counts["bandwagon"] == 0


# ---- what is not known --------------------------------------------------------------------------


@lru_cache(maxsize=16)
def bundled(path: Path) -> tuple[Any, Record]:
    document = read(path)
    return document.data, infer(read_case(document, BOOK), BOOK.program())


def stated(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where a case file states a fact."""
    names = {name for table in BOOK.tables.values() if not table.derived for name in table.attributes}
    found: list[tuple[str | int, ...]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        here = (*path, key)
        fact = (key in names and path) or (len(path) == 3 and path[0] == "allies" and path[2] == "support")
        if fact and not isinstance(below, list) and key != "support" and not (key == "aid" and path == ("links",)):
            found.append(here)
        elif path == () or path[0] in ("situation", "states", "relations", "allies", "wars", "links"):
            found += stated(below, here)
    return found


def asks_whether_stated(rule: str) -> bool:
    patterns = [premise.pattern for premise in BOOK.rules[rule].premises if isinstance(premise, Holds | Absent)]
    return any(c.stated is not None for pattern in patterns for c in pattern.constraints)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_forgetting_a_fact_makes_no_premise_on_facts_true(data: st.DataObject) -> None:
    whole, before = bundled(data.draw(st.sampled_from(CASES)))
    path = data.draw(st.sampled_from(stated(whole)))
    poorer = copy.deepcopy(whole)
    holder = poorer
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = "unknown"
    after = infer(read_case(parse(json.dumps(poorer), "case.yaml"), BOOK), BOOK.program())
    for firing in after.firings.values():
        if firing.id in before.firings or asks_whether_stated(firing.rule):
            continue
        rule = BOOK.rules[firing.rule]
        # what fires anew does so by a conclusion that changed, never by the fact that is missing
        derived = [
            premise
            for premise in rule.premises
            if isinstance(premise, Holds | Absent) and BOOK.tables[premise.pattern.table].derived
        ]
        assert derived, firing.id


UNSURE = sees("a", "p", relative_power="peer", proximity="near", offensive_power="high")


def test_intentions_that_are_unknown_are_not_taken_for_ambiguous_or_benign() -> None:
    record = run(relations=[UNSURE])  # 6 points: significant all the same
    assert concluded(record, "principal_threat", "a", "p")
    for rule in ("B6", "B9", "T4", "T4b", "T4d", "T4c", "T4c.benign"):
        assert not [firing for firing in record.firings.values() if firing.rule == rule]


@pytest.mark.parametrize(
    ("facts", "silent"),
    [
        ({"a": {"power_rank": "weak"}}, ["S1", "S2", "B3b", "T2d"]),
        ({"a": {"effect_on_outcome": "negligible"}}, ["S1", "S2"]),
        ({"p": {"power_rank": "great"}}, ["B2", "B3b", "T2d"]),
        ({}, ["B2", "B3a", "B3b", "S1", "S3", "W1", "V1", "V5", "B4"]),
    ],
)
def test_a_premise_on_a_fact_that_is_unknown_is_not_satisfied(facts: Entry, silent: list[str]) -> None:
    record = run(relations=[threatened(proximity="bordering")], states=facts)
    for rule in silent:
        assert not speak(record, rule), rule


# ---- order and repetition -----------------------------------------------------------------------


def told(record: Record) -> tuple[object, ...]:
    return (list(record.firings), record.grades, record.contests, record.postures, record.census, record.producers)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_conclusions_do_not_depend_on_the_order_of_facts(random: Any) -> None:
    whole, before = bundled(CASES[0])
    mixed = copy.deepcopy(whole)
    for part in ("relations", "allies", "wars"):
        random.shuffle(mixed.get(part, []))
    mixed["states"] = dict(random.sample(sorted(mixed["states"].items()), len(mixed["states"])))
    after = infer(read_case(parse(json.dumps(mixed), "case.yaml"), BOOK), BOOK.program())
    assert told(after) == told(before)


def test_one_run_leaves_nothing_behind_for_the_next() -> None:
    first = told(run(relations=[threatened()]))
    run(**cornered("ambiguous"))
    assert told(run(relations=[threatened()])) == first


def test_what_a_case_holds_is_not_changed_by_running_it() -> None:
    document = read(CASES[0])
    case = read_case(document, BOOK)
    before = [(row.id, dict(row.fields)) for row in case.memory.every()]
    infer(case, BOOK.program())
    assert [(row.id, dict(row.fields)) for row in case.memory.every()] == before
