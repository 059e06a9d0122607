"""Problems in what a user gave: one typed object each, gathered, sorted and shown together.

Nothing here knows what a case or a rule is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def shown(text: str) -> str:
    """A text as it may be printed: whatever is not printable is escaped, so that it stays on its line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing that is wrong in one place.

    Args:
        file: The file as the user named it (``<standard input>`` for a pipe).
        line: Line, counted from 1; 0 where the whole file is meant.
        column: Column, counted from 1; 0 where unknown.
        message: What is wrong, in the user's words.
        hint: What would be right: the nearest legal name or the legal values; may be empty.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __post_init__(self) -> None:
        for name in ("message", "hint"):
            object.__setattr__(self, name, shown(getattr(self, name)))

    def __str__(self) -> str:
        name = shown(self.file)
        place = f"{name}:{self.line}:{self.column}" if self.line else name
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class FoedusError(Exception):
    """Any failure that is the fault of what was given, never of the program."""


class InputError(FoedusError):
    """One or more files are wrong.

    Attributes:
        problems: Every problem found, in the order of file, line and column; never empty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NameUnknown(FoedusError):
    """A case, state, rule or other name that does not exist; the message names the nearest."""


def nearest(name: str, legal: Iterable[str], *, limit: int = 3) -> list[str]:
    """The legal names most like ``name``, best first.

    Similarity is the ratio of the standard library's ``difflib`` (Ratcliff and Obershelp, 1988),
    without regard to case.
    """
    by_lower: dict[str, str] = {}
    for candidate in sorted(legal, reverse=True):
        by_lower[candidate.lower()] = candidate
    matches = difflib.get_close_matches(name.lower()[:200], list(by_lower), n=limit, cutoff=0.6)
    return [by_lower[match] for match in matches]


def suggestion(name: str, legal: Sequence[str]) -> str:
    """A hint that names the nearest legal name, or all of them where they are few."""
    close = nearest(name, legal, limit=1)
    listing = ", ".join(legal)
    if close:
        tail = f"; legal: {listing}" if 1 < len(legal) <= 8 else ""
        return f"did you mean '{close[0]}'?{tail}"
    if 0 < len(legal) <= 16:
        return f"legal: {listing}"
    return ""
