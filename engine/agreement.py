"""How far two coders of the same crises agree: percent, Cohen's kappa, and weighted kappa for ordered scales.

Kappa (Cohen 1960) takes from the observed agreement what two coders would reach by chance, given how often
each used each value; weighted kappa (Cohen 1968) counts a disagreement by the number of steps between the
values. Both are computed exactly, for each attribute by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from foedus.book import RuleBook
from foedus.case import Case, Fact, side_of
from foedus.memory import fact_path
from foedus.problems import FoedusError
from foedus.terms import UNKNOWN, Attribute
from foedus.wire import Part
from pydantic import Field

MIN_PAIRS = 30
"""Fewest pairs for which a kappa is given: with fewer it is noise (convention of the codebook)."""


LISTED = frozenset(("complete list", "given list"))
"""Origins of facts that a coder gave by saying that a list is complete: they are not compared one by one."""


class NotTheSame(FoedusError):
    """Two files that do not describe the same states."""


class Agreeing(Part):
    """How far two coders agree on one attribute. Shares and kappas are exact fractions written as text."""

    attribute: str
    pairs: int = Field(description="Facts that both coded, one by number and word counted apart")
    equal: int
    share: str | None
    kappa: str | None = Field(description="None where there are too few pairs, or one value fills them all")
    weighted_kappa: str | None = Field(description="For ordered scales, with linear weights")
    within_readings: int = Field(description="Pairs that are equal, or where one code is the other's other reading")
    by_number: int = Field(description="Facts that both took from a number; not among the pairs")
    one_only: int = Field(description="Facts that only one of the two coded")


class Difference(Part):
    """A fact that two coders coded differently."""

    case: str
    fact: str
    first: str
    second: str


class Agreement(Part):
    """How far two coders agree."""

    cases: list[str]
    pairs: int
    equal: int
    within_readings: int
    one_only: int
    attributes: list[Agreeing]
    differences: list[Difference]


def kappa(pairs: Sequence[tuple[str, str]], scale: Sequence[str], *, weighted: bool) -> Fraction | None:
    """Cohen's kappa of pairs of codes; ``None`` where chance alone would agree always.

    Args:
        pairs: The codes of the first and the second coder.
        scale: All legal values, in their order.
        weighted: Whether a disagreement counts by its steps, or always the same.
    """
    place = {value: index for index, value in enumerate(scale)}

    def apart(a: str, b: str) -> int:
        return abs(place[a] - place[b]) if weighted else int(a != b)

    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    by_chance = sum(n * m * apart(a, b) for a, n in first.items() for b, m in second.items())
    if not by_chance:
        return None
    return 1 - Fraction(sum(apart(a, b) for a, b in pairs) * len(pairs), by_chance)


def _stated(case: Case, book: RuleBook) -> dict[str, tuple[str, str]]:
    """The facts that a coder stated, by address: table and attribute; a linked fact in one direction only."""
    found: dict[str, tuple[str, str]] = {}
    for fact in case.stated():
        linked = book.tables[fact.table].attributes[fact.attribute].linked is not None
        address = fact_path(fact.table, min(fact.key, fact.key[::-1]), fact.attribute) if linked else fact.path
        found[address] = (fact.table, fact.attribute)
    return found


def _readings(fact: Fact) -> list[str]:
    """The other readings of a fact, as facts hold them: a side is named with its war."""
    given = fact.given.other_reading if fact.given is not None else []
    return [*given, *(side_of(fact.key[0], value) for value in given if fact.table == "war")]


def agreement(files: Iterable[tuple[Case, Case]], book: RuleBook, *, min_pairs: int = MIN_PAIRS) -> Agreement:
    """Compare what two coders coded.

    Args:
        files: For each crisis the first coder's case and the second's.
        book: The rule book that both were read with.
        min_pairs: Fewest pairs of an attribute for which a kappa is given.

    Raises:
        NotTheSame: Two files do not describe the same states.
    """
    codes: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    differences: list[Difference] = []
    names: list[str] = []
    for one, other in files:
        if one.states != other.states:
            odd = ", ".join(sorted(set(one.states) ^ set(other.states)))
            raise NotTheSame(f"{one.file} and {other.file} do not describe the same states ({odd})")
        names.append(one.name)
        stated = {**_stated(one, book), **_stated(other, book)}
        for path, kind in sorted(stated.items()):
            a, b = one.facts.get(path), other.facts.get(path)
            if a is None or b is None or UNKNOWN in (a.value, b.value) or {a.origin, b.origin} & LISTED:
                counts[kind]["one_only"] += 1
            elif a.classified is not None and b.classified is not None:
                counts[kind]["by_number"] += 1
            else:
                codes[kind].append((a.value, b.value))
                readings = {*_readings(a), *_readings(b)}
                counts[kind]["within"] += a.value == b.value or bool({a.value, b.value} & readings)
                if a.value != b.value:
                    differences.append(Difference(case=one.name, fact=path, first=a.value, second=b.value))
    attributes = [
        _agreeing(book.tables[table].attributes[name], f"{table}.{name}", codes[(table, name)], count, min_pairs)
        for table, entry in book.tables.items()
        for name in entry.attributes
        if (count := counts.get((table, name))) is not None
    ]
    return Agreement(
        cases=names,
        pairs=sum(a.pairs for a in attributes),
        equal=sum(a.equal for a in attributes),
        within_readings=sum(a.within_readings for a in attributes),
        one_only=sum(a.one_only for a in attributes),
        attributes=attributes,
        differences=differences,
    )


def _agreeing(
    attribute: Attribute, name: str, pairs: Sequence[tuple[str, str]], count: Counter[str], min_pairs: int
) -> Agreeing:
    scale = [*attribute.values, *sorted({code for pair in pairs for code in pair} - set(attribute.values))]
    enough = len(pairs) >= max(min_pairs, 1)
    plain = kappa(pairs, scale, weighted=False) if enough else None
    weighted = kappa(pairs, scale, weighted=True) if enough and attribute.ordered else None
    equal = sum(a == b for a, b in pairs)
    return Agreeing(
        attribute=name,
        pairs=len(pairs),
        equal=equal,
        share=str(Fraction(equal, len(pairs))) if pairs else None,
        kappa=None if plain is None else str(plain),
        weighted_kappa=None if weighted is None else str(weighted),
        within_readings=count["within"],
        by_number=count["by_number"],
        one_only=count["one_only"],
    )
