"""Turn pydantic's findings about a document into problems with a line and the nearest name."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from foedus.documents import Document, Path_
from foedus.problems import Problem, suggestion
from pydantic import BaseModel, ValidationError


def _models(annotation: Any) -> Iterator[Any]:
    """The plain types inside an annotation, with unions and `Annotated` opened."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _models(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _models(part)
    else:
        yield annotation


def fields_at(model: Any, path: Path_) -> list[str]:
    """The legal field names of the mapping at ``path`` in a document of type ``model``."""
    here: list[Any] = list(_models(model))
    for part in path:
        below: list[Any] = []
        for kind in here:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                for name, entry in kind.model_fields.items():
                    if part in (entry.alias or name, name):
                        below += _models(entry.annotation)
                extra = kind.__annotations__.get("__pydantic_extra__")
                if extra is not None and not below:
                    continue
            else:
                arguments = get_args(kind)
                if get_origin(kind) is dict:
                    below += _models(arguments[1])
                elif get_origin(kind) is list:
                    below += _models(arguments[0]) if isinstance(part, int) else []
        here = below
    names: set[str] = set()
    for kind in here:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names.update(entry.alias or name for name, entry in kind.model_fields.items())
    return sorted(names)


def locate(document: Document, location: tuple[str | int, ...]) -> Path_:
    """The path in the document that a pydantic location means; tags of unions are left out."""
    path: list[str | int] = []
    value = document.data
    for part in location:
        if isinstance(value, dict) and isinstance(part, str) and part in value:
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _say(kind: str, entry: Any, path: Path_) -> str:
    given = entry["input"]
    shown = f"'{given[:60]}'" if isinstance(given, str) else "this"
    context = entry.get("ctx", {})
    name = path[-1] if path else "file"
    if kind == "missing":
        return f"'{entry['loc'][-1]}' is missing"
    if kind == "string_pattern_mismatch":
        return f"{shown} is not legal for '{name}'" if shown != "''" else f"'{name}' is empty"
    if kind == "literal_error":
        return f"{shown} is not legal for '{name}'"
    if kind in ("string_type", "list_type", "dict_type", "model_type", "model_attributes_type"):
        wanted = {"string_type": "a text", "list_type": "a list"}.get(kind, "a mapping")
        return f"'{name}' must be {wanted}"
    if kind == "too_short":
        return f"'{name}' needs at least {context.get('min_length', 1)} entries"
    if kind == "too_long":
        return f"'{name}' has more than {context.get('max_length')} entries"
    if kind == "string_too_short":
        return f"'{name}' is empty"
    if kind == "string_too_long":
        return f"'{name}' is longer than {context.get('max_length')} characters"
    message: str = entry["msg"]
    return message.removeprefix("Value error, ")


FORMS = (
    ("^[0-9]{1,3}$", "up to three digits"),
    ("^[0-9]", "a number without sign, with at most 12 digits before and after the point"),
    ("^-?[0-9]", "a whole number"),
    ("^[A-Z]{2,3}$", "two or three capital letters"),
    ("^[A-F][1-6]$", "an Admiralty code from A1 to F6"),
    ("^[a-z][a-z0-9_]", "a small letter, then small letters, digits and _"),
    ("^\\$", "a variable such as $s"),
    ("^[A-Za-z]", "a letter, then letters, digits and _"),
    ("^tension_", "tension_ and a number"),
)
"""Forms of texts, told by how their pattern begins, in words."""


def _form(pattern: str) -> str:
    return next((words for start, words in FORMS if pattern.startswith(start)), "")


def salvage(
    document: Document, model: Any, *, keep: Collection[str] = (), stand_ins: Mapping[str, str] | None = None
) -> tuple[Any, Document] | None:
    """What is left of a document when everything of the wrong shape is taken out, so that the rest is checked too.

    Args:
        document: A document that the model refuses.
        model: The model.
        keep: Top-level parts whose entries others refer to; if one of those would go, nothing is salvaged.
        stand_ins: What takes the place of missing top-level values that nothing else depends on.

    Returns:
        The validated rest and its document, or ``None`` where too much is wrong.
    """
    rest = document
    for _ in range(8):
        data = {**(stand_ins or {}), **rest.data} if isinstance(rest.data, dict) else rest.data
        try:
            return model.model_validate(data), rest
        except ValidationError as error:
            paths = {locate(rest, entry["loc"]) for entry in error.errors(include_url=False)}
        if any(not path or (path[0] in keep and len(path) <= KEPT_DEPTH) for path in paths):
            return None
        rest = rest.without(paths)
    return None


KEPT_DEPTH = 2
"""Length of the path of an entry that others may refer to, such as ``states.finland``."""


def problems_of(error: ValidationError, document: Document, model: Any) -> list[Problem]:
    """Every finding of a validation, each at its place in the document."""
    problems: list[Problem] = []
    for entry in error.errors(include_url=False):
        path = locate(document, entry["loc"])
        kind = entry["type"]
        if kind == "extra_forbidden":
            name = str(path[-1]) if path else ""
            hint = suggestion(name, fields_at(model, path[:-1]))
            problems.append(document.problem(path, f"unknown field '{name[:60]}'", hint, key=True))
        elif kind == "invalid_key" or entry["loc"][-1:] == ("[key]",):
            problems.append(document.problem(path, _say(kind, entry, path), key=True))
        else:
            hint = entry.get("ctx", {}).get("hint", "")
            if kind == "string_pattern_mismatch":
                hint = _form(entry["ctx"]["pattern"])
            if kind == "literal_error" and isinstance(entry["input"], str):
                expected = entry["ctx"]["expected"].replace(" or ", ", ").replace("'", "")
                hint = suggestion(entry["input"], expected.split(", "))
            whole = isinstance(entry["input"], dict | list)
            problems.append(document.problem(path, _say(kind, entry, path), hint, key=whole))
    return problems
