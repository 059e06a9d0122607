"""Laws of evidence that adds up: weighing, groups, grades, contests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from foedus.evidence import Capping, alternative, contest, count, grade, weigh
from foedus.record import NOTHING, TIE, Alternative, Contest, GradeOf, Voice, Weighing
from foedus.terms import UNKNOWN, Grade, Question
from hypothesis import assume, given, settings
from hypothesis import strategies as st

steady = settings(max_examples=80, deadline=None, derandomize=True)

WORDS = ("slight", "moderate", "strong")
SCALE = (NOTHING, *WORDS)
POINTS = {"slight": 1, "moderate": 2, "strong": 3}
RAYS = ((0, 0, 1), (0, 1, 1), (1, 1, 1))
CONTEST = Question(
    "alignment", "contest", ("main",), "?", "", "convention", WORDS, (1, 2, 3),
    answers=("balance", "bandwagon"), about="principal_threat", rays=RAYS,
)  # fmt: skip
GRADED = Question(
    "threat", "graded", ("main",), "?", "", "convention", WORDS, (1, 2, 3),
    grades=(Grade("none", 0), Grade("low", 2), Grade("moderate", 4), Grade("high", 7)), significant_from="moderate",
)  # fmt: skip


# ---- weighing -----------------------------------------------------------------------------------


@st.composite
def weighings(draw: st.DrawFn) -> list[tuple[str, Weighing]]:
    """What several rules do to one vote; each firing is its own."""
    found: list[tuple[str, Weighing]] = []
    for number in range(draw(st.integers(0, 6))):
        row = draw(st.sampled_from(["A2b", "P2", "S4", "A0"]))
        firing = f"{row}[{number}]"
        if draw(st.booleans()):
            found.append((row, Weighing(firing, draw(st.sampled_from(["up", "down"])), None)))
        else:
            found.append((row, Weighing(firing, None, draw(st.sampled_from(WORDS)))))
    return found


@steady
@given(st.sampled_from(SCALE), weighings())
def test_a_weighed_word_stays_on_the_scale(base: str, given_: list[tuple[str, Weighing]]) -> None:
    word, applied = weigh(base, CONTEST, given_)
    assert word in SCALE
    assert sorted(applied, key=str) == sorted((weighing for _, weighing in given_), key=str)


@steady
@given(st.sampled_from(SCALE), weighings())
def test_steps_of_one_row_count_once_and_highest_words_come_after_steps(
    base: str, given_: list[tuple[str, Weighing]]
) -> None:
    steps = {(row, weighing.step) for row, weighing in given_ if weighing.step is not None}
    moved = SCALE.index(base) + sum(1 if step == "up" else -1 for _, step in steps)
    highest = [SCALE.index(weighing.highest) for _, weighing in given_ if weighing.highest is not None]
    expected = min([max(0, min(moved, len(SCALE) - 1)), *highest])
    assert weigh(base, CONTEST, given_)[0] == SCALE[expected]


@steady
@given(st.sampled_from(SCALE), weighings(), st.randoms(use_true_random=False))
def test_the_order_of_weighings_is_irrelevant(base: str, given_: list[tuple[str, Weighing]], random: object) -> None:
    shuffled = list(given_)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert weigh(base, CONTEST, shuffled) == weigh(base, CONTEST, given_)


@steady
@given(st.sampled_from(SCALE), weighings(), st.sampled_from(["up", "down"]))
def test_a_row_that_fires_again_moves_nothing_further(base: str, given_: list[tuple[str, Weighing]], step: str) -> None:
    once = [*given_, ("P4", Weighing("P4[x=1]", step, None))]
    twice = [*once, ("P4", Weighing("P4[x=2]", step, None))]
    assert weigh(base, CONTEST, once)[0] == weigh(base, CONTEST, twice)[0]


@steady
@given(st.sampled_from(WORDS), st.sampled_from(WORDS), weighings())
def test_weighing_keeps_the_order_of_words(lower: str, higher: str, given_: list[tuple[str, Weighing]]) -> None:
    assume(SCALE.index(lower) <= SCALE.index(higher))
    low, high = weigh(lower, CONTEST, given_)[0], weigh(higher, CONTEST, given_)[0]
    assert SCALE.index(low) <= SCALE.index(high)


def test_a_highest_word_holds_however_many_steps_go_up() -> None:
    up = [(row, Weighing(f"{row}[]", "up", None)) for row in ("A2b", "P2", "P3")]
    assert weigh("slight", CONTEST, up)[0] == "strong"
    assert weigh("slight", CONTEST, [*up, ("A0", Weighing("A0[]", None, "moderate"))])[0] == "moderate"


def test_a_word_can_be_weighed_down_to_nothing() -> None:
    assert weigh("slight", CONTEST, [("I3", Weighing("I3[]", "down", None))])[0] == NOTHING


# ---- which votes count --------------------------------------------------------------------------


@st.composite
def voices(draw: st.DrawFn, *, question: str = "alignment", defaults: bool = False) -> list[Voice]:
    """Votes with firings of their own, some of them defeated, some weighed down to nothing."""
    found: list[Voice] = []
    for number in range(draw(st.integers(0, 9))):
        rule = draw(st.sampled_from(["B1", "B2", "B6", "S1", "T2d.shown", "V1"]))
        word = draw(st.sampled_from(SCALE))
        found.append(
            Voice(
                firing=f"{rule}[{number}]", rule=rule, row=rule.partition(".")[0], question=question,
                answer=draw(st.sampled_from(["balance", "bandwagon"])) if question == "alignment" else None,
                of="a", toward=draw(st.sampled_from(["p", "q"])), sign=draw(st.sampled_from([1, 1, -1])),
                group=draw(st.sampled_from(["timing", "vulnerability"])), base=word, word=word, weighed_by=(),
                counted=False, points=0, included_in=None, suppressed_by=None,
                defeated_by=draw(st.sampled_from([(), (), ("X[]",)])), default=defaults and rule == "B1",
            )
        )  # fmt: skip
    return found


def consideration(vote: Voice) -> tuple[str | None, str, str, int, str]:
    """What one group counts once for: an answer, a pair and a sign."""
    return (vote.answer, vote.of, vote.toward, vote.sign, vote.group)


replaceable = st.dictionaries(st.sampled_from(["B1", "B2", "B6", "S1", "T2d.shown", "V1"]), st.booleans())


@steady
@given(voices(), replaceable)
def test_a_group_counts_once_for_each_answer_pair_and_sign(votes: list[Voice], stands_in: dict[str, bool]) -> None:
    counted = count(votes, CONTEST, stands_in)
    assert sorted(vote.firing for vote in counted) == sorted(vote.firing for vote in votes)
    kept = [consideration(vote) for vote in counted if vote.counted]
    assert len(kept) == len(set(kept))


@steady
@given(voices(), replaceable)
def test_what_counts_is_the_strongest_undefeated_vote(votes: list[Voice], stands_in: dict[str, bool]) -> None:
    counted = count(votes, CONTEST, stands_in)
    for vote in counted:
        if vote.counted:
            assert not vote.defeated_by
            assert vote.word != NOTHING
            assert vote.points == vote.sign * POINTS[vote.word]
            rivals = [v for v in votes if consideration(v) == consideration(vote) and not v.defeated_by]
            assert SCALE.index(vote.word) == max(SCALE.index(v.word) for v in rivals)
        else:
            assert vote.points == 0


@steady
@given(voices(), replaceable)
def test_a_defeated_stronger_vote_silences_weaker_ones_unless_it_may_be_replaced(
    votes: list[Voice], stands_in: dict[str, bool]
) -> None:
    counted = count(votes, CONTEST, stands_in)
    for key in {consideration(vote) for vote in votes}:
        members = [vote for vote in counted if consideration(vote) == key]
        alive = [vote for vote in members if not vote.defeated_by and vote.word != NOTHING]
        top = max((SCALE.index(vote.word) for vote in alive), default=0)
        fallen = {
            vote.firing
            for vote in members
            if vote.defeated_by and not stands_in.get(vote.rule, False) and SCALE.index(vote.word) > top
        }
        if alive and fallen:
            assert not any(vote.counted for vote in members)
            assert {vote.suppressed_by for vote in alive} <= fallen
        else:
            assert sum(vote.counted for vote in members) == bool(alive)
            assert not any(vote.suppressed_by for vote in members)


@steady
@given(voices(), replaceable)
def test_every_standing_vote_is_counted_or_says_what_stands_instead(
    votes: list[Voice], stands_in: dict[str, bool]
) -> None:
    counted = {vote.firing: vote for vote in count(votes, CONTEST, stands_in)}
    for vote in counted.values():
        if vote.defeated_by or vote.word == NOTHING:
            assert (vote.counted, vote.included_in, vote.suppressed_by) == (False, None, None)
            continue
        assert vote.counted + (vote.included_in is not None) + (vote.suppressed_by is not None) == 1
        if vote.included_in is not None:
            leader = counted[vote.included_in]
            assert leader.counted
            assert consideration(leader) == consideration(vote)


@steady
@given(voices(), replaceable, st.randoms(use_true_random=False))
def test_the_order_of_votes_is_irrelevant(votes: list[Voice], stands_in: dict[str, bool], random: object) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert count(shuffled, CONTEST, stands_in) == count(votes, CONTEST, stands_in)


@steady
@given(voices(), replaceable, voices())
def test_repeating_a_consideration_in_weaker_words_adds_nothing(
    votes: list[Voice], stands_in: dict[str, bool], more: list[Voice]
) -> None:
    before = count(votes, CONTEST, stands_in)
    leaders = {consideration(vote): vote for vote in before if vote.counted}
    echoes = [
        replace(vote, firing=f"echo {vote.firing}")
        for vote in more
        if consideration(vote) in leaders
        and not vote.defeated_by
        and SCALE.index(vote.word) <= SCALE.index(leaders[consideration(vote)].word)
    ]
    after = count([*votes, *echoes], CONTEST, stands_in)
    assert sum(vote.points for vote in after) == sum(vote.points for vote in before)


def voice(
    rule: str, word: str, *, answer: str | None = "balance", sign: int = 1, group: str = "g", **more: object
) -> Voice:
    given_: dict[str, object] = {
        "firing": f"{rule}[]", "rule": rule, "row": rule.partition(".")[0], "question": "alignment", "answer": answer,
        "of": "a", "toward": "p", "sign": sign, "group": group, "base": word, "word": word, "weighed_by": (),
        "counted": False, "points": 0, "included_in": None, "suppressed_by": None, "defeated_by": (), "default": False,
    }  # fmt: skip
    return Voice(**{**given_, **more})  # type: ignore[arg-type]


def test_the_same_group_counts_apart_for_and_against_and_toward_others() -> None:
    votes = [
        voice("B6", "strong", group="aggression"),
        voice("T4d", "strong", group="aggression", answer="bandwagon", sign=-1),
        voice("B6", "moderate", group="aggression", firing="B6[q]", toward="q"),
        voice("T4", "moderate", group="aggression"),
    ]
    counted = count(votes, CONTEST, {})
    assert {vote.firing for vote in counted if vote.counted} == {"B6[]", "T4d[]", "B6[q]"}
    assert next(vote for vote in counted if vote.rule == "T4").included_in == "B6[]"


def test_a_defeated_vote_of_the_same_strength_silences_nobody() -> None:
    votes = [voice("W1", "moderate", defeated_by=("T2d.shown[]",)), voice("W3", "moderate")]
    assert [vote.counted for vote in count(votes, CONTEST, {})] == [False, True]


# ---- grades -------------------------------------------------------------------------------------


@st.composite
def graded_questions(draw: st.DrawFn) -> Question:
    cuts = sorted(draw(st.sets(st.integers(-20, 20), min_size=1, max_size=6)))
    grades = tuple(Grade(f"g{place}", cut) for place, cut in enumerate(cuts))
    significant = draw(st.none() | st.sampled_from([entry.name for entry in grades]))
    return replace(GRADED, grades=grades, significant_from=significant)


@steady
@given(graded_questions(), st.integers(-40, 40), st.integers(0, 40))
def test_grades_are_monotone_in_totals(question: Question, total: int, more: int) -> None:
    assert question.rank(question.grade_of(total)) <= question.rank(question.grade_of(total + more))


@steady
@given(graded_questions())
def test_a_grade_begins_exactly_at_its_cut_point(question: Question) -> None:
    for place, entry in enumerate(question.grades):
        assert question.grade_of(entry.least) == entry.name
        below = question.grades[max(place - 1, 0)]
        assert question.grade_of(entry.least - 1) == below.name


PAIRS = [("a", "p"), ("a", "q"), ("a", "r"), ("b", "p"), ("b", "q")]


@st.composite
def gradings(
    draw: st.DrawFn,
) -> tuple[list[Voice], list[Capping], dict[tuple[str, str], bool], frozenset[tuple[str, str]]]:
    votes = [
        voice(
            f"T{number}", draw(st.sampled_from(WORDS)), answer=None, question="threat", of=of, toward=toward,
            group=draw(st.sampled_from(["x", "y", "z"])), sign=draw(st.sampled_from([1, 1, -1])),
        )
        for number, (of, toward) in enumerate(draw(st.lists(st.sampled_from(PAIRS), max_size=12)))
    ]  # fmt: skip
    caps = [
        Capping(f"cap[{number}]", *pair, draw(st.sampled_from(["none", "low", "moderate", "high"])))
        for number, pair in enumerate(draw(st.lists(st.sampled_from(PAIRS), max_size=4)))
    ]
    known = draw(st.dictionaries(st.sampled_from(PAIRS), st.booleans()))
    excluded = frozenset(draw(st.sets(st.sampled_from(PAIRS), max_size=3)))
    return list(count(votes, GRADED, {})), caps, known, excluded


def graded(
    situation: tuple[list[Voice], list[Capping], dict[tuple[str, str], bool], frozenset[tuple[str, str]]],
) -> list[GradeOf]:
    votes, caps, known, excluded = situation
    return grade(GRADED, votes, caps, PAIRS, known, excluded)


@steady
@given(gradings())
def test_a_grade_is_that_of_the_total_limited_by_the_caps_of_its_own_pair(situation: tuple) -> None:
    results = graded(situation)
    votes, caps, *_ = situation
    assert [(result.of, result.toward) for result in results] == sorted(PAIRS)
    for result in results:
        pair = (result.of, result.toward)
        assert result.total == sum(vote.points for vote in votes if (vote.of, vote.toward) == pair)
        assert result.uncapped == GRADED.grade_of(result.total)
        mine = [cap for cap in caps if (cap.of, cap.toward) == pair]
        assert GRADED.rank(result.grade) == min([GRADED.rank(result.uncapped), *(GRADED.rank(c.highest) for c in mine)])
        assert result.caps == tuple(cap.firing for cap in mine)


@steady
@given(gradings())
def test_highest_are_exactly_those_above_whom_no_other_ranks(situation: tuple) -> None:
    results = graded(situation)
    excluded = situation[3]
    for result in results:
        ranked = [other for other in results if other.of == result.of and (other.of, other.toward) not in excluded]
        above = [other for other in ranked if other.ranked > result.ranked]
        expected = result in ranked and not above
        assert (result.standing == "highest") == expected
    for of in {result.of for result in results}:
        if any((result.of, result.toward) not in excluded for result in results if result.of == of):
            assert any(result.standing == "highest" for result in results if result.of == of)


@steady
@given(gradings())
def test_significance_is_known_only_where_nothing_unknown_could_change_it(situation: tuple) -> None:
    _, caps, known, _ = situation
    for result in graded(situation):
        pair = (result.of, result.toward)
        capped = any((c.of, c.toward) == pair and c.highest in ("none", "low") for c in caps)
        if result.grade in ("moderate", "high"):
            assert result.significant == "yes"
        elif known.get(pair, True) or capped:
            assert result.significant == "no"
        else:
            assert result.significant == UNKNOWN


@steady
@given(gradings())
def test_learning_a_fact_settles_significance_and_never_turns_it_around(situation: tuple) -> None:
    votes, caps, known, excluded = situation
    before = graded((votes, caps, known, excluded))
    after = graded((votes, caps, dict.fromkeys(PAIRS, True), excluded))
    for early, late in zip(before, after, strict=True):
        assert late.significant in ("yes", "no")
        assert early.significant in (late.significant, UNKNOWN)


def test_a_question_without_a_cut_point_of_significance_leaves_it_open() -> None:
    (result,) = grade(replace(GRADED, significant_from=None), [], [], [("a", "p")], {}, frozenset())
    assert result.significant == UNKNOWN


# ---- contests -----------------------------------------------------------------------------------


def options(votes: Sequence[Voice], pairs: Sequence[tuple[str, str]]) -> list[Alternative]:
    """The alternatives of a contest, counted with and without the defaults."""
    counted = count(votes, CONTEST, {})
    settled = count([vote for vote in votes if not vote.default], CONTEST, {})

    def those(source: Sequence[Voice], answer: str, toward: str) -> list[Voice]:
        return [vote for vote in source if (vote.answer, vote.toward) == (answer, toward)]

    return [
        alternative(CONTEST, answer, toward, those(counted, answer, toward), those(settled, answer, toward))
        for answer, toward in pairs
    ]


TWO = [("balance", "p"), ("bandwagon", "p")]
THREE = [*TWO, ("bandwagon", "q")]


def decided(votes: Sequence[Voice], pairs: Sequence[tuple[str, str]] = TWO) -> Contest:
    return contest(CONTEST, "a", "p", options(votes, pairs))


@steady
@given(voices(defaults=True), st.sampled_from([TWO, THREE]))
def test_nothing_wins_a_contest_with_less_than_the_highest_total(
    votes: list[Voice], pairs: list[tuple[str, str]]
) -> None:
    result = decided(votes, pairs)
    highest = max(option.total for option in result.alternatives)
    leaders = {(option.answer, option.toward) for option in result.alternatives if option.total == highest}
    if result.answer == TIE:
        assert set(result.tied) == leaders
        assert len(leaders) > 1
        assert (result.margin, result.robust, result.by_default) == (0, None, False)
    else:
        assert (result.answer, result.toward) in leaders
        assert result.tied == ()
        others = [option.total for option in result.alternatives[1:]]
        assert result.margin == highest - max(others)
        assert (result.margin == 0) == (len(leaders) > 1)


@steady
@given(voices(defaults=True), st.sampled_from([TWO, THREE]))
def test_a_default_decides_a_tie_of_the_specific_evidence_and_nothing_else(
    votes: list[Voice], pairs: list[tuple[str, str]]
) -> None:
    result = decided(votes, pairs)
    best = max(option.specific for option in result.alternatives)
    level = [option for option in result.alternatives if option.specific == best]
    speaking = [option for option in level if any(v.default and not v.defeated_by and v.sign > 0 for v in option.votes)]
    if result.by_default:
        assert len(level) > 1
        assert [(option.answer, option.toward) for option in speaking] == [(result.answer, result.toward)]
    elif result.answer != TIE:
        assert result.margin > 0
    else:
        tied_on_specifics = {(option.answer, option.toward) for option in level}
        assert not (len(level) > 1 and len(speaking) == 1 and set(result.tied) <= tied_on_specifics)


@steady
@given(voices(defaults=False), st.sampled_from([TWO, THREE]))
def test_without_a_default_equal_totals_are_a_tie(votes: list[Voice], pairs: list[tuple[str, str]]) -> None:
    result = decided(votes, pairs)
    totals = sorted((option.total for option in result.alternatives), reverse=True)
    assert (result.answer == TIE) == (totals[0] == totals[1])
    assert not result.by_default


@steady
@given(voices(defaults=True), st.permutations(THREE))
def test_the_order_of_alternatives_is_irrelevant(votes: list[Voice], pairs: list[tuple[str, str]]) -> None:
    assert decided(votes, pairs) == decided(votes, THREE)


@steady
@given(voices(defaults=True), st.sampled_from([TWO, THREE]))
def test_a_lead_in_points_is_a_lead_under_some_share_of_the_weightings(
    votes: list[Voice], pairs: list[tuple[str, str]]
) -> None:
    result = decided(votes, pairs)
    if result.answer == TIE or result.margin == 0:
        return
    assert result.robust is not None
    # the published points lie inside the cone of admissible weights, so a lead in them is worth an area
    assert 0 < result.robust.share <= 1
    assert result.robust.signs_alone == (result.robust.share == 1)
    assert result.robust.signs_alone == (min(result.robust.leads) >= 0)


@pytest.mark.parametrize(
    ("votes", "answer", "by_default"),
    [
        (
            [("B1", "balance", "slight"), ("B6", "balance", "moderate"), ("S1", "bandwagon", "moderate")],
            "balance",
            True,
        ),
        ([("B1", "balance", "slight"), ("B6", "balance", "moderate"), ("S1", "bandwagon", "strong")], TIE, False),
        ([("B1", "balance", "slight"), ("S1", "bandwagon", "moderate")], "bandwagon", False),
        ([("B1", "balance", "slight")], "balance", True),
        ([("B6", "balance", "moderate"), ("S1", "bandwagon", "moderate")], TIE, False),
    ],
)
def test_a_default_counts_as_a_slight_vote_and_breaks_only_a_tie_of_the_rest(
    votes: list[tuple[str, str, str]], answer: str, by_default: bool
) -> None:
    result = decided([voice(rule, word, answer=a, group=rule, default=rule == "B1") for rule, a, word in votes])
    assert (result.answer, result.by_default) == (answer, by_default)


def test_a_defeated_default_breaks_no_tie() -> None:
    votes = [
        voice("B1", "slight", group="B1", default=True, defeated_by=("W2.decided[]",)),
        voice("B6", "moderate", group="B6"),
        voice("S1", "moderate", group="S1", answer="bandwagon"),
    ]
    assert decided(votes).answer == TIE


def test_a_default_that_its_group_includes_still_breaks_a_tie() -> None:
    votes = [
        voice("B1", "slight", group="tendency", default=True),
        voice("B4", "moderate", group="tendency"),
        voice("S1", "moderate", group="S1", answer="bandwagon"),
    ]
    result = decided(votes)
    assert (result.answer, result.by_default, result.margin) == ("balance", True, 0)


def test_silence_is_answered_only_where_no_rule_speaks_and_the_question_says_how() -> None:
    effort = replace(CONTEST, name="effort", answers=("carried", "passed"), when_silent="carried")
    none = [alternative(effort, answer, "p", [], []) for answer in effort.answers]
    silent = contest(effort, "a", "p", none)
    assert (silent.answer, silent.toward, silent.by_silence, silent.margin) == ("carried", "p", True, 0)
    assert contest(CONTEST, "a", "p", options([], TWO)).answer == TIE

    def one(rule: str, answer: str) -> Alternative:
        counted = count([voice(rule, "moderate", answer=answer, question="effort")], effort, {})
        return alternative(effort, answer, "p", counted, counted)

    spoken = contest(effort, "a", "p", [one("V4.effort", "carried"), one("V2", "passed")])
    assert (spoken.answer, spoken.by_silence) == (TIE, False)


def test_a_winner_with_another_target_than_the_subject_is_strained() -> None:
    votes = [voice("W2", "strong", answer="bandwagon", toward="q")]
    assert decided(votes, THREE).strained
    assert not decided([voice("W2", "strong", answer="bandwagon")], THREE).strained


@steady
@given(gradings())
def test_a_threat_ranks_with_its_total_or_the_most_that_its_limited_grade_allows(situation: tuple) -> None:
    for result in graded(situation):
        if result.grade == result.uncapped:
            assert result.ranked == result.total
        else:
            assert result.ranked < result.total
            assert GRADED.grade_of(result.ranked) == result.grade
            assert GRADED.grade_of(result.ranked + 1) != result.grade
