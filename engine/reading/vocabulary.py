"""Tables, questions, reference rows, measures and recommendations of a rule book."""

from __future__ import annotations

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
        rays = tuple(tuple(int(x) if x.isdecimal() else -1 for x in ray) for ray in entry.rays)
        if any(len(ray) != len(points) or min(ray, default=0) < 0 for ray in rays):
            self.report(document, (*path, "rays"), "a ray has one whole number for each strength word")
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
        )
        self.places[f"question {name}"] = (document, path)

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
            cuts = tuple(Cut(Fraction(cut.from_), cut.from_, cut.value) for cut in entry.cuts)
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
            found.append(Recommendation(entry.posture, entry.alignment, entry.effort, entry.label, dict(entry.where)))
    return tuple(found)
