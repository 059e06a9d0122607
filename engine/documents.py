"""Read a YAML document from a stranger: plain text values with positions, within limits.

Every scalar is a string: what ``NO``, ``020`` or ``yes`` mean is for the vocabulary to say. Only
block and flow mappings, sequences and scalars are read; anchors, aliases, tags, merge keys and
second documents are refused, so that nothing can be executed and nothing can grow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from foedus.problems import InputError, Problem

MAX_BYTES = 1_000_000
"""Largest file that is read, in bytes."""
MAX_DEPTH = 16
"""Deepest nesting of mappings and lists."""
MAX_NODES = 100_000
"""Most values in one file."""
MAX_SCALAR = 10_000
"""Longest single text, in characters."""

_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML allows nowhere, not even in a comment."""

Path_ = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, line and column counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """A parsed file.

    Attributes:
        file: The file's name as the user gave it.
        data: Nested ``dict``, ``list`` and ``str``; ``None`` never occurs (an empty value is ``""``).
        marks: Where each value begins, by its path from the root.
        key_marks: Where each mapping key stands, by the path of its value.
    """

    file: str
    data: Any
    marks: dict[Path_, Mark] = field(default_factory=dict)
    key_marks: dict[Path_, Mark] = field(default_factory=dict)

    def problem(self, path: Path_, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """A problem at ``path``, or at the nearest enclosing place that has a position."""
        for length in range(len(path), -1, -1):
            part = path[:length]
            mark = (self.key_marks.get(part) if key else None) or self.marks.get(part)
            if mark is not None:
                return Problem(self.file, mark.line, mark.column, message, hint)
        return Problem(self.file, 0, 0, message, hint)

    def without(self, paths: Collection[Path_]) -> Document:
        """A copy without the values at some paths; what follows in a list moves up, with its position."""
        result = Document(self.file, None)

        def copy(value: Any, old: Path_, new: Path_) -> Any:
            if old in self.marks:
                result.marks[new] = self.marks[old]
            if old in self.key_marks:
                result.key_marks[new] = self.key_marks[old]
            if isinstance(value, dict):
                return {key: copy(v, (*old, key), (*new, key)) for key, v in value.items() if (*old, key) not in paths}
            if isinstance(value, list):
                kept = [(place, v) for place, v in enumerate(value) if (*old, place) not in paths]
                return [copy(v, (*old, place), (*new, moved)) for moved, (place, v) in enumerate(kept)]
            return value

        result.data = copy(self.data, (), ())
        return result


def read_text(path: Path, *, shown_as: str | None = None) -> str:
    """The text of a file of at most :data:`MAX_BYTES` bytes in UTF-8.

    Raises:
        InputError: It cannot be read, is too large, or is not UTF-8.
    """
    name = shown_as if shown_as is not None else str(path)
    try:
        if path.is_dir():
            raise InputError([Problem(name, 0, 0, "is a folder, not a file")])
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name cannot be used"
        raise InputError([Problem(name, 0, 0, f"cannot be read: {reason}")]) from None
    return decode(raw, name)


def decode(raw: bytes, name: str) -> str:
    """Bytes to text, with the size and encoding checked.

    Raises:
        InputError: More than :data:`MAX_BYTES` bytes, or not UTF-8.
    """
    if len(raw) > MAX_BYTES:
        limit = f"{MAX_BYTES // 1_000_000} MB"
        raise InputError([Problem(name, 0, 0, f"is larger than {limit}, the most that is read")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError([Problem(name, line, 1, "is not UTF-8 text")]) from None


def printable(text: str) -> bool:
    """Whether a text is free of control characters and of marks that reorder what is shown."""
    if text.isprintable():
        return True
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") and character not in "\n\t":
            return False
    return True


class _Builder:
    """Builds the nested values of one document from the parser's events."""

    def __init__(self, file: str) -> None:
        self.document = Document(file, None)
        self.problems: list[Problem] = []
        self.nodes = 0

    def stop(self, event: Any, message: str, hint: str = "") -> InputError:
        mark = event.start_mark
        self.problems.append(Problem(self.document.file, mark.line + 1, mark.column + 1, message, hint))
        return InputError(self.problems)

    def build(self, loader: Any) -> Document:
        loader.get_event()  # stream start
        if loader.check_event(yaml.StreamEndEvent):
            raise InputError([Problem(self.document.file, 0, 0, "is empty")])
        loader.get_event()  # document start
        self.document.data = self.value(loader, ())
        loader.get_event()  # document end
        if not loader.check_event(yaml.StreamEndEvent):
            raise self.stop(loader.get_event(), "a second document in one file")
        if self.problems:
            raise InputError(self.problems)
        return self.document

    def value(self, loader: Any, path: Path_) -> Any:
        event = loader.get_event()
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.stop(event, f"more than {MAX_NODES} values in one file")
        if len(path) > MAX_DEPTH:
            raise self.stop(event, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            raise self.stop(event, "an alias (*) is not allowed", "write the value out")
        if event.anchor is not None:
            raise self.stop(event, "an anchor (&) is not allowed", "write the value out")
        if event.tag is not None and event.tag != "!":
            raise self.stop(event, f"a tag ({event.tag[:60]!r}) is not allowed")
        mark = event.start_mark
        self.document.marks[path] = Mark(mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not loader.check_event(yaml.SequenceEndEvent):
                items.append(self.value(loader, (*path, len(items))))
            loader.get_event()
            return items
        return self.mapping(loader, path)

    def scalar(self, event: Any) -> str:
        text: str = event.value
        if len(text) > MAX_SCALAR:
            raise self.stop(event, f"a text longer than {MAX_SCALAR} characters")
        if not printable(text):
            self.stop(event, "control or invisible characters in a text", "remove them")
        return text

    def mapping(self, loader: Any, path: Path_) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not loader.check_event(yaml.MappingEndEvent):
            if not loader.check_event(yaml.ScalarEvent):
                raise self.stop(loader.peek_event(), "a key must be a plain word")
            event = loader.get_event()
            if event.anchor is not None or event.tag not in (None, "!"):
                raise self.stop(event, "an anchor or tag on a key is not allowed")
            key = self.scalar(event)
            if key == "<<" and not event.style:
                raise self.stop(event, "a merge key (<<) is not allowed", "write the keys out")
            mark = event.start_mark
            below = (*path, key)
            if key in entries:
                first = self.document.key_marks[below].line
                self.stop(event, f"'{key[:60]}' stands twice", f"first in line {first}")
                self.value(loader, below)
                continue
            self.document.key_marks[below] = Mark(mark.line + 1, mark.column + 1)
            entries[key] = self.value(loader, below)
        loader.get_event()
        return entries


ADVICE = {
    "cannot start any token": "indent with spaces and not with tabs; quote a text that begins with a special character",
    "mapping values are not allowed": "quote a text that contains a colon followed by a space",
    "did not find expected key": "look at the indentation of this line and of the one before",
    "could not find expected ':'": "a field is written as `name: value`",
    "did not find expected ',' or": "a bracket or brace is not closed",
    "unexpected end of stream": "a quotation mark, bracket or brace is not closed",
}
"""What to do about the parser's commonest complaints."""


def parse(text: str, file: str) -> Document:
    """Parse one YAML document.

    Args:
        text: The document.
        file: The name to show in problems.

    Raises:
        InputError: Malformed YAML, something that is not allowed, or a limit passed. All
            duplicate keys and unprintable texts of the file are reported together.
    """
    found = _UNREADABLE.search(text)
    if found is not None:
        before = text[: found.start()].split("\n")
        message = "control or invisible characters in the file"
        raise InputError([Problem(file, len(before), len(before[-1]) + 1, message, "remove them")])
    builder = _Builder(file)
    loader: Any = None
    try:
        loader = _Loader(text)
        return builder.build(loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        message = f"not well-formed YAML: {what}"
        hint = next((advice for sign, advice in ADVICE.items() if sign in what), "")
        raise InputError([*builder.problems, Problem(file, line, column, message, hint)]) from None
    except (RecursionError, ValueError, OverflowError):
        raise InputError([Problem(file, 0, 0, "not well-formed YAML: unreadable")]) from None
    finally:
        if loader is not None and hasattr(loader, "dispose"):
            loader.dispose()


def read(path: Path, *, shown_as: str | None = None) -> Document:
    """Read and parse a file; see :func:`read_text` and :func:`parse` for what is refused."""
    name = shown_as if shown_as is not None else str(path)
    return parse(read_text(path, shown_as=name), name)


def as_yaml(data: Any) -> str:
    """Nested mappings, lists and texts as YAML that this module reads back as they are."""
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)
    return text
