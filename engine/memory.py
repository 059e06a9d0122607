"""Working memory: rows of tables, the one form in which facts and conclusions meet rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from foedus.terms import UNKNOWN, Table

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its table, its identity and every field of it, keys and attributes alike."""

    table: str
    id: str
    fields: Mapping[str, str]


def fact_path(table: str, key: Key, attribute: str) -> str:
    """The address of a fact: ``finland>ussr.intentions``, ``situation.phase``."""
    subject = ">".join(key) if key else table
    return f"{subject}.{attribute}"


def row_id(table: Table, key: Key) -> str:
    """The identity of a row: ``principal_threat(finland, ussr)``."""
    return f"{table.name}({', '.join(key)})"


def named_by(identity: str) -> tuple[str, Key]:
    """The table and keys that a row's identity names; the reverse of :func:`row_id`."""
    table, _, rest = identity.partition("(")
    return table, tuple(part for part in rest.removesuffix(")").split(", ") if part)


@dataclass(slots=True)
class Memory:
    """Rows by table, in the order in which they were added; a row is never changed once added."""

    tables: Mapping[str, Table]
    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)

    def add(self, table: str, fields: Mapping[str, str]) -> Row | None:
        """Add a row; attributes that are not given are unknown.

        Returns:
            The row, or ``None`` if there is one with the same keys already.
        """
        declared = self.tables[table]
        key = tuple(fields[name] for name in declared.keys)
        held = self.rows.setdefault(table, {})
        if key in held:
            return None
        full = {name: fields[name] for name in declared.keys}
        full.update({name: fields.get(name, UNKNOWN) for name in declared.attributes})
        row = Row(table, row_id(declared, key), full)
        held[key] = row
        return row

    def all(self, table: str) -> Iterator[Row]:
        """The rows of a table."""
        yield from self.rows.get(table, {}).values()

    def get(self, table: str, *key: str) -> Row | None:
        """The row with these keys."""
        return self.rows.get(table, {}).get(key)

    def every(self) -> list[Row]:
        """All rows, ordered by table and key."""
        return [self.rows[table][key] for table in sorted(self.rows) for key in sorted(self.rows[table])]
