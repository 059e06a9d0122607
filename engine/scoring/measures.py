"""Measures of agreement between what was observed and what was concluded, with bootstrap intervals.

Accuracy is the share of hits. Balanced accuracy is the mean, over the postures that were observed, of the
share of each that was hit (Brodersen et al. 2010). F1 is the harmonic mean of precision and recall, and
macro-F1 its mean over the postures that were observed (Sokolova and Lapalme 2009). Intervals are 95 %
percentile intervals (Efron 1979) from drawing whole cases with replacement, because the states of one case
are not independent of each other (Field and Welsh 2007).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil

Confusion = Mapping[tuple[str, str], int]
"""How often each (observed, concluded) occurred."""
Measure = Callable[[Confusion], Fraction | None]
Interval = tuple[Fraction, Fraction]
LEVEL = Fraction(95, 100)
"""The part of the resamples that an interval holds."""


def confusion(pairs: Iterable[tuple[str, str]]) -> Confusion:
    """Count pairs of observed and concluded."""
    return Counter(pairs)


def accuracy(counts: Confusion) -> Fraction | None:
    """The share of hits; ``None`` where there is nothing to score."""
    states = sum(counts.values())
    return Fraction(sum(n for (seen, said), n in counts.items() if seen == said), states) if states else None


def _observed(counts: Confusion) -> list[str]:
    return sorted({seen for (seen, _), n in counts.items() if n})


def _mean(parts: Sequence[Fraction]) -> Fraction | None:
    return sum(parts, Fraction(0)) / len(parts) if parts else None


def balanced_accuracy(counts: Confusion) -> Fraction | None:
    """The mean of the shares that were hit of each observed posture."""
    parts = []
    for kind in _observed(counts):
        states = sum(n for (seen, _), n in counts.items() if seen == kind)
        parts.append(Fraction(counts.get((kind, kind), 0), states))
    return _mean(parts)


def macro_f1(counts: Confusion) -> Fraction | None:
    """The mean F1 of the observed postures; a posture that is never hit has 0."""
    parts = []
    for kind in _observed(counts):
        hits = counts.get((kind, kind), 0)
        seen = sum(n for (one, _), n in counts.items() if one == kind)
        said = sum(n for (_, one), n in counts.items() if one == kind)
        parts.append(Fraction(2 * hits, seen + said))
    return _mean(parts)


def intervals(
    by_case: Sequence[Confusion], measures: Sequence[Measure], resamples: int, seed: int
) -> list[Interval | None]:
    """Percentile intervals of measures, from resampling whole cases.

    Args:
        by_case: The counts of each case.
        measures: The measures.
        resamples: How many samples are drawn.
        seed: Of the random numbers; the same seed gives the same intervals on every machine.

    Returns:
        For each measure its interval, or ``None`` where there are fewer than two cases or no resamples.
    """
    found: list[list[Fraction]] = [[] for _ in measures]
    for drawn in _draws(len(by_case), resamples, seed):
        counts = total(by_case[place] for place in drawn)
        for values, measure in zip(found, measures, strict=True):
            value = measure(counts)
            if value is not None:
                values.append(value)
    return [_percentiles(values) for values in found]


def difference(
    by_case: Sequence[tuple[Confusion, Confusion]], measure: Measure, resamples: int, seed: int
) -> Interval | None:
    """The percentile interval of the difference of a measure between two accounts, paired by case."""
    values: list[Fraction] = []
    for drawn in _draws(len(by_case), resamples, seed):
        first = measure(total(by_case[place][0] for place in drawn))
        second = measure(total(by_case[place][1] for place in drawn))
        if first is not None and second is not None:
            values.append(first - second)
    return _percentiles(values)


def total(parts: Iterable[Confusion]) -> Confusion:
    """The counts of several cases together."""
    counts: Counter[tuple[str, str]] = Counter()
    for part in parts:
        counts.update(part)
    return counts


def _draws(cases: int, resamples: int, seed: int) -> Iterator[list[int]]:
    """Which cases each resample holds; none where there are too few to draw from."""
    draw = random.Random(seed)
    for _ in range(resamples if cases >= MIN_CASES else 0):
        # only `random()` is promised to give the same numbers in every version of Python
        yield [int(draw.random() * cases) for _ in range(cases)]


MIN_CASES = 2
"""Fewest cases that can be resampled."""


def _percentiles(values: list[Fraction]) -> Interval | None:
    """The middle part of values, by nearest rank."""
    if not values:
        return None
    ranked, tail = sorted(values), (1 - LEVEL) / 2
    return ranked[max(ceil(tail * len(ranked)) - 1, 0)], ranked[ceil((1 - tail) * len(ranked)) - 1]
