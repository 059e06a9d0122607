"""Score the accounts of a rule book on cases of which it is known what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Literal

from foedus.book import MAIN, RuleBook
from foedus.bounds import settled
from foedus.case import Case
from foedus.casefile import ObservedEntry
from foedus.inference import infer
from foedus.problems import FoedusError
from foedus.record import TIE, Contest, Record
from foedus.scoring import RESAMPLES, SEED
from foedus.scoring.causes import Causes, moved
from foedus.scoring.measures import (
    Interval,
    accuracy,
    balanced_accuracy,
    confusion,
    difference,
    intervals,
    macro_f1,
    total,
)
from foedus.scoring.outcomes import alignment_of, outcome, said
from foedus.scoring.results import AccountScore, Estimate, FamilyScore, Miss, Moved, Outcome, Reading, Score

Subset = Literal["all", "robust", "settled"]
Progress = Callable[[str, int], None]
"""Told the name of the next case, and how many cases there are."""


class GivenTwice(FoedusError):
    """One case counts once."""


class NothingObserved(FoedusError):
    """No case given says what happened."""


def score(
    cases: Sequence[Case],
    book: RuleBook,
    software: str,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    why: bool = True,
    progress: Progress | None = None,
) -> Score:
    """Compare what the accounts of a rule book conclude with what happened.

    Args:
        cases: The cases; those that say nothing of what happened are named and left out.
        book: The rule book.
        software: Name and version to put into the result.
        resamples: Bootstrap samples for the intervals.
        seed: Of the bootstrap.
        why: Whether to look for the likeliest cause of every miss, which takes most of the time.
        progress: Called before each case.

    Raises:
        NothingObserved: No case says what happened.
        GivenTwice: Two cases have one name.
    """
    scored = sorted((case for case in cases if case.observed), key=lambda case: case.name)
    if not scored:
        raise NothingObserved("none of these cases says what happened (an 'observed' part is needed)")
    repeated = sorted({case.name for case in scored if [other.name for other in scored].count(case.name) > 1})
    if repeated:
        raise GivenTwice(f"given twice, or two cases of one name: {', '.join(repeated)}")
    outcomes: list[Outcome] = []
    misses: list[Miss] = []
    other_cuts: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    theories = [MAIN, *sorted(name for name in book.theories if name != MAIN)]
    for case in scored:
        if progress is not None:
            progress(case.name, len(scored))
        records = {name: infer(case, book.program(name)) for name in theories}
        main = records[MAIN]
        certain, causes = settled(main, [seen.state for seen in case.observed]), Causes(main)
        cuts = {(name, grade): infer(case, program) for name, grade, program in moved(main.program)}
        for seen in sorted(case.observed, key=lambda entry: entry.state):
            accounts = {name: said(record, seen.state) for name, record in records.items()}
            doubt = causes.upset_by(seen.state) if why and main.posture(seen.state) == seen.posture else None
            found = outcome(
                main,
                seen,
                settled=certain[seen.state].settled,
                firm=causes.firm(seen.state),
                upset_by=Reading(fact=doubt.path, value=doubt.value, reading=doubt.because) if doubt else None,
                accounts=accounts,
            )
            for cut, record in cuts.items():
                other_cuts[cut].append((found.hit, record.posture(seen.state) == seen.posture))
            outcomes.append(found)
            if not found.hit:
                cause, text, readings = causes.of(seen) if why else (None, "", [])
                contests = _against(main, seen)
                misses.append(
                    Miss(
                        case=found.case,
                        state=found.state,
                        name=found.name,
                        observed=found.observed,
                        concluded=found.concluded,
                        margin=min((c.margin for c in contests if not c.by_silence), default=None),
                        by_default=any(contest.by_default for contest in contests),
                        decided_by=_votes(main, contests, seen.state, won=True),
                        against=_votes(main, contests, seen.state, won=False),
                        cause=cause,
                        why=text,
                        readings=readings,
                    )
                )
    hits = [found for found in outcomes if found.hit and found.target is not None]
    return Score(
        software=software,
        book=book.title,
        hash=book.hash,
        cases=len(scored),
        unobserved=sorted(case.name for case in cases if not case.observed),
        resamples=resamples,
        seed=seed,
        accounts=[
            _account(book, theory, subset, outcomes, resamples, seed)
            for subset in ("all", "robust", "settled")
            for theory in theories
        ],
        confusion=_matrix(outcomes),
        families=_families(outcomes),
        upset_hits=sum(found.hit and found.upset_by is not None for found in outcomes) if why else None,
        firm_hits=sum(found.hit and found.firm for found in outcomes),
        moved=[
            Moved(
                question=name,
                significant_from=grade,
                hits=sum(after for _, after in pairs),
                gained=sum(after and not before for before, after in pairs),
                lost=sum(before and not after for before, after in pairs),
            )
            for (name, grade), pairs in other_cuts.items()
        ],
        facts=sum(len(case.stated()) for case in scored),
        unverified=sum(case.unverified(fact) for case in scored for fact in case.stated()),
        same_target=sum(found.target == "same" for found in hits),
        part_target=sum(found.target == "in part" for found in hits),
        targets=len(hits),
        outcomes=outcomes,
        misses=misses,
    )


def _votes(record: Record, contests: Sequence[Contest], state: str, *, won: bool) -> list[str]:
    """The counted votes for the answer that leads and against its rivals, or those the other way round.

    All of them are for a tie. Where no contest was held, the votes on the gravest threat, which is not significant.
    """
    found: list[str] = []
    for contest in contests:
        about = f" toward {record.case.called(contest.about)}" if len(contests) > 1 else ""
        for option in contest.alternatives:
            leads = (option.answer, option.toward) == (contest.answer, contest.toward)
            found += [
                f"{vote.points:+d} {vote.rule} ({vote.answer}{about})"
                for vote in option.votes
                if vote.counted and won == (contest.answer == TIE or leads == (vote.sign > 0))
            ]
    if contests or not won:
        return found
    asked = {q.name for q in record.program.questions.values() if q.significant_from is not None}
    grades = [grade for grade in record.grades.values() if grade.of == state and grade.question in asked]
    gravest = max(grades, key=lambda grade: (grade.ranked, grade.toward), default=None)
    votes = gravest.votes if gravest is not None else ()
    return [f"{v.points:+d} {v.rule} ({v.question} of {record.case.called(v.toward)})" for v in votes if v.counted]


def _against(record: Record, seen: ObservedEntry) -> list[Contest]:
    """The contests that went against what happened: on the alignment, else on the effort."""
    wanted = alignment_of(seen.posture, record.program.book.recommendations)
    postures = record.of(seen.state)
    aligned = [p.alignment for p in postures if p.alignment.answer != wanted]
    return aligned or [p.effort for p in postures if p.effort is not None]


def _matrix(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    counts = confusion((found.observed, found.concluded) for found in outcomes)
    rows = sorted({seen for seen, _ in counts})
    columns = sorted({part for pair in counts for part in pair})
    return {seen: {said: counts.get((seen, said), 0) for said in columns} for seen in rows}


def _families(outcomes: Iterable[Outcome]) -> list[FamilyScore]:
    by_family: dict[str, list[Outcome]] = defaultdict(list)
    for found in outcomes:
        by_family[found.family].append(found)
    return [
        FamilyScore(family=name, states=len(members), hits=sum(found.hit for found in members))
        for name, members in sorted(by_family.items())
    ]


def _account(
    book: RuleBook, theory: str, subset: Subset, outcomes: Iterable[Outcome], resamples: int, seed: int
) -> AccountScore:
    chosen = [
        found
        for found in outcomes
        if subset == "all" or (subset == "robust" and found.robust) or (subset == "settled" and found.settled)
    ]
    by_case: dict[str, list[Outcome]] = defaultdict(list)
    for found in chosen:
        by_case[found.case].append(found)
    whole = [
        confusion((found.observed, found.accounts[theory].posture) for found in members) for members in by_case.values()
    ]
    aligned = [
        confusion((found.observed_alignment, found.accounts[theory].alignment) for found in members)
        for members in by_case.values()
    ]
    measures = (accuracy, balanced_accuracy, macro_f1)
    together, together_aligned = total(whole), total(aligned)
    ranges = intervals(whole, measures, resamples, seed)
    (aligned_range,) = intervals(aligned, (accuracy,), resamples, seed)
    main = [
        confusion((found.observed, found.accounts[MAIN].posture) for found in members) for members in by_case.values()
    ]
    paired = list(zip(main, whole, strict=True))
    mine, other = accuracy(total(main)), accuracy(together)
    behind = None if mine is None or other is None else mine - other
    values = [_estimate(measure(together), part) for measure, part in zip(measures, ranges, strict=True)]
    return AccountScore(
        theory=theory,
        title=book.theories[theory].title,
        subset=subset,
        states=len(chosen),
        hits=sum(n for (seen, said), n in together.items() if seen == said),
        accuracy=values[0],
        balanced_accuracy=values[1],
        macro_f1=values[2],
        alignment_accuracy=_estimate(accuracy(together_aligned), aligned_range),
        behind=_estimate(behind, difference(paired, accuracy, resamples, seed)),
    )


def _estimate(value: Fraction | None, interval: Interval | None) -> Estimate:
    low, high = interval if interval is not None else (None, None)
    return Estimate(
        value=None if value is None else str(value),
        low=None if low is None else str(low),
        high=None if high is None else str(high),
    )
