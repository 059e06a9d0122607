"""A score as blocks, and its outcomes as rows of a CSV file."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

from foedus.book import MAIN
from foedus.render.layout import Block, Bullets, Heading, Paragraph, Table, counted, decimal
from foedus.scoring.results import AccountScore, Estimate, Score

SUBSETS = {
    "all": "All verdicts",
    "robust": "Robust verdicts alone (every lead rests on the signs alone)",
    "settled": "Settled verdicts alone (no unknown fact can change them)",
}
READ = (
    "A hit is the same posture. A tie, divided or none counts as that and never as a hit for something else. Balanced: "
    "the mean share of each observed posture that was hit (balanced accuracy). Macro-F1: the mean F1 of the observed "
    "postures. Alignment: accuracy where free-riding counts as balancing. Behind: by how much the accuracy is below "
    "that of the first account, case by case. What is robust or settled is so for the first account; the others are "
    "scored on the same states"
)
LIMITS = (
    "The cases were chosen to show every kind of behaviour and not drawn at random: the figures compare accounts on "
    "these cases, and say nothing of how often states balance in the world."
)


def _shown(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return decimal(estimate.value)
    return f"{decimal(estimate.value)} [{decimal(estimate.low)}, {decimal(estimate.high)}]"


def _row(account: AccountScore) -> list[str]:
    return [
        account.title,
        str(account.hits),
        _shown(account.accuracy),
        _shown(account.balanced_accuracy),
        _shown(account.macro_f1),
        _shown(account.alignment_accuracy),
        _shown(account.behind) if account.theory != MAIN else "",
    ]


def score(result: Score) -> list[Block]:
    """The blocks of a score."""
    blocks: list[Block] = [
        Heading(
            1,
            f"Observed against concluded: {counted(len(result.outcomes), 'state')} in {counted(result.cases, 'case')}",
        )
    ]
    columns = ["account", "hits", "accuracy", "balanced", "macro-F1", "alignment", "behind"]
    for subset, title in SUBSETS.items():
        mine = [account for account in result.accounts if account.subset == subset]
        states = counted(mine[0].states, "state")
        blocks.append(Table(f"{title}: {states}", columns, [_row(a) for a in mine], frozenset(columns[1:])))
    drawn = "."
    if result.resamples and result.cases > 1:
        samples = f"{result.resamples} samples of whole cases, seed {result.seed}"
        drawn = f". In brackets: 95 % bootstrap intervals from {samples}."
    blocks.append(Paragraph(READ + drawn))
    said = sorted({name for row in result.confusion.values() for name in row})
    rows = [
        [seen, *(str(row[name]) for name in said), str(sum(row.values()))] for seen, row in result.confusion.items()
    ]
    blocks.append(
        Table("Observed (rows) and concluded (columns)", ["observed", *said, "sum"], rows, frozenset([*said, "sum"]))
    )
    families = [[f.family, str(f.states), str(f.hits)] for f in result.families]
    blocks.append(
        Table(
            "By what the choice is said to turn on",
            ["turns on", "states", "hits"],
            families,
            frozenset(["states", "hits"]),
        )
    )
    blocks.append(Bullets("How firm the hits are", _firm(result)))
    blocks += _misses(result)
    if result.unobserved:
        blocks.append(Bullets("Not scored: nothing is said of what happened", [", ".join(result.unobserved)]))
    blocks.append(Paragraph(f"{result.book}, {result.hash[:12]}; {result.software}. {LIMITS}"))
    return blocks


def _firm(result: Score) -> list[str]:
    hits = sum(found.hit for found in result.outcomes)
    wide = sum(found.hit or found.concluded in found.other_readings for found in result.outcomes)
    other = result.targets - result.same_target - result.part_target
    items = []
    if result.upset_hits is not None:
        items.append(
            f"{result.upset_hits} of {counted(hits, 'hit')} would be lost if one fact were read as another careful "
            "reader may read it"
        )
    items += [
        f"{result.firm_hits} of {counted(hits, 'hit')} surely stand, however many of the facts in doubt are read "
        "otherwise together",
        f"Of {counted(result.targets, 'hit')} where what happened names a state, {result.same_target} name the same "
        f"states, {result.part_target} some of them, {other} others",
        f"{counted(wide, 'hit')} if a verdict also counts that another classifier gives to what happened",
    ]
    items += [
        f"{counted(m.hits, 'hit')} if {m.question} is significant from {m.significant_from} on: {m.gained} more, "
        f"{m.lost} fewer"
        for m in result.moved
    ]
    share = decimal(str(Fraction(result.unverified, result.facts))) if result.facts else "-"
    items.append(
        f"Of {counted(result.facts, 'fact')} that the cases state, {result.unverified} ({share}) cite nothing but "
        "general knowledge"
    )
    return items


def _misses(result: Score) -> list[Block]:
    if not result.misses:
        return [Paragraph("No misses.")]
    causes = sorted({miss.cause for miss in result.misses if miss.cause is not None})
    counts = ", ".join(f"{cause} {sum(m.cause == cause for m in result.misses)}" for cause in causes)
    title = f"{len(result.misses)} {'miss' if len(result.misses) == 1 else 'misses'}"
    items = []
    for m in result.misses:
        lead = f" by {counted(m.margin, 'point')}" if m.margin else ""
        lead += ", where the evidence ties and a default decides" if m.by_default else ""
        items.append(
            f"{m.case}, {m.name}: observed {m.observed}, concluded {m.concluded}{lead}. Decided by "
            f"{', '.join(m.decided_by) or 'no vote'}{'; against it: ' + ', '.join(m.against) if m.against else ''}."
            + (f" Likeliest cause: {m.cause}: {m.why}." if m.cause is not None else "")
        )
    return [Bullets(f"{title}; likeliest cause: {counts}" if counts else title, items)]


def outcomes_csv(result: Score) -> str:
    """One row for each state, with what each account concludes; lines end as RFC 4180 has it."""
    stream = io.StringIO()
    theories = list(result.outcomes[0].accounts)
    causes = {(miss.case, miss.state): miss for miss in result.misses}
    head = ["case", "state", "observed", "observed_toward", "confidence", "family", "concluded", "concluded_toward"]
    head += [
        "hit",
        "target",
        "observed_alignment",
        "concluded_alignment",
        "margin",
        "robust",
        "settled",
        "firm",
        "upset_by",
    ]
    head += ["decided_by", "against", "cause", "why", *(f"account_{theory}" for theory in theories)]
    writer = csv.writer(stream)
    writer.writerow(head)
    for o in result.outcomes:
        miss = causes.get((o.case, o.state))
        row: list[object] = [o.case, o.state, o.observed, " ".join(o.observed_toward), o.confidence, o.family]
        row += [o.concluded, " ".join(o.concluded_toward), _yes(o.hit), o.target or "", o.observed_alignment]
        row += [
            o.concluded_alignment,
            "" if o.margin is None else o.margin,
            _yes(o.robust),
            _yes(o.settled),
            _yes(o.firm),
            f"{o.upset_by.fact}={o.upset_by.value}" if o.upset_by is not None else "",
        ]
        row += ["; ".join(miss.decided_by), "; ".join(miss.against)] if miss else ["", ""]
        row += [miss.cause or "", miss.why] if miss else ["", ""]
        writer.writerow([*row, *(o.accounts[theory].posture for theory in theories)])
    return stream.getvalue()


def _yes(value: bool) -> str:
    return "yes" if value else "no"
