"""The codebook: what each value of each fact means, with examples; one section for each fact."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from foedus.problems import NameUnknown, suggestion

SECTION = "### "
"""What a fact's heading begins with."""


@lru_cache(maxsize=1)
def codebook() -> str:
    """The whole codebook, in Markdown."""
    return (resources.files("foedus.cases") / "CODING.md").read_text("utf-8")


@lru_cache(maxsize=1)
def sections() -> Mapping[str, str]:
    """The section of each fact, by its heading, such as ``relation.intentions``."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in codebook().splitlines():
        if line.startswith(SECTION):
            current = found.setdefault(line.removeprefix(SECTION).strip(" `"), [])
        elif line.startswith("#"):
            current = None
        if current is not None:
            current.append(line)
    return {name: "\n".join(lines).strip() + "\n" for name, lines in found.items()}


def section(fact: str) -> str:
    """The section of a fact.

    Args:
        fact: ``relation.intentions``, or the attribute alone where it is the only one of that name.

    Raises:
        NameUnknown: No such section, or several.
    """
    known = sections()
    fitting = [name for name in known if name == fact or name.rpartition(".")[2] == fact]
    if len(fitting) == 1:
        return known[fitting[0]]
    if fitting:
        raise NameUnknown(f"'{fact[:60]}' is said of several: {', '.join(sorted(fitting))}")
    hint = suggestion(fact, [*known, *(name.rpartition(".")[2] for name in known)])
    raise NameUnknown(f"the codebook has no section '{fact[:60]}'" + (f" ({hint})" if hint else ""))
