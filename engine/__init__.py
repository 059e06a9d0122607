"""Foedus: Walt's balance-of-threat theory as an explained, rule-based expert system.

>>> import foedus
>>> result = foedus.consult("finland_1948")
>>> print(result)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foedus.api import consult, how, load_case
    from foedus.casework import blind, check, score
    from foedus.library import load_book
    from foedus.problems import FoedusError, InputError, NameUnknown

__all__ = [
    "FoedusError",
    "InputError",
    "NameUnknown",
    "blind",
    "check",
    "consult",
    "how",
    "load_book",
    "load_case",
    "score",
]

_HOMES = {
    "blind": "foedus.casework",
    "check": "foedus.casework",
    "consult": "foedus.api",
    "how": "foedus.api",
    "load_case": "foedus.api",
    "score": "foedus.casework",
    "load_book": "foedus.library",
    "FoedusError": "foedus.problems",
    "InputError": "foedus.problems",
    "NameUnknown": "foedus.problems",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `foedus --help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'foedus' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
