"""Evidence that adds up: groups, weights, caps, grades and contests.

One mechanism for every question of the rule book, driven by the question's own tables. Nothing here
knows what a question is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from foedus.record import NOTHING, TIE, Alternative, Contest, GradeOf, Robust, Voice, Weighing
from foedus.robustness import along, dominates, share
from foedus.terms import UNKNOWN, Question

Pair = tuple[str, str]


def weigh(base: str, question: Question, weighings: Iterable[tuple[str, Weighing]]) -> tuple[str, tuple[Weighing, ...]]:
    """The word of a vote after everything that weighs it.

    Steps of one row of the theory count once, however often it fires; steps come before the highest
    words; the result stays on the scale, with ``nothing`` below the weakest word.

    Args:
        base: The word that the rule gives.
        question: Whose scale of words it is.
        weighings: Row of the theory and what its firing does to the word.

    Returns:
        The word, and the weighings in the order applied.
    """
    words = (NOTHING, *question.words)
    place = words.index(base)
    applied = sorted(weighings, key=lambda item: (item[1].highest is not None, item[1].firing))
    steps: set[tuple[str, str]] = set()
    for row, weighing in applied:
        if weighing.step is not None and (row, weighing.step) not in steps:
            steps.add((row, weighing.step))
            place += 1 if weighing.step == "up" else -1
    place = min(max(place, 0), len(words) - 1)
    for _, weighing in applied:
        if weighing.highest is not None:
            place = min(place, words.index(weighing.highest))
    return words[place], tuple(weighing for _, weighing in applied)


def count(votes: Sequence[Voice], question: Question, replaceable: Mapping[str, bool]) -> tuple[Voice, ...]:
    """Decide which votes count: in each group, per answer, pair and sign, the strongest undefeated one.

    A stronger vote that is defeated is not replaced by a weaker one of its group unless its rule says so.

    Args:
        votes: Votes on one question.
        question: The question.
        replaceable: For each rule, whether a weaker member may stand in for it.
    """
    words = (NOTHING, *question.words)
    groups: dict[tuple[str | None, str, str, int, str], list[Voice]] = {}
    for vote in votes:
        groups.setdefault((vote.answer, vote.of, vote.toward, vote.sign, vote.group), []).append(vote)
    decided: list[Voice] = []
    for members in groups.values():
        ranked = sorted(members, key=lambda v: (-words.index(v.word), v.rule, v.firing))
        standing = [vote for vote in ranked if not vote.defeated_by and vote.word != NOTHING]
        fallen = [vote for vote in ranked if vote.defeated_by and not replaceable.get(vote.rule, False)]
        best = standing[0] if standing else None
        blocker = None
        if best is not None:
            blocker = next((vote for vote in fallen if words.index(vote.word) > words.index(best.word)), None)
        for vote in ranked:
            if vote.defeated_by or vote.word == NOTHING:
                decided.append(replace(vote, counted=False, points=0))
            elif blocker is not None:
                decided.append(replace(vote, counted=False, points=0, suppressed_by=blocker.firing))
            elif vote is best:
                points = question.points[question.words.index(vote.word)]
                decided.append(replace(vote, counted=True, points=vote.sign * points))
            else:
                decided.append(replace(vote, counted=False, points=0, included_in=best.firing if best else None))
    return tuple(sorted(decided, key=lambda v: (v.of, v.toward, v.answer or "", v.rule, v.firing)))


@dataclass(frozen=True, slots=True)
class Capping:
    """A firing that limits the grade of a pair."""

    firing: str
    of: str
    toward: str
    highest: str


def grade(
    question: Question,
    votes: Sequence[Voice],
    caps: Sequence[Capping],
    pairs: Iterable[Pair],
    known: Mapping[Pair, bool],
    excluded: frozenset[Pair],
) -> list[GradeOf]:
    """Answer a graded question for every pair.

    Args:
        pairs: The pairs to answer for.
        known: Whether all facts that the question needs are known, by pair.
        excluded: Pairs that take no part in the ranking.
    """
    by_pair: dict[Pair, list[Voice]] = {}
    for vote in votes:
        by_pair.setdefault((vote.of, vote.toward), []).append(vote)
    results: list[GradeOf] = []
    for of, toward in sorted(set(pairs) | set(by_pair)):
        mine = by_pair.get((of, toward), [])
        total = sum(vote.points for vote in mine)
        uncapped = final = question.grade_of(total)
        applied = [cap for cap in caps if (cap.of, cap.toward) == (of, toward)]
        for cap in applied:
            if question.rank(cap.highest) < question.rank(final):
                final = cap.highest
        significant = UNKNOWN
        if question.significant_from is not None:
            if question.rank(final) >= question.rank(question.significant_from):
                significant = "yes"
            elif known.get((of, toward), True) or any(
                question.rank(cap.highest) < question.rank(question.significant_from) for cap in applied
            ):
                significant = "no"
        results.append(
            GradeOf(
                question.name,
                of,
                toward,
                total,
                uncapped,
                final,
                tuple(cap.firing for cap in applied),
                question.most(final, total),
                "lower",
                significant,
                tuple(mine),
            )
        )
    best: dict[str, int] = {}
    for result in results:
        if (result.of, result.toward) not in excluded:
            best[result.of] = max(best.get(result.of, result.ranked), result.ranked)
    return [
        replace(result, standing="highest")
        if (result.of, result.toward) not in excluded and best.get(result.of) == result.ranked
        else result
        for result in results
    ]


def alternative(
    question: Question, answer: str, toward: str, votes: Sequence[Voice], settled: Sequence[Voice]
) -> Alternative:
    """One alternative of a contest.

    Args:
        votes: The votes about it, as they count.
        settled: The same votes counted again without the defaults.
    """
    words = [0] * len(question.words)
    for vote in votes:
        if vote.counted:
            words[question.words.index(vote.word)] += vote.sign
    return Alternative(
        answer, toward, sum(v.points for v in votes), sum(v.points for v in settled), tuple(words), tuple(votes)
    )


def contest(question: Question, of: str, about: str, alternatives: Sequence[Alternative]) -> Contest:
    """Decide a contest.

    The highest total wins. Where the specific evidence of the leaders ties, an undefeated default
    decides, and shows it; what is still tied is a tie. Where no rule speaks at all, the question
    says what is answered, if it says so.
    """
    ranked = sorted(alternatives, key=lambda a: (-a.total, a.answer, a.toward))
    if question.when_silent is not None and not any(vote.counted for a in ranked for vote in a.votes):
        return Contest(
            question.name, of, about, question.when_silent, about, 0, tuple(ranked), (), False, True, False, None
        )
    top = [a for a in ranked if a.total == ranked[0].total]
    by_default = False
    specific = max(a.specific for a in ranked)
    level = [a for a in ranked if a.specific == specific]
    if len(level) > 1:
        favoured = [a for a in level if any(v.default and not v.defeated_by and v.sign > 0 for v in a.votes)]
        if len(favoured) == 1 and favoured[0].total == ranked[0].total:
            top, by_default = favoured, True
    if len(top) > 1:
        tied = tuple(sorted((a.answer, a.toward) for a in top))
        return Contest(question.name, of, about, TIE, about, 0, tuple(ranked), tied, False, False, False, None)
    winner = top[0]
    rivals = [a for a in ranked if a is not winner]
    margin = winner.total - max((a.total for a in rivals), default=0)
    return Contest(
        question.name,
        of,
        about,
        winner.answer,
        winner.toward,
        margin,
        (winner, *rivals),
        (),
        by_default,
        False,
        winner.toward != about,
        robust(question, winner, rivals, by_default),
    )


def robust(question: Question, winner: Alternative, rivals: Sequence[Alternative], by_default: bool) -> Robust | None:
    """How far a lead rests on the sizes of the words; ``None`` where the question states no rays."""
    if not question.rays or not rivals:
        return None
    differences = [
        tuple(mine - theirs for mine, theirs in zip(winner.words, rival.words, strict=True)) for rival in rivals
    ]
    alone = all(dominates(d, question.rays) or (by_default and not any(d)) for d in differences)
    open_ones = [d for d in differences if any(d) or not by_default]
    part = share(open_ones, question.rays)
    leads = tuple(min(along(d, ray) for d in differences) for ray in question.rays)
    return Robust(alone, part, leads)
