"""Tables, questions, reference rows, measures and recommendations of a rule book."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from foedus.bookfile import (
    AttributeEntry,
    BookFile,
    QuestionEntry,
    TableEntry,
)
from foedus.documents import Document, Path_
from foedus.problems import suggestion
from foedus.reading.context import Context
from foedus.strata import EVIDENCE, POSTURE
from foedus.terms import (
    UNKNOWN,
    Attribute,
    Cut,
    Grade,
    Measure,
    Question,
    Recommendation,
    Reference,
    Table,
)

SUBJECTS = ("of", "about", "toward")
"""What the sentence of a verdict may name."""


class VocabularyReader(Context):
    """Reads what rules speak of."""

    def attribute(self, document: Document, path: Path_, table: str, name: str, entry: AttributeEntry) -> Attribute:
        """Read one attribute of a table."""
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
                self.report(
                    document,
                    (*path, "phrases", value),
                    f"'{value}' is no value of '{name}'",
                    suggestion(value, values),
                    key=True,
                )
        return Attribute(
            name,
            table,
            values,
            entry.ordered is not None,
            entry.side is not None,
            entry.nominal_from,
            entry.linked,
            tuple(entry.stated_asked_by),
            entry.ask,
            entry.sentence,
            dict(entry.phrases),
        )

    def table(self, document: Document, path: Path_, name: str, entry: TableEntry, derived: bool) -> None:
        """Read a table."""
        if name in self.tables:
            self.report(document, path, f"table '{name}' is declared twice", key=True)
            return
        self.places[f"table {name}"] = (document, path)
        attributes = {
            key: self.attribute(document, (*path, "attributes", key), name, key, value)
            for key, value in entry.attributes.items()
        }
        for key in attributes:
            if key in entry.keys:
                self.report(document, (*path, "attributes", key), f"'{key}' is a key and an attribute", key=True)
        self.tables[name] = Table(
            name,
            dict(entry.keys),
            attributes,
            entry.about,
            entry.sentence,
            entry.denied,
            derived,
            entry.reference == "yes",
            tuple(entry.first_known),
            dict(entry.words),
        )

    def question(self, document: Document, path: Path_, name: str, entry: QuestionEntry) -> None:
        """Read a question with its points and cut-points."""
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
            self.report(
                document,
                (*path, "significant_from"),
                f"'{entry.significant_from}' is no grade",
                suggestion(entry.significant_from, names),
            )
        if entry.when_silent is not None and entry.when_silent not in entry.answers:
            self.report(
                document,
                (*path, "when_silent"),
                f"'{entry.when_silent}' is no answer",
                suggestion(entry.when_silent, entry.answers),
            )
        rays = tuple(tuple(int(x) for x in ray) for ray in entry.rays)
        if rays and not _spans(rays, len(points)):
            hint = "three rays of three numbers, the largest of each 1, none the mean of others"
            self.report(
                document, (*path, "rays"), "these rays span no triangle of weights for three strength words", hint
            )
        self.questions[name] = Question(
            name,
            entry.kind,
            tuple(entry.theory),
            entry.asks,
            entry.decision,
            entry.source,
            tuple(points),
            tuple(points.values()),
            grades,
            entry.significant_from,
            tuple(entry.sources),
            tuple(entry.answers),
            entry.about.table if entry.about else None,
            entry.about.answer if entry.about else None,
            entry.when_silent,
            rays,
            entry.excluded_by,
            entry.counts,
            entry.says or f"the {name} of {{toward}} for {{of}}",
        )
        self.places[f"question {name}"] = (document, path)

    def check_questions(self) -> None:
        """Refuse questions that name what the book has and what does not fit: names are checked elsewhere."""
        pairs = sorted(name for name, table in self.tables.items() if {"of", "toward"} <= table.keys.keys())
        for name, question in self.questions.items():
            document, path = self.places[f"question {name}"]
            for part, table in (("about", question.about), ("excluded_by", question.excluded_by)):
                if table in self.tables and table not in pairs:
                    self.report(document, (*path, part), f"'{table}' is no table of pairs", suggestion(table, pairs))
            for place, source in enumerate(question.sources):
                origin = self.tables.get(source.partition(".")[0])
                if origin is None or source.partition(".")[2] not in origin.attributes:
                    continue
                if len(origin.keys) != 2 or source.partition(".")[0] != question.sources[0].partition(".")[0]:
                    message = f"'{source[:60]}' is no fact of a pair, of one table for all sources"
                    self.report(document, (*path, "sources", place), message)
        for name, filled in self.tables.items():
            if filled.first_known:
                self.check_first_known(name, filled)

    def check_first_known(self, name: str, table: Table) -> None:
        """Refuse a table that is filled from what is not there, or does not fit it."""
        document, path = self.places[f"table {name}"]
        if len(table.keys) != 1 or len(table.attributes) != 1:
            self.report(document, path, "'first_known' fills a table of one key and one attribute", key=True)
            return
        (attribute,) = table.attributes.values()
        for place, part in enumerate(table.first_known):
            origin = self.tables.get(part.partition(".")[0])
            found = origin.attributes.get(part.partition(".")[2]) if origin is not None else None
            if origin is None or found is None:
                continue
            if len(origin.keys) != 1 or found.values != attribute.values:
                message = f"'{part[:60]}' is no attribute of a table with one key and the values of '{attribute.name}'"
                self.report(document, (*path, "first_known", place), message)

    def question_tables(self, postures: Sequence[str]) -> None:
        """The tables through which rules read the answers of questions."""
        pair = {"of": "state", "toward": "any"}
        for question in self.questions.values():
            name = question.name

            def scale(
                attribute: str, values: tuple[str, ...], ordered: bool, sentence: str, table: str = name
            ) -> Attribute:
                return Attribute(attribute, table, values, ordered, sentence=sentence)

            attributes: list[Attribute]
            if question.kind == "graded":
                grades = tuple(grade.name for grade in question.grades)
                attributes = [
                    scale("grade", grades, True, f"the {name} grade of {{toward}} for {{of}} is {{value}}"),
                    scale(
                        "standing", ("lower", "highest"), True, f"the {name} of {{toward}} ranks {{value}} for {{of}}"
                    ),
                    scale(
                        "significant",
                        ("no", "yes"),
                        True,
                        f"whether the {name} of {{toward}} for {{of}} is significant: {{value}}",
                    ),
                ]
                self.tables[name] = Table(
                    name, pair, {a.name: a for a in attributes}, derived=True, denied=f"no such {name} grade"
                )
            elif question.kind == "contest":
                answers = (*question.answers, "tie")
                sentence = f"the {name} of {{of}} with regard to {{toward}} is {{value}}"
                attributes = [scale("answer", answers, False, sentence)]
                self.tables[name] = Table(
                    name,
                    pair,
                    {a.name: a for a in attributes},
                    derived=True,
                    denied=f"{{of}} has no {name} of that kind",
                )
            else:
                counted = self.questions.get(question.counts or "")
                answers = (*(counted.answers if counted else ()), "even")
                attributes = [
                    scale(
                        "prevalent",
                        answers,
                        False,
                        "among the significantly threatened states, what prevails is {value}",
                    )
                ]
                self.tables[name] = Table(name, {"outlook": "word"}, {a.name: a for a in attributes}, derived=True)
        posture = Attribute(
            POSTURE,
            POSTURE,
            (*dict.fromkeys(postures), "tie"),
            False,
            sentence="{of} is concluded to {value} with regard to {toward}",
        )
        self.tables[POSTURE] = Table(
            POSTURE, pair, {POSTURE: posture}, derived=True, denied="no such posture was concluded"
        )
        self.tables[EVIDENCE] = Table(
            EVIDENCE,
            {
                "row": "word",
                "question": "word",
                "answer": "word",
                "of": "state",
                "toward": "any",
                "sign": "word",
                "group": "word",
            },
            {},
            derived=True,
            sentence="{row} speaks {sign} {answer} for {of} with regard to {toward}",
            denied="no such evidence stands",
        )
        notes = {
            name: Attribute(
                name,
                "input",
                entry.values,
                entry.ordered,
                sentence=f"the {name} of {{fact}} is {{value}}",
                phrases=entry.phrases,
            )
            for name, entry in self.annotations.items()
            if name in ("basis", "advocate")
        }
        self.tables["input"] = Table(
            "input",
            {"fact": "word", "attribute": "word", "of": "any", "toward": "any"},
            notes,
            denied="no such fact was given",
        )


def fill_nominal(build: VocabularyReader) -> None:
    """Give attributes whose values are the keys of a reference table those values."""
    for name, table in build.tables.items():
        for attribute in table.attributes.values():
            if attribute.nominal_from is None:
                continue
            values = tuple(sorted(row.key for row in build.references if row.table == attribute.nominal_from))
            phrases = {row.key: row.name for row in build.references if row.table == attribute.nominal_from}
            filled = Attribute(
                attribute.name,
                name,
                values,
                False,
                False,
                attribute.nominal_from,
                None,
                (),
                attribute.ask,
                attribute.sentence,
                phrases,
            )
            build.tables[name] = Table(
                table.name,
                table.keys,
                {**table.attributes, attribute.name: filled},
                table.about,
                table.sentence,
                table.denied,
                table.derived,
                table.reference,
                table.first_known,
                table.words,
            )


def read_references(build: VocabularyReader, files: Sequence[tuple[Document, BookFile]]) -> list[Reference]:
    """Read the rows that the book itself states."""
    rows: dict[tuple[str, str], Reference] = {}
    for document, file in files:
        for name, entries in file.reference.items():
            table = build.tables.get(name)
            if table is None or not table.reference:
                legal = sorted(key for key, t in build.tables.items() if t.reference)
                build.report(
                    document, ("reference", name), f"'{name}' is no reference table", suggestion(name, legal), key=True
                )
                continue
            for key, row in entries.items():
                path: Path_ = ("reference", name, key)
                values = row.__pydantic_extra__ or {}
                for field, value in values.items():
                    if field not in table.attributes:
                        build.report(
                            document,
                            (*path, field),
                            f"'{name}' has no field '{field[:60]}'",
                            suggestion(field, list(table.attributes)),
                            key=True,
                        )
                    elif value not in table.attributes[field].values:
                        build.report(
                            document,
                            (*path, field),
                            f"'{value[:60]}' is no value of '{field}'",
                            suggestion(value, table.attributes[field].values),
                        )
                if (name, key) in rows:
                    build.report(document, path, f"'{key}' stands twice", key=True)
                rows[(name, key)] = Reference(name, key, row.name, row.source, dict(values))
    return [rows[key] for key in sorted(rows)]


def read_measures(build: VocabularyReader, files: Sequence[tuple[Document, BookFile]]) -> dict[str, Measure]:
    """Read how numbers become values."""
    attributes = {a.name: a for t in build.tables.values() if not t.derived for a in t.attributes.values()}
    measures: dict[str, Measure] = {}
    for document, file in files:
        for name, entry in file.measures.items():
            path: Path_ = ("measures", name)
            if name in measures:
                build.report(document, path, f"measure '{name}' is declared twice", key=True)
            attribute = attributes.get(entry.attribute)
            if attribute is None:
                build.report(
                    document,
                    (*path, "attribute"),
                    f"no fact '{entry.attribute}'",
                    suggestion(entry.attribute, sorted(attributes)),
                )
                continue
            for place, cut in enumerate(entry.cuts):
                if cut.value not in attribute.values:
                    build.report(
                        document,
                        (*path, "cuts", place, "value"),
                        f"'{cut.value}' is no value of '{attribute.name}'",
                        suggestion(cut.value, attribute.values),
                    )
            cuts = tuple(
                Cut(Fraction(cut.above), True, cut.above, cut.value)
                if cut.above is not None
                else Cut(Fraction(cut.from_ or 0), False, cut.from_ or "0", cut.value)
                for cut in entry.cuts
            )
            if any((cut.from_ is None) == (cut.above is None) for cut in entry.cuts):
                build.report(document, (*path, "cuts"), "a cut-point needs either 'from' or 'above'")
            if [cut.least for cut in cuts] != sorted({cut.least for cut in cuts}) or cuts[0].least != 0:
                build.report(document, (*path, "cuts"), "cut-points begin at 0 and rise")
            measures[name] = Measure(
                name, attribute.name, entry.meaning, entry.unit, Fraction(entry.highest), entry.source, cuts
            )
    return measures


def read_recommendations(
    build: VocabularyReader, files: Sequence[tuple[Document, BookFile]]
) -> tuple[Recommendation, ...]:
    """Read which posture follows from which answers."""
    found: list[Recommendation] = []
    contests = {name: q.answers for name, q in build.questions.items() if q.kind == "contest"}
    states = build.tables.get("state")
    for document, file in files:
        for place, entry in enumerate(file.recommendations):
            path: Path_ = ("recommendations", place)
            for field, value in (("alignment", entry.alignment), ("effort", entry.effort)):
                if value is not None and value not in contests.get(field, ()):
                    build.report(
                        document,
                        (*path, field),
                        f"'{value}' is no answer to '{field}'",
                        suggestion(value, contests.get(field, ())),
                    )
            for key, value in entry.where.items():
                attribute = states.attributes.get(key) if states else None
                if attribute is None or value not in attribute.values:
                    build.report(document, (*path, "where", key), f"'{key}: {value}' is no fact of a state")
            where = dict(entry.where)
            for name in re.findall(r"\{(.*?)\}", entry.says):
                if name not in SUBJECTS:
                    hint = suggestion(name, SUBJECTS)
                    build.report(document, (*path, "says"), f"'{{{name[:60]}}}' is no subject of a verdict", hint)
            found.append(Recommendation(entry.posture, entry.alignment, entry.effort, entry.label, where, entry.says))
    return tuple(found)


def _spans(rays: Sequence[Sequence[int]], words: int) -> bool:
    """Whether three rays, each with a largest weight of 1, span a cone with an inside."""
    if len(rays) != 3 or words != 3 or any(len(ray) != 3 or max(ray) != 1 for ray in rays):
        return False
    (a, b, c), (d, e, f), (g, h, i) = rays
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) != 0
