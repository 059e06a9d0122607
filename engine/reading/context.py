"""What all readers of a rule book share: the parts read so far, and every problem on the way."""

from __future__ import annotations

from foedus.documents import Document, Path_
from foedus.problems import Problem
from foedus.terms import (
    Attribute,
    Question,
    Reference,
    Rule,
    Statement,
    Table,
    Theory,
    Work,
)


class Context:
    """Collects the parts of a book and every problem on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.tables: dict[str, Table] = {}
        self.questions: dict[str, Question] = {}
        self.annotations: dict[str, Attribute] = {}
        self.works: dict[str, Work] = {}
        self.theories: dict[str, Theory] = {}
        self.rules: dict[str, Rule] = {}
        self.statements: dict[str, Statement] = {}
        self.references: list[Reference] = []
        self.places: dict[str, tuple[Document, Path_]] = {}

    def report(self, document: Document, path: Path_, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note a problem at a place in a file."""
        self.problems.append(document.problem(path, message, hint, key=key))
