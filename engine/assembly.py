"""From rule files to a checked rule book.

Everything that can be wrong with a book and needs no case to show is found here, all of it at
once: names, types, unbound variables, premises that cannot hold together, strata, defeat.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from foedus.book import MAIN, RuleBook
from foedus.bookfile import (
    AttributeEntry,
    BookFile,
    ClaimPart,
    ConclusionEntry,
    ConstraintEntry,
    EvidenceEntry,
    ExamplesEntry,
    PremiseEntry,
    QuestionEntry,
    RuleEntry,
    TableEntry,
    TensionEntry,
)
from foedus.documents import Document, Path_
from foedus.problems import InputError, Problem, suggestion
from foedus.strata import EVIDENCE, POSTURE, NotStratified
from foedus.terms import (
    ANYONE,
    UNKNOWN,
    Absent,
    Assert_,
    Attribute,
    Cap,
    Citation,
    Compare,
    Conclusion,
    Constraint,
    Cut,
    Defeat,
    Differ,
    Examples,
    Grade,
    Holds,
    Illegal,
    Measure,
    Pattern,
    Premise,
    Question,
    Recommendation,
    Reference,
    Rule,
    Statement,
    Strength,
    Table,
    Term,
    Theory,
    Vote,
    Weigh,
    Work,
)
from foedus.validation import problems_of

CONVENTION = "convention"
"""The source of what no document gives."""
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_RESERVED = (UNKNOWN, ANYONE, "situation", "unclear")


def load_documents(documents: Sequence[Document]) -> list[tuple[Document, BookFile]]:
    """Check the shape of each file.

    Raises:
        InputError: The findings of all files together.
    """
    files: list[tuple[Document, BookFile]] = []
    problems: list[Problem] = []
    for document in documents:
        try:
            files.append((document, BookFile.model_validate(document.data)))
        except ValidationError as error:
            problems += problems_of(error, document, BookFile)
    if problems:
        raise InputError(problems)
    return files


def content_hash(documents: Iterable[Document]) -> str:
    """SHA-256 over the content of rule files, whatever their names, order and layout."""
    merged: dict[str, Any] = {}
    for document in documents:
        for part, value in document.data.items():
            if isinstance(value, dict):
                merged.setdefault(part, {}).update(value)
            else:
                merged.setdefault(part, []).extend(value if isinstance(value, list) else [value])
    for part, value in merged.items():
        if isinstance(value, list):
            merged[part] = sorted(value, key=lambda entry: json.dumps(entry, sort_keys=True))
    text = json.dumps(merged, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class _Assembler:
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
        self.places: dict[str, tuple[Document, Path_]] = {}

    def report(self, document: Document, path: Path_, message: str, hint: str = "", *, key: bool = False) -> None:
        self.problems.append(document.problem(path, message, hint, key=key))

    # ---- vocabulary -------------------------------------------------------------------------

    def attribute(self, document: Document, path: Path_, table: str, name: str, entry: AttributeEntry) -> Attribute:
        kinds = [entry.ordered, entry.nominal, entry.nominal_from, entry.side]
        if sum(kind is not None for kind in kinds) != 1:
            self.report(document, path, f"'{name}' needs exactly one of ordered, nominal, nominal_from, side")
        values = tuple(entry.ordered or entry.nominal or entry.side or ())
        if UNKNOWN in values:
            self.report(document, path, f"'{UNKNOWN}' is no value of a scale: it is what is not given")
        if len(set(values)) != len(values):
            self.report(document, path, f"'{name}' names a value twice")
        for value in entry.phrases:
            if value not in values:
                self.report(document, (*path, "phrases", value), f"'{value}' is no value of '{name}'", suggestion(value, values), key=True)
        return Attribute(
            name, table, values, entry.ordered is not None, entry.side is not None, entry.nominal_from,
            entry.linked, tuple(entry.stated_asked_by), entry.ask, entry.sentence, dict(entry.phrases),
        )

    def table(self, document: Document, path: Path_, name: str, entry: TableEntry, derived: bool) -> None:
        if name in self.tables:
            self.report(document, path, f"table '{name}' is declared twice", key=True)
            return
        attributes = {
            key: self.attribute(document, (*path, "attributes", key), name, key, value)
            for key, value in entry.attributes.items()
        }
        for key in attributes:
            if key in entry.keys:
                self.report(document, (*path, "attributes", key), f"'{key}' is a key and an attribute", key=True)
        self.tables[name] = Table(
            name, dict(entry.keys), attributes, entry.about, entry.sentence, entry.denied, derived,
            entry.reference == "yes", tuple(entry.first_known), dict(entry.words),
        )

    def question(self, document: Document, path: Path_, name: str, entry: QuestionEntry) -> None:
        if name in self.questions or name in self.tables:
            self.report(document, path, f"'{name}' is declared twice", key=True)
            return
        points = {word: int(number) for word, number in entry.points.items()}
        if list(points.values()) != sorted(set(points.values())) or any(number < 1 for number in points.values()):
            self.report(document, (*path, "points"), "points must rise from word to word, from 1 on")
        grades = tuple(Grade(grade.grade, int(grade.from_)) for grade in entry.grades)
        if [grade.least for grade in grades] != sorted({grade.least for grade in grades}):
            self.report(document, (*path, "grades"), "cut-points must rise from grade to grade")
        needed = {"graded": ("points", "grades"), "contest": ("points", "answers", "about"), "census": ("counts",)}
        for part in needed[entry.kind]:
            if not getattr(entry, part):
                self.report(document, path, f"a {entry.kind} question needs '{part}'", key=True)
        names = [grade.name for grade in grades]
        if entry.significant_from is not None and entry.significant_from not in names:
            self.report(document, (*path, "significant_from"), f"'{entry.significant_from}' is no grade", suggestion(entry.significant_from, names))
        if entry.when_silent is not None and entry.when_silent not in entry.answers:
            self.report(document, (*path, "when_silent"), f"'{entry.when_silent}' is no answer", suggestion(entry.when_silent, entry.answers))
        rays = tuple(tuple(int(x) if x.isdecimal() else -1 for x in ray) for ray in entry.rays)
        if any(len(ray) != len(points) or min(ray, default=0) < 0 for ray in rays):
            self.report(document, (*path, "rays"), "a ray has one whole number for each strength word")
        self.questions[name] = Question(
            name, entry.kind, tuple(entry.theory), entry.asks, entry.decision, entry.source,
            tuple(points), tuple(points.values()), grades, entry.significant_from, tuple(entry.sources),
            tuple(entry.answers), entry.about.table if entry.about else None,
            entry.about.answer if entry.about else None, entry.when_silent, rays, entry.excluded_by, entry.counts,
        )
        self.places[f"question {name}"] = (document, path)

    def question_tables(self, postures: Sequence[str]) -> None:
        """The tables through which rules read the answers of questions."""
        pair = {"of": "state", "toward": "any"}
        for question in self.questions.values():
            name = question.name

            def scale(attribute: str, values: tuple[str, ...], ordered: bool, sentence: str, table: str = name) -> Attribute:
                return Attribute(attribute, table, values, ordered, sentence=sentence)

            attributes: list[Attribute]
            if question.kind == "graded":
                grades = tuple(grade.name for grade in question.grades)
                attributes = [
                    scale("grade", grades, True, f"the {name} grade of {{toward}} for {{of}} is {{value}}"),
                    scale("standing", ("lower", "highest"), True, f"the {name} of {{toward}} ranks {{value}} for {{of}}"),
                    scale("significant", ("no", "yes"), True, f"whether the {name} of {{toward}} for {{of}} is significant: {{value}}"),
                ]
                self.tables[name] = Table(name, pair, {a.name: a for a in attributes}, derived=True, denied=f"no such {name} grade")
            elif question.kind == "contest":
                answers = (*question.answers, "tie")
                sentence = f"the {name} of {{of}} with regard to {{toward}} is {{value}}"
                attributes = [scale("answer", answers, False, sentence)]
                self.tables[name] = Table(name, pair, {a.name: a for a in attributes}, derived=True, denied=f"{{of}} has no {name} of that kind")
            else:
                counted = self.questions.get(question.counts or "")
                answers = (*(counted.answers if counted else ()), "even")
                attributes = [scale("prevalent", answers, False, "among the significantly threatened states, what prevails is {value}")]
                self.tables[name] = Table(name, {"outlook": "word"}, {a.name: a for a in attributes}, derived=True)
        posture = Attribute(POSTURE, POSTURE, (*dict.fromkeys(postures), "tie"), False, sentence="{of} is concluded to {value} with regard to {toward}")
        self.tables[POSTURE] = Table(POSTURE, pair, {POSTURE: posture}, derived=True, denied="no such posture was concluded")
        self.tables[EVIDENCE] = Table(
            EVIDENCE,
            {"row": "word", "question": "word", "answer": "word", "of": "state", "toward": "any", "sign": "word", "group": "word"},
            {}, derived=True, sentence="{row} speaks {sign} {answer} for {of} with regard to {toward}",
            denied="no such evidence stands",
        )
        notes = {
            name: Attribute(name, "input", entry.values, entry.ordered, sentence=f"the {name} of {{fact}} is {{value}}", phrases=entry.phrases)
            for name, entry in self.annotations.items()
            if name in ("basis", "advocate")
        }
        self.tables["input"] = Table(
            "input", {"fact": "word", "attribute": "word", "of": "any", "toward": "any"}, notes, denied="no such fact was given",
        )

    # ---- premises ---------------------------------------------------------------------------

    def pattern(
        self, document: Document, path: Path_, name: str, fields: Mapping[str, Any], bound: dict[str, Attribute | str], rule_id: str, negated: bool
    ) -> Pattern | None:
        table = self.tables.get(name)
        if table is None:
            self.report(document, path, f"unknown table '{name[:60]}'", suggestion(name, sorted(self.tables)), key=True)
            return None
        constraints: list[Constraint] = []
        local: dict[str, Attribute | str] = {}
        for key, raw in fields.items():
            here = (*path, key)
            legal = [*table.keys, *table.attributes]
            if key not in legal:
                self.report(document, here, f"'{name}' has no field '{key[:60]}'", suggestion(key, legal), key=True)
                continue
            attribute = table.attributes.get(key)
            constraint = self.constraint(document, here, table, key, attribute, raw, rule_id)
            if constraint is None:
                continue
            constraints.append(constraint)
            if constraint.variable is not None:
                kind: Attribute | str = attribute if attribute is not None else table.keys[key]
                seen = bound.get(constraint.variable, local.get(constraint.variable))
                if seen is not None and not _same_kind(seen, kind):
                    self.report(document, here, f"'${constraint.variable}' stands for {_kind_name(seen)} and for {_kind_name(kind)}")
                if constraint.variable in local and negated and constraint.variable not in bound:
                    self.report(document, here, f"'${constraint.variable}' is not bound before the `not` and stands in it twice")
                local.setdefault(constraint.variable, kind)
        if not negated:
            for variable, kind in local.items():
                bound.setdefault(variable, kind)
        return Pattern(name, tuple(sorted(constraints, key=lambda c: list([*table.keys, *table.attributes]).index(c.field))))

    def constraint(
        self, document: Document, path: Path_, table: Table, key: str, attribute: Attribute | None, raw: Any, rule_id: str
    ) -> Constraint | None:
        if isinstance(raw, str) and raw.startswith("$"):
            if not re.fullmatch(r"\$[a-z][a-z0-9_]*", raw):
                self.report(document, path, f"'{raw[:60]}' is not a variable name", "lower case letters, digits and _")
                return None
            return Constraint(key, variable=raw[1:])
        if isinstance(raw, ConstraintEntry):
            if raw.stated is not None:
                asked = attribute.stated_asked_by if attribute is not None else ()
                if rule_id not in asked:
                    allowed = ", ".join(asked) or "none"
                    self.report(document, path, f"{rule_id} may not ask whether '{key}' was stated", f"rules that may: {allowed}")
                return Constraint(key, stated=raw.stated == "yes")
            variable = raw.bind[1:] if raw.bind else None
            values = self.values(document, path, table, key, attribute, raw)
            return Constraint(key, variable=variable, allowed=values)
        wanted = [raw] if isinstance(raw, str) else list(raw)
        return Constraint(key, allowed=self.legal(document, path, table, key, attribute, wanted))

    def values(
        self, document: Document, path: Path_, table: Table, key: str, attribute: Attribute | None, raw: ConstraintEntry
    ) -> tuple[str, ...] | None:
        """The values that a comparison with constants leaves."""
        if attribute is None:
            if raw.one_of is not None and raw.at_least is None and raw.at_most is None and raw.not_ is None:
                return self.legal(document, path, table, key, None, raw.one_of)
            if any(x is not None for x in (raw.at_least, raw.at_most, raw.not_)):
                self.report(document, path, f"'{key}' is a key: it has no order and no complement")
            return None
        left = list(attribute.values)
        for bound_name in ("at_least", "at_most"):
            value = getattr(raw, bound_name)
            if value is None:
                continue
            if not attribute.ordered:
                self.report(document, path, f"'{key}' has no order, so '{bound_name}' has no meaning", "use a list of values")
                continue
            if self.legal(document, path, table, key, attribute, [value]) and value in attribute.values:
                place = attribute.step(value)
                left = [v for v in left if (attribute.step(v) >= place) == (bound_name == "at_least") or attribute.step(v) == place]
        if raw.one_of is not None:
            chosen = self.legal(document, path, table, key, attribute, raw.one_of)
            left = [value for value in left if value in chosen] if not attribute.side else list(chosen)
        if raw.not_ is not None:
            self.legal(document, path, table, key, attribute, [raw.not_])
            left = [value for value in left if value != raw.not_]
        if attribute.side or attribute.nominal_from:
            if raw.not_ is not None:
                self.report(document, path, f"the values of '{key}' depend on the case, so 'not' has no meaning here")
            return tuple(left) if raw.one_of is not None else None
        if not left:
            self.report(document, path, f"no value of '{key}' can satisfy this; the premise can never hold")
        return None if len(left) == len(attribute.values) else tuple(left)

    def legal(
        self, document: Document, path: Path_, table: Table, key: str, attribute: Attribute | None, wanted: Sequence[str]
    ) -> tuple[str, ...]:
        """Constants, each checked against the scale of the field."""
        if attribute is not None and attribute.nominal_from:
            names = sorted(row.key for row in self.references if row.table == attribute.nominal_from)
        elif attribute is not None:
            names = list(attribute.values)
        elif table.keys[key] == "word" and table.words:
            names = list(table.words)
        else:
            return tuple(wanted)
        for value in wanted:
            if value not in names and not (value.startswith("$") and len(wanted) == 1):
                self.report(document, path, f"'{value[:60]}' is no value of '{key}'", suggestion(value, names))
        order = {name: place for place, name in enumerate(names)}
        return tuple(sorted(set(wanted), key=lambda value: order.get(value, len(order))))

    def premises(
        self, document: Document, path: Path_, entries: Sequence[PremiseEntry], rule_id: str, bound: dict[str, Attribute | str]
    ) -> tuple[Premise, ...]:
        found: list[Premise] = []
        for place, entry in enumerate(entries):
            here = (*path, place)
            patterns = entry.__pydantic_extra__ or {}
            parts = len(patterns) + sum(x is not None for x in (entry.not_, entry.differ, entry.compare))
            if parts != 1:
                self.report(document, here, "a premise is exactly one of: a table, not, differ, compare")
                continue
            if entry.reads is not None and entry.not_ is None:
                self.report(document, (*here, "reads"), "'reads' goes with 'not' only", key=True)
            if patterns:
                ((name, fields),) = patterns.items()
                pattern = self.pattern(document, (*here, name), name, fields, bound, rule_id, False)
                if pattern is not None:
                    found.append(Holds(pattern))
            elif entry.not_ is not None:
                if len(entry.not_) != 1:
                    self.report(document, here, "'not' denies exactly one table")
                    continue
                ((name, fields),) = entry.not_.items()
                if not entry.reads:
                    self.report(document, here, "a 'not' needs 'reads': the sentence that an analyst reads")
                pattern = self.pattern(document, (*here, "not", name), name, fields, bound, rule_id, True)
                if pattern is not None:
                    self.placeholders(document, (*here, "reads"), entry.reads or "", bound)
                    found.append(Absent(pattern, entry.reads or ""))
            elif entry.differ is not None:
                left, right = (variable[1:] for variable in entry.differ)
                for variable in (left, right):
                    if variable not in bound:
                        self.report(document, (*here, "differ"), f"'${variable}' is not bound by an earlier premise", suggestion(variable, sorted(bound)))
                if left == right:
                    self.report(document, (*here, "differ"), f"'${left}' cannot differ from itself; the rule can never fire")
                found.append(Differ(left, right))
            elif entry.compare is not None:
                found += self.compare(document, (*here, "compare"), entry, bound)
        return tuple(found)

    def compare(self, document: Document, path: Path_, entry: PremiseEntry, bound: Mapping[str, Attribute | str]) -> list[Premise]:
        assert entry.compare is not None
        left, right = entry.compare.left[1:], entry.compare.right[1:]
        scales: list[Attribute] = []
        for variable in (left, right):
            kind = bound.get(variable)
            if kind is None:
                self.report(document, path, f"'${variable}' is not bound by an earlier premise", suggestion(variable, sorted(bound)))
            elif isinstance(kind, str) or not kind.ordered:
                self.report(document, path, f"'${variable}' has no ordered scale to compare on")
            else:
                scales.append(kind)
        if len(scales) != 2:
            return []
        if scales[0].values != scales[1].values:
            self.report(document, path, f"'${left}' and '${right}' are on different scales")
        if left == right and entry.compare.is_ in ("above", "below", "other"):
            self.report(document, path, f"'${left}' cannot be {entry.compare.is_} itself; the rule can never fire")
        return [Compare(left, entry.compare.is_, right, scales[0].values)]

    def satisfiable(self, document: Document, path: Path_, premises: Sequence[Premise]) -> None:
        """Refuse premises that contradict each other on the same row."""
        rows: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, set[str]]] = {}
        for place, premise in enumerate(premises):
            if not isinstance(premise, Holds):
                continue
            table = self.tables[premise.pattern.table]
            identity = _identity(table, premise.pattern)
            states = [c.variable for c in premise.pattern.constraints if table.keys.get(c.field) == "state" and c.variable]
            if not table.derived and len(states) != len(set(states)):
                self.report(document, (*path, place), "a state has no such relation to itself; the rule can never fire")
            if identity is None:
                continue
            known = rows.setdefault((table.name, identity), {})
            for constraint in premise.pattern.constraints:
                if constraint.field in table.attributes and constraint.allowed is not None:
                    left = known.setdefault(constraint.field, set(constraint.allowed))
                    left &= set(constraint.allowed)
                    if not left:
                        self.report(document, (*path, place), f"'{constraint.field}' cannot satisfy both this and an earlier premise; the rule can never fire")
        for place, premise in enumerate(premises):
            if not isinstance(premise, Absent):
                continue
            table = self.tables[premise.pattern.table]
            identity = _identity(table, premise.pattern)
            if identity is None or (table.name, identity) not in rows:
                continue
            known = rows[(table.name, identity)]
            asked = {c.field: set(c.allowed) for c in premise.pattern.constraints if c.field in table.attributes and c.allowed is not None}
            free = [c for c in premise.pattern.constraints if c.field in table.attributes and c.allowed is None]
            if not free and all(field in known and known[field] <= values for field, values in asked.items()):
                self.report(document, (*path, place), "this denies what an earlier premise asks for; the rule can never fire")

    def placeholders(self, document: Document, path: Path_, text: str, bound: Mapping[str, Any]) -> None:
        for name in _PLACEHOLDER.findall(text):
            if name not in bound:
                self.report(document, path, f"'{{{name}}}' is not a variable of the rule", suggestion(name, sorted(bound)))
        rest = _PLACEHOLDER.sub("", text)
        if "{" in rest or "}" in rest:
            self.report(document, path, "a brace that is no {variable}")

    # ---- conclusions ------------------------------------------------------------------------

    def term(self, document: Document, path: Path_, text: str, bound: Mapping[str, Any]) -> Term:
        if not text.startswith("$"):
            return Term(text, False)
        if text[1:] not in bound:
            self.report(document, path, f"'{text}' is not bound by a premise", suggestion(text[1:], sorted(bound)))
        return Term(text[1:], True)

    def conclusion(
        self, document: Document, path: Path_, entry: ConclusionEntry, bound: dict[str, Attribute | str]
    ) -> Conclusion | None:
        parts = {name: getattr(entry, name) for name in ConclusionEntry.model_fields if getattr(entry, name) is not None}
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
                tuple(part.rules), self.term(document, (*here, "of"), part.of, bound),
                self.term(document, (*here, "toward"), part.toward, bound), part.step, part.highest,
            )
        if verb == "caps":
            question = self.questions.get(part.question)
            if question is None or question.kind != "graded":
                graded = sorted(name for name, q in self.questions.items() if q.kind == "graded")
                self.report(document, (*here, "question"), f"'{part.question}' is no graded question", suggestion(part.question, graded))
                return None
            names = [grade.name for grade in question.grades]
            if part.highest not in names:
                self.report(document, (*here, "highest"), f"'{part.highest}' is no grade of '{part.question}'", suggestion(part.highest, names))
            return Cap(part.question, self.term(document, (*here, "of"), part.of, bound), self.term(document, (*here, "toward"), part.toward, bound), part.highest)
        return self.statement_of(document, here, part, bound)

    def statement_of(
        self, document: Document, path: Path_, part: Mapping[str, Mapping[str, str]], bound: dict[str, Attribute | str]
    ) -> Conclusion | None:
        if len(part) != 1:
            self.report(document, path, "'conclude' states one row of one table")
            return None
        ((name, fields),) = part.items()
        table = self.tables.get(name)
        writable = sorted(
            key for key, t in self.tables.items()
            if t.derived and key not in self.questions and key not in (EVIDENCE, POSTURE) and not t.first_known
        )
        if table is None or name not in writable:
            self.report(document, (*path, name), f"'{name[:60]}' is no table that rules may conclude", suggestion(name, writable), key=True)
            return None
        terms: dict[str, Term] = {}
        for key in (*table.keys, *table.attributes):
            if key not in fields:
                self.report(document, (*path, name), f"'{key}' is missing from '{name}'", key=True)
        for key, text in fields.items():
            here = (*path, name, key)
            if key not in table.keys and key not in table.attributes:
                self.report(document, here, f"'{name}' has no field '{key[:60]}'", suggestion(key, [*table.keys, *table.attributes]), key=True)
                continue
            term = self.term(document, here, text, bound)
            if not term.variable:
                self.legal(document, here, table, key, table.attributes.get(key), [term.text])
            terms[key] = term
        return Assert_(name, {key: terms[key] for key in (*table.keys, *table.attributes) if key in terms})

    def vote(
        self, document: Document, path: Path_, verb: str, part: EvidenceEntry, bound: dict[str, Attribute | str]
    ) -> Conclusion | None:
        kind = "graded" if verb in ("raises", "lowers") else "contest"
        question = self.questions.get(part.question)
        fitting = sorted(name for name, q in self.questions.items() if q.kind == kind)
        if question is None or question.kind != kind:
            self.report(document, (*path, "question"), f"'{part.question}' is no {kind} question, which '{verb}' needs", suggestion(part.question, fitting))
            return None
        answer: Term | None = None
        if kind == "contest":
            if part.answer is None:
                self.report(document, path, f"'{verb}' needs an answer", suggestion("", question.answers))
            else:
                answer = self.term(document, (*path, "answer"), part.answer, bound)
                if not answer.variable and answer.text not in question.answers:
                    self.report(document, (*path, "answer"), f"'{answer.text}' is no answer to '{question.name}'", suggestion(answer.text, question.answers))
        elif part.answer is not None:
            self.report(document, (*path, "answer"), f"'{question.name}' is answered by a grade, so a vote names no answer")
        words: list[tuple[Path_, str]]
        if isinstance(part.strength, str):
            strength = Strength(word=part.strength)
            words = [((*path, "strength"), part.strength)]
        else:
            variable = part.strength.of[1:]
            kind_of = bound.get(variable)
            if not isinstance(kind_of, Attribute):
                self.report(document, (*path, "strength", "of"), f"'${variable}' is not bound to a value", suggestion(variable, sorted(bound)))
            else:
                for value in part.strength.steps:
                    if value not in kind_of.values:
                        self.report(document, (*path, "strength", "steps", value), f"'{value}' is no value of '{kind_of.name}'", suggestion(value, kind_of.values), key=True)
            strength = Strength(of=variable, steps=dict(part.strength.steps))
            words = [((*path, "strength", "steps", value), word) for value, word in part.strength.steps.items()]
        for place, word in words:
            if word not in question.words:
                self.report(document, place, f"'{word}' is no strength word of '{question.name}'", suggestion(word, question.words))
        return Vote(
            part.question, answer, self.term(document, (*path, "of"), part.of, bound),
            self.term(document, (*path, "toward"), part.toward, bound), 1 if verb in ("raises", "favours") else -1, strength, part.group,
        )

    # ---- rules ------------------------------------------------------------------------------

    def citations(self, document: Document, path: Path_, sources: Sequence[str]) -> tuple[Citation, ...]:
        found: list[Citation] = []
        for place, source in enumerate(sources):
            work, _, page = source.partition(":")
            if work not in self.works and work != CONVENTION:
                self.report(document, (*path, place), f"'{work}' is no work of this book", suggestion(work, [*sorted(self.works), CONVENTION]))
            found.append(Citation(work, page))
        return tuple(found)

    def rule(self, document: Document, path: Path_, entry: RuleEntry) -> None:
        bound: dict[str, Attribute | str] = {}
        premises = self.premises(document, (*path, "when"), entry.when, entry.id, bound)
        self.satisfiable(document, (*path, "when"), premises)
        conclusions = [
            self.conclusion(document, (*path, "then", place) if isinstance(_at(document, (*path, "then")), list) else (*path, "then"), part, bound)
            for place, part in enumerate(entry.then)
        ]
        if not any(isinstance(premise, Holds) for premise in premises):
            self.report(document, (*path, "when"), "a rule needs at least one premise that something holds")
        self.placeholders(document, (*path, "because"), entry.because, bound)
        votes = [c for c in conclusions if isinstance(c, Vote)]
        for vote in votes:
            premises = _with_steps(premises, vote.strength)
        if entry.default == "yes" and not votes:
            self.report(document, (*path, "default"), "a default is a vote")
        self.add(document, path, entry, Rule(
            entry.id, entry.id.partition(".")[0], entry.role, tuple(entry.theory), entry.claim,
            self.citations(document, (*path, "source"), entry.source), premises,
            tuple(c for c in conclusions if c is not None), entry.because, entry.decision, entry.reason,
            entry.default == "yes", entry.corollary == "yes",
            tuple(self.defeat(entry, place) for place in range(len(entry.defeated_by))),
            entry.weaker_may_stand == "yes", _examples(entry.examples), document.file, document.problem(path, "").line,
        ))

    def defeat(self, entry: RuleEntry, place: int) -> Defeat:
        given = entry.defeated_by[place]
        where = tuple(sorted((given.where or {}).items()))
        return Defeat(given.rule, where, given.reason)

    def tension(self, document: Document, path: Path_, entry: TensionEntry) -> None:
        bound: dict[str, Attribute | str] = {}
        premises = self.premises(document, (*path, "when"), entry.when, entry.id, bound)
        self.satisfiable(document, (*path, "when"), premises)
        self.placeholders(document, (*path, "because"), entry.because, bound)
        of = self.term(document, (*path, "of"), entry.of, bound)
        toward = self.term(document, (*path, "toward"), entry.toward, bound)
        self.add(document, path, entry, Rule(
            entry.id, entry.id.partition(".")[0], "tension", tuple(entry.theory), entry.title, (Citation(CONVENTION, ""),), premises,
            (Assert_("tension", {"of": of, "toward": toward}),), entry.because, entry.resolution, "", False, False, (),
            False, _examples(entry.examples), document.file, document.problem(path, "").line, tuple(entry.between),
        ))

    def add(self, document: Document, path: Path_, entry: ClaimPart | TensionEntry, rule: Rule) -> None:
        if rule.id in self.rules or rule.id in self.statements:
            self.report(document, (*path, "id"), f"'{rule.id}' stands twice in the book")
            return
        for place, name in enumerate(rule.theories):
            if name not in self.theories:
                self.report(document, (*path, "theory", place), f"no theory '{name}'", suggestion(name, sorted(self.theories)))
        self.rules[rule.id] = rule
        self.places[rule.id] = (document, path)

    references: list[Reference] = []

    def cross_checks(self) -> None:
        """What can only be said once every rule is known."""
        known = sorted({*self.rules, *self.statements, *(rule.row for rule in self.rules.values())})
        made = {c.table for rule in self.rules.values() for c in rule.conclusions if isinstance(c, Assert_)}
        for rule in list(self.rules.values()):
            document, path = self.places[rule.id]
            for place, defeat in enumerate(rule.defeated_by):
                self.check_defeat(document, (*path, "defeated_by", place), rule, defeat)
            for conclusion in rule.conclusions:
                if isinstance(conclusion, Weigh):
                    self.check_weigh(document, (*path, "then"), conclusion)
            for name in rule.between:
                if name not in known:
                    self.report(document, (*path, "between"), f"no rule '{name}'", suggestion(name, known))
            for place, premise in enumerate(rule.premises):
                if isinstance(premise, Holds) and self.tables[premise.pattern.table].derived:
                    self.check_made(document, (*path, "when", place), premise.pattern, made)
        self.check_cycles()

    def check_made(self, document: Document, path: Path_, pattern: Pattern, made: set[str]) -> None:
        table = self.tables[pattern.table]
        if pattern.table in self.questions or pattern.table in (EVIDENCE, POSTURE) or table.first_known:
            return
        if pattern.table not in made:
            self.report(document, path, f"no rule concludes '{pattern.table}', so this premise can never hold")

    def check_defeat(self, document: Document, path: Path_, rule: Rule, defeat: Defeat) -> None:
        other = self.rules.get(defeat.rule)
        if other is None:
            self.report(document, path, f"no rule '{defeat.rule}'", suggestion(defeat.rule, sorted(self.rules)))
            return
        mine, theirs = set(rule.variables), set(other.variables)
        if defeat.same:
            for here, there in defeat.same:
                if here not in mine:
                    self.report(document, path, f"'{here}' is no variable of {rule.id}", suggestion(here, sorted(mine)))
                if there not in theirs:
                    self.report(document, path, f"'{there}' is no variable of {other.id}", suggestion(there, sorted(theirs)))
        elif not mine & theirs:
            self.report(document, path, f"{rule.id} and {other.id} share no variable, so neither can defeat the other", "say which subjects are the same with 'where'")

    def check_weigh(self, document: Document, path: Path_, weigh: Weigh) -> None:
        for name in weigh.rules:
            target = self.rules.get(name)
            votes = [c for c in target.conclusions if isinstance(c, Vote)] if target else []
            if not votes:
                self.report(document, path, f"'{name}' is no rule that votes", suggestion(name, sorted(self.rules)))
            for vote in votes:
                words = self.questions[vote.question].words
                if weigh.highest is not None and weigh.highest not in words:
                    self.report(document, path, f"'{weigh.highest}' is no strength word of '{vote.question}'", suggestion(weigh.highest, words))

    def check_cycles(self) -> None:
        """Refuse defeat that runs in a circle."""
        state: dict[str, int] = {}

        def visit(name: str, trail: list[str]) -> None:
            if state.get(name) == 2 or name not in self.rules:
                return
            if state.get(name) == 1:
                cycle = [*trail[trail.index(name) :], name]
                if set(cycle) == set(trail[trail.index(name) :]):
                    document, path = self.places[name]
                    self.report(document, (*path, "defeated_by"), f"defeat runs in a circle: {' is defeated by '.join(cycle)}", key=True)
                return
            state[name] = 1
            for defeat in self.rules[name].defeated_by:
                visit(defeat.rule, [*trail, name])
            state[name] = 2

        for name in sorted(self.rules):
            visit(name, [])


def _at(document: Document, path: Path_) -> Any:
    value = document.data
    for part in path:
        value = value[part]
    return value


def _identity(table: Table, pattern: Pattern) -> tuple[tuple[str, str], ...] | None:
    """Which row a pattern speaks of, if its keys are all fixed; ``None`` if they are open."""
    fixed = {c.field: ("$" + c.variable if c.variable else "|".join(c.allowed or ())) for c in pattern.constraints if c.field in table.keys}
    return tuple(sorted(fixed.items())) if set(fixed) == set(table.keys) else None


def _same_kind(left: Attribute | str, right: Attribute | str) -> bool:
    def kind(value: Attribute | str) -> tuple[str, ...] | str:
        if isinstance(value, str):
            return value
        return "ideology" if value.nominal_from else "side" if value.side else value.values

    a, b = kind(left), kind(right)
    return a == b or "any" in (a, b) or "word" in (a, b)


def _kind_name(kind: Attribute | str) -> str:
    return f"a {kind}" if isinstance(kind, str) else f"a value of '{kind.name}'"


def _with_steps(premises: tuple[Premise, ...], strength: Strength) -> tuple[Premise, ...]:
    """Narrow the binder of a stepped strength to the values that have a word."""
    if strength.of is None:
        return premises
    result: list[Premise] = []
    for premise in premises:
        if isinstance(premise, Holds):
            constraints = tuple(
                Constraint(c.field, c.variable, tuple(v for v in (c.allowed or tuple(strength.steps)) if v in strength.steps))
                if c.variable == strength.of
                else c
                for c in premise.pattern.constraints
            )
            result.append(Holds(Pattern(premise.pattern.table, constraints)))
        else:
            result.append(premise)
    return tuple(result)


def _examples(entry: ExamplesEntry) -> Examples:
    return Examples(tuple(tuple(x) for x in entry.fires), tuple(tuple(x) for x in entry.silent))


def assemble(documents: Sequence[Document]) -> RuleBook:
    """Build and check a rule book.

    Args:
        documents: The rule files of one book, in any order.

    Raises:
        InputError: Everything that is wrong with it.
    """
    files = load_documents(documents)
    build = _Assembler()
    entry = None
    for document, file in files:
        if file.book is not None:
            if entry is not None:
                build.report(document, ("book",), "the book is introduced twice", key=True)
            entry = file.book
        build.works.update({name: Work(name, work.title, work.note) for name, work in file.works.items()})
        for name, theory in file.theories.items():
            build.theories[name] = Theory(name, theory.title, theory.note, tuple(theory.shares), tuple(theory.shares_questions))
        for name, table in file.tables.items():
            build.table(document, ("tables", name), name, table, False)
        for name, table in file.derived.items():
            build.table(document, ("derived", name), name, table, True)
        for name, note in file.annotations.items():
            build.annotations[name] = Attribute(name, "input", tuple(note.ordered or note.nominal or ()), note.ordered is not None, phrases=dict(note.phrases))
    for document, file in files:
        for name, question in file.questions.items():
            build.question(document, ("questions", name), name, question)
    build.references = references = _references(build, files)
    postures = [r.posture for _, file in files for r in file.recommendations]
    build.question_tables(postures)
    _fill_nominal(build)
    measures = _measures(build, files)
    recommendations = _recommendations(build, files)
    illegal: list[Illegal] = []
    for document, file in files:
        for place, rule in enumerate(file.rules):
            build.rule(document, ("rules", place), rule)
        for place, tension in enumerate(file.tensions):
            build.tension(document, ("tensions", place), tension)
        for place, combination in enumerate(file.illegal):
            bound: dict[str, Attribute | str] = {}
            premises = build.premises(document, ("illegal", place, "when"), combination.when, "illegal", bound)
            build.placeholders(document, ("illegal", place, "message"), combination.message, bound)
            illegal.append(Illegal(premises, combination.message))
    for document, file in files:
        for place, statement in enumerate(file.statements):
            if statement.id in build.rules or statement.id in build.statements:
                build.report(document, ("statements", place, "id"), f"'{statement.id}' stands twice in the book")
                continue
            citations = build.citations(document, ("statements", place, "source"), statement.source)
            line = document.problem(("statements", place), "").line
            build.statements[statement.id] = Statement(
                statement.id, statement.role, statement.claim, citations, statement.decision, statement.reason, tuple(statement.shown_with), document.file, line
            )
    build.cross_checks()
    if entry is None or MAIN not in build.theories:
        name = documents[0].file if documents else "the rule book"
        what = "no part 'book'" if entry is None else f"no theory '{MAIN}'"
        build.problems.append(Problem(name, 0, 0, f"the book has {what}"))
    if build.problems:
        raise InputError(build.problems)
    assert entry is not None
    book = RuleBook(
        entry.title, entry.version, content_hash(documents),
        dict(sorted(build.works.items())), dict(sorted(build.theories.items())), build.tables, build.annotations,
        tuple(illegal), tuple(references), dict(sorted(measures.items())),
        dict(sorted(build.questions.items())), recommendations, dict(sorted(build.rules.items())), dict(sorted(build.statements.items())),
    )
    _check_strata(build, book)
    if build.problems:
        raise InputError(build.problems)
    return book


def _check_strata(build: _Assembler, book: RuleBook) -> None:
    for name in sorted(book.theories):
        try:
            book.program(name)
        except NotStratified as error:
            rules = [part for part in error.cycle if part in build.places]
            document, path = build.places[rules[0]] if rules else next(iter(build.places.values()))
            build.report(document, path, "the rules read each other in a circle and cannot be stratified: " + " reads ".join(error.cycle))
            return


def _fill_nominal(build: _Assembler) -> None:
    """Give attributes whose values are the keys of a reference table those values."""
    for name, table in build.tables.items():
        for attribute in table.attributes.values():
            if attribute.nominal_from is None:
                continue
            values = tuple(sorted(row.key for row in build.references if row.table == attribute.nominal_from))
            phrases = {row.key: row.name for row in build.references if row.table == attribute.nominal_from}
            filled = Attribute(attribute.name, name, values, False, False, attribute.nominal_from, None, (), attribute.ask, attribute.sentence, phrases)
            build.tables[name] = Table(
                table.name, table.keys, {**table.attributes, attribute.name: filled}, table.about, table.sentence,
                table.denied, table.derived, table.reference, table.first_known, table.words,
            )


def _references(build: _Assembler, files: Sequence[tuple[Document, BookFile]]) -> list[Reference]:
    rows: dict[tuple[str, str], Reference] = {}
    for document, file in files:
        for name, entries in file.reference.items():
            table = build.tables.get(name)
            if table is None or not table.reference:
                legal = sorted(key for key, t in build.tables.items() if t.reference)
                build.report(document, ("reference", name), f"'{name}' is no reference table", suggestion(name, legal), key=True)
                continue
            for key, row in entries.items():
                path: Path_ = ("reference", name, key)
                values = row.__pydantic_extra__ or {}
                for field, value in values.items():
                    if field not in table.attributes:
                        build.report(document, (*path, field), f"'{name}' has no field '{field[:60]}'", suggestion(field, list(table.attributes)), key=True)
                    elif value not in table.attributes[field].values:
                        build.report(document, (*path, field), f"'{value[:60]}' is no value of '{field}'", suggestion(value, table.attributes[field].values))
                if (name, key) in rows:
                    build.report(document, path, f"'{key}' stands twice", key=True)
                rows[(name, key)] = Reference(name, key, row.name, row.source, dict(values))
    return [rows[key] for key in sorted(rows)]


def _measures(build: _Assembler, files: Sequence[tuple[Document, BookFile]]) -> dict[str, Measure]:
    attributes = {a.name: a for t in build.tables.values() if not t.derived for a in t.attributes.values()}
    measures: dict[str, Measure] = {}
    for document, file in files:
        for name, entry in file.measures.items():
            path: Path_ = ("measures", name)
            attribute = attributes.get(entry.attribute)
            if attribute is None:
                build.report(document, (*path, "attribute"), f"no fact '{entry.attribute}'", suggestion(entry.attribute, sorted(attributes)))
                continue
            for place, cut in enumerate(entry.cuts):
                if cut.value not in attribute.values:
                    build.report(document, (*path, "cuts", place, "value"), f"'{cut.value}' is no value of '{attribute.name}'", suggestion(cut.value, attribute.values))
            cuts = tuple(Cut(Fraction(cut.from_), cut.from_, cut.value) for cut in entry.cuts)
            if [cut.least for cut in cuts] != sorted({cut.least for cut in cuts}) or cuts[0].least != 0:
                build.report(document, (*path, "cuts"), "cut-points begin at 0 and rise")
            measures[name] = Measure(name, attribute.name, entry.meaning, entry.unit, Fraction(entry.highest), entry.source, cuts)
    return measures


def _recommendations(build: _Assembler, files: Sequence[tuple[Document, BookFile]]) -> tuple[Recommendation, ...]:
    found: list[Recommendation] = []
    contests = {name: q.answers for name, q in build.questions.items() if q.kind == "contest"}
    states = build.tables.get("state")
    for document, file in files:
        for place, entry in enumerate(file.recommendations):
            path: Path_ = ("recommendations", place)
            for field, value in (("alignment", entry.alignment), ("effort", entry.effort)):
                if value is not None and value not in contests.get(field, ()):
                    build.report(document, (*path, field), f"'{value}' is no answer to '{field}'", suggestion(value, contests.get(field, ())))
            for key, value in entry.where.items():
                attribute = states.attributes.get(key) if states else None
                if attribute is None or value not in attribute.values:
                    build.report(document, (*path, "where", key), f"'{key}: {value}' is no fact of a state")
            found.append(Recommendation(entry.posture, entry.alignment, entry.effort, entry.label, dict(entry.where)))
    return tuple(found)
