"""What a run concludes on the states of a case of which it is known what they did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from foedus.case import Case
from foedus.casefile import ObservedEntry
from foedus.record import Contest, Posture, Record, summary
from foedus.scoring.results import Outcome, Reading, Said
from foedus.terms import Recommendation

Target = Literal["same", "in part", "other"]


def alignment_of(posture: str, recommendations: Iterable[Recommendation]) -> str:
    """The alignment that a posture rests on, by the table of the rule book; itself where it rests on none."""
    for entry in recommendations:
        if entry.posture.replace("_", "-") == posture:
            return entry.alignment
    return posture


def said(record: Record, state: str) -> Said:
    """What a run concludes for a state, in a word."""
    return Said(posture=record.posture(state), alignment=summary([p.alignment.answer for p in record.of(state)]))


def leads(postures: Iterable[Posture]) -> list[Contest]:
    """The contests whose leads a verdict rests on; silence is no lead."""
    contests = [c for p in postures for c in (p.alignment, p.effort) if c is not None]
    return [contest for contest in contests if not contest.by_silence]


def targets(case: Case, postures: Iterable[Posture]) -> list[str]:
    """The states that a verdict is toward; for a side of a war, its members."""
    members = {side: states for war in case.wars.values() for side, states in war.items()}
    return sorted({state for p in postures for state in members.get(p.alignment.toward, (p.alignment.toward,))})


def _agreement(observed: Iterable[str], concluded: Iterable[str]) -> Target | None:
    seen, said = set(observed), set(concluded)
    if not seen:
        return None
    return "same" if seen == said else "in part" if seen & said else "other"


def outcome(
    record: Record,
    seen: ObservedEntry,
    *,
    settled: bool,
    firm: bool,
    upset_by: Reading | None,
    accounts: Mapping[str, Said],
) -> Outcome:
    """One state's outcome.

    Args:
        record: The run of the main theory.
        seen: What happened.
        settled: Whether no unknown fact can change the verdict.
        firm: Whether no other reading of a fact can.
        upset_by: One other reading that by itself can, if it was looked for.
        accounts: What each theory concludes for the state.
    """
    case, postures = record.case, record.of(seen.state)
    mine, toward = said(record, seen.state), targets(record.case, postures)
    contests = leads(postures)
    return Outcome(
        case=case.name,
        state=seen.state,
        name=case.called(seen.state),
        observed=seen.posture,
        observed_toward=sorted(seen.toward),
        confidence=seen.confidence,
        family=seen.family,
        concluded=mine.posture,
        concluded_toward=toward,
        hit=mine.posture == seen.posture,
        target=_agreement(seen.toward, toward),
        observed_alignment=alignment_of(seen.posture, record.program.book.recommendations),
        concluded_alignment=mine.alignment,
        margin=min((contest.margin for contest in contests), default=None),
        robust=bool(contests) and all(c.robust is not None and c.robust.signs_alone for c in contests),
        settled=settled,
        firm=firm,
        upset_by=upset_by,
        other_readings=sorted(seen.other_reading),
        accounts=dict(accounts),
    )
