"""The library's part for those who code cases: score, check, blind, and begin one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from foedus.agreement import NotTheSame
from foedus.api import CaseLike, bundled, load_case, software, the_book
from foedus.blinding import Blinded
from foedus.blinding import blind as blind_case
from foedus.book import RuleBook
from foedus.case import Case
from foedus.explain.checks import CaseCheck
from foedus.explain.checks import check as check_case
from foedus.scoring import RESAMPLES, SEED
from foedus.scoring.results import Score
from foedus.scoring.tally import Progress
from foedus.scoring.tally import score as score_cases

RulesLike = str | os.PathLike[str] | RuleBook | None
"""A folder of rule files, or a rule book; ``None`` for the shipped one."""


def historical(book: RuleBook) -> list[Case]:
    """The bundled cases of which it is known what happened."""
    return [case for case in (load_case(name, book=book) for name in bundled()) if case.observed]


def score(
    cases: CaseLike | Sequence[CaseLike] = (),
    *,
    rules: RulesLike = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    why: bool = True,
    progress: Progress | None = None,
) -> Score:
    """What the accounts of a rule book conclude on cases, beside what happened.

    Args:
        cases: One or several; by default the bundled ones of which it is known what happened.
        rules: See :data:`RulesLike`.
        resamples: Bootstrap samples for the intervals; 0 for none.
        seed: Of the bootstrap.
        why: Whether to look for the likeliest cause of every miss, which takes most of the time.
        progress: Called before each case.

    Returns:
        Confusion, measures with intervals, and every miss with its likeliest cause.

    Raises:
        InputError: A case or the rules are wrong.
        NameUnknown: No such case.
        NothingObserved: No case says what happened.
    """
    book = the_book(rules)
    wanted = [cases] if isinstance(cases, str | os.PathLike | Mapping | Case) else list(cases)
    loaded = [load_case(case, book=book) for case in wanted] or historical(book)
    return score_cases(loaded, book, software(), resamples=resamples, seed=seed, why=why, progress=progress)


def check(case: CaseLike, *, rules: RulesLike = None) -> CaseCheck:
    """What the coder of a case should look at again: gaps, facts without source, facts that nothing reads.

    Raises:
        InputError: The case or the rules are wrong.
        NameUnknown: No such case.
    """
    book = the_book(rules)
    return check_case(load_case(case, book=book), book)


def blind(case: CaseLike, *, rules: RulesLike = None) -> Blinded:
    """A case file without what tells which crisis it is, and the key to its names.

    Raises:
        InputError: The case or the rules are wrong.
        NameUnknown: No such case.
    """
    book = the_book(rules)
    return blind_case(load_case(case, book=book), book)


def paired(first: Path, second: Path, book: RuleBook) -> list[tuple[Case, Case]]:
    """Two coders' cases of the same crises.

    Args:
        first: A case file, or a folder of them.
        second: The same of the other coder; in folders, files of the same name belong together.
        book: The rule book that they are read with.

    Raises:
        NotTheSame: One is a folder and the other is not, or they have no file name in common.
        InputError: A case is wrong.
    """
    if first.is_dir() != second.is_dir():
        raise NotTheSame("give two files, or two folders")
    if not first.is_dir():
        return [(load_case(first, book=book), load_case(second, book=book))]
    names = sorted({file.name for file in first.glob("*.yaml")} & {file.name for file in second.glob("*.yaml")})
    if not names:
        raise NotTheSame(f"{first} and {second} have no case file of the same name")
    return [(load_case(first / name, book=book), load_case(second / name, book=book)) for name in names]
