"""Conclusions: votes, weights, caps and stated rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foedus.bookfile import (
    ConclusionEntry,
    EvidenceEntry,
)
from foedus.documents import Document, Path_
from foedus.problems import suggestion
from foedus.reading.premises import PremiseReader, kind_name, same_kind
from foedus.strata import EVIDENCE, POSTURE
from foedus.terms import (
    Attribute,
    Cap,
    Conclude,
    Conclusion,
    Strength,
    Term,
    Vote,
    Weigh,
)


class ConclusionReader(PremiseReader):
    """Reads the conclusions of rules."""

    def term(
        self, document: Document, path: Path_, text: str, bound: Mapping[str, Any], kind: Attribute | str = "any"
    ) -> Term:
        """Read a variable or a constant of a conclusion, where a thing of some kind is wanted."""
        if not text.startswith("$"):
            return Term(text, False)
        if text[1:] not in bound:
            self.report(document, path, f"'{text}' is not bound by a premise", suggestion(text[1:], sorted(bound)))
        elif not same_kind(bound[text[1:]], kind):
            self.report(
                document, path, f"'{text}' stands for {kind_name(bound[text[1:]])}, but this is {kind_name(kind)}"
            )
        return Term(text[1:], True)

    def conclusion(
        self, document: Document, path: Path_, entry: ConclusionEntry, bound: dict[str, Attribute | str]
    ) -> Conclusion | None:
        """Read one conclusion; what is wrong with it is reported."""
        parts = {
            name: getattr(entry, name) for name in ConclusionEntry.model_fields if getattr(entry, name) is not None
        }
        if len(parts) != 1:
            self.report(document, path, f"a conclusion is exactly one of: {', '.join(ConclusionEntry.model_fields)}")
            return None
        ((verb, part),) = parts.items()
        here: Path_ = (*path, verb)
        if isinstance(part, EvidenceEntry):
            return self.vote(document, here, verb, part, bound)
        if verb == "weighs":
            if (part.step is None) == (part.highest is None):
                self.report(document, here, "'weighs' needs either a step or a highest word")
            return Weigh(
                tuple(part.rules),
                self.term(document, (*here, "of"), part.of, bound, "state"),
                self.term(document, (*here, "toward"), part.toward, bound),
                part.step,
                part.highest,
            )
        if verb == "caps":
            question = self.questions.get(part.question)
            if question is None or question.kind != "graded":
                graded = sorted(name for name, q in self.questions.items() if q.kind == "graded")
                self.report(
                    document,
                    (*here, "question"),
                    f"'{part.question}' is no graded question",
                    suggestion(part.question, graded),
                )
                return None
            names = [grade.name for grade in question.grades]
            if part.highest not in names:
                self.report(
                    document,
                    (*here, "highest"),
                    f"'{part.highest}' is no grade of '{part.question}'",
                    suggestion(part.highest, names),
                )
            return Cap(
                part.question,
                self.term(document, (*here, "of"), part.of, bound, "state"),
                self.term(document, (*here, "toward"), part.toward, bound),
                part.highest,
            )
        return self.statement_of(document, here, part, bound)

    def statement_of(
        self, document: Document, path: Path_, part: Mapping[str, Mapping[str, str]], bound: dict[str, Attribute | str]
    ) -> Conclusion | None:
        """Read the row of a derived table that a rule states."""
        if len(part) != 1:
            self.report(document, path, "'conclude' states one row of one table")
            return None
        ((name, fields),) = part.items()
        table = self.tables.get(name)
        writable = sorted(
            key
            for key, t in self.tables.items()
            if t.derived and key not in self.questions and key not in (EVIDENCE, POSTURE) and not t.first_known
        )
        if table is None or name not in writable:
            self.report(
                document,
                (*path, name),
                f"'{name[:60]}' is no table that rules may conclude",
                suggestion(name, writable),
                key=True,
            )
            return None
        terms: dict[str, Term] = {}
        for key in (*table.keys, *table.attributes):
            if key not in fields:
                self.report(document, (*path, name), f"'{key}' is missing from '{name}'", key=True)
        for key, text in fields.items():
            here = (*path, name, key)
            if key not in table.keys and key not in table.attributes:
                self.report(
                    document,
                    here,
                    f"'{name}' has no field '{key[:60]}'",
                    suggestion(key, [*table.keys, *table.attributes]),
                    key=True,
                )
                continue
            term = self.term(document, here, text, bound, table.attributes.get(key) or table.keys[key])
            if not term.variable:
                self.legal(document, here, table, key, table.attributes.get(key), [term.text])
            terms[key] = term
        return Conclude(name, {key: terms[key] for key in (*table.keys, *table.attributes) if key in terms})

    def vote(
        self, document: Document, path: Path_, verb: str, part: EvidenceEntry, bound: dict[str, Attribute | str]
    ) -> Conclusion | None:
        """Read a vote on a question."""
        kind = "graded" if verb in ("raises", "lowers") else "contest"
        question = self.questions.get(part.question)
        fitting = sorted(name for name, q in self.questions.items() if q.kind == kind)
        if question is None or question.kind != kind:
            self.report(
                document,
                (*path, "question"),
                f"'{part.question}' is no {kind} question, which '{verb}' needs",
                suggestion(part.question, fitting),
            )
            return None
        answer: Term | None = None
        if kind == "contest":
            if part.answer is None:
                self.report(document, path, f"'{verb}' needs an answer", suggestion("", question.answers))
            else:
                answer = self.term(document, (*path, "answer"), part.answer, bound)
                given = bound.get(answer.text) if answer.variable else None
                if isinstance(given, Attribute) and not set(given.values) <= set(question.answers):
                    message = f"'{part.answer}' stands for {kind_name(given)}, not for an answer to '{question.name}'"
                    self.report(document, (*path, "answer"), message)
                if not answer.variable and answer.text not in question.answers:
                    self.report(
                        document,
                        (*path, "answer"),
                        f"'{answer.text}' is no answer to '{question.name}'",
                        suggestion(answer.text, question.answers),
                    )
        elif part.answer is not None:
            self.report(
                document, (*path, "answer"), f"'{question.name}' is answered by a grade, so a vote names no answer"
            )
        words: list[tuple[Path_, str]]
        if isinstance(part.strength, str):
            strength = Strength(word=part.strength)
            words = [((*path, "strength"), part.strength)]
        else:
            variable = part.strength.of[1:]
            kind_of = bound.get(variable)
            if not isinstance(kind_of, Attribute):
                self.report(
                    document,
                    (*path, "strength", "of"),
                    f"'${variable}' is not bound to a value",
                    suggestion(variable, sorted(bound)),
                )
            else:
                for value in part.strength.steps:
                    if value not in kind_of.values:
                        self.report(
                            document,
                            (*path, "strength", "steps", value),
                            f"'{value}' is no value of '{kind_of.name}'",
                            suggestion(value, kind_of.values),
                            key=True,
                        )
            strength = Strength(of=variable, steps=dict(part.strength.steps))
            words = [((*path, "strength", "steps", value), word) for value, word in part.strength.steps.items()]
        for place, word in words:
            if word not in question.words:
                self.report(
                    document,
                    place,
                    f"'{word}' is no strength word of '{question.name}'",
                    suggestion(word, question.words),
                )
        return Vote(
            part.question,
            answer,
            self.term(document, (*path, "of"), part.of, bound, "state"),
            self.term(document, (*path, "toward"), part.toward, bound),
            1 if verb in ("raises", "favours") else -1,
            strength,
            part.group,
        )
