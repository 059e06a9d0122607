"""Rules, tensions and statements as a whole, and what can be said only once all of them are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foedus.bookfile import (
    ClaimPart,
    ExamplesEntry,
    RuleEntry,
    TensionEntry,
)
from foedus.documents import Document, Path_
from foedus.problems import suggestion
from foedus.reading.conclusions import ConclusionReader
from foedus.strata import EVIDENCE, MAX_CHAIN, POSTURE
from foedus.terms import (
    Attribute,
    Citation,
    Conclude,
    Constraint,
    Defeat,
    Examples,
    Holds,
    Pattern,
    Premise,
    Rule,
    Strength,
    Vote,
    Weigh,
)

CONVENTION = "convention"
"""The source of what no document gives."""


class RuleReader(ConclusionReader):
    """Reads whole rules."""

    def citations(self, document: Document, path: Path_, sources: Sequence[str]) -> tuple[Citation, ...]:
        """Read the works and pages that a claim is cited from."""
        found: list[Citation] = []
        for place, source in enumerate(sources):
            work, _, page = source.partition(":")
            if work not in self.works and work != CONVENTION:
                self.report(
                    document,
                    (*path, place),
                    f"'{work}' is no work of this book",
                    suggestion(work, [*sorted(self.works), CONVENTION]),
                )
            found.append(Citation(work, page))
        return tuple(found)

    def rule(self, document: Document, path: Path_, entry: RuleEntry) -> None:
        """Read a rule."""
        bound: dict[str, Attribute | str] = {}
        premises = self.premises(document, (*path, "when"), entry.when, entry.id, bound)
        self.satisfiable(document, (*path, "when"), premises)
        conclusions = [
            self.conclusion(
                document,
                (*path, "then", place) if isinstance(_at(document, (*path, "then")), list) else (*path, "then"),
                part,
                bound,
            )
            for place, part in enumerate(entry.then)
        ]
        if not any(premise.__pydantic_extra__ for premise in entry.when):
            self.report(document, (*path, "when"), "a rule needs at least one premise that something holds")
        self.placeholders(document, (*path, "because"), entry.because, bound)
        votes = [c for c in conclusions if isinstance(c, Vote)]
        stepped = {vote.strength.of: set(vote.strength.steps) for vote in votes if vote.strength.of}
        if any(vote.strength.of and set(vote.strength.steps) != stepped[vote.strength.of] for vote in votes):
            self.report(
                document, (*path, "then"), "votes that rise with one value name a word for the same steps", key=True
            )
        for vote in votes:
            premises = _with_steps(premises, vote.strength)
        if entry.default == "yes" and not votes:
            self.report(document, (*path, "default"), "a default is a vote")
        self.add(
            document,
            path,
            entry,
            Rule(
                entry.id,
                entry.id.partition(".")[0],
                entry.role,
                tuple(entry.theory),
                entry.claim,
                self.citations(document, (*path, "source"), entry.source),
                premises,
                tuple(c for c in conclusions if c is not None),
                entry.because,
                entry.decision,
                entry.reason,
                entry.default == "yes",
                entry.corollary == "yes",
                tuple(self.defeat(entry, place) for place in range(len(entry.defeated_by))),
                entry.weaker_may_stand == "yes",
                _examples(entry.examples),
                document.file,
                document.problem(path, "").line,
            ),
        )

    def defeat(self, entry: RuleEntry, place: int) -> Defeat:
        """Read what defeats a rule."""
        given = entry.defeated_by[place]
        where = tuple(sorted((given.where or {}).items()))
        return Defeat(given.rule, where, given.reason)

    def tension(self, document: Document, path: Path_, entry: TensionEntry) -> None:
        """Read a tension as a rule that states that it was applied."""
        bound: dict[str, Attribute | str] = {}
        premises = self.premises(document, (*path, "when"), entry.when, entry.id, bound)
        self.satisfiable(document, (*path, "when"), premises)
        self.placeholders(document, (*path, "because"), entry.because, bound)
        of = self.term(document, (*path, "of"), entry.of, bound)
        toward = self.term(document, (*path, "toward"), entry.toward, bound)
        self.add(
            document,
            path,
            entry,
            Rule(
                entry.id,
                entry.id.partition(".")[0],
                "tension",
                tuple(entry.theory),
                entry.title,
                (Citation(CONVENTION, ""),),
                premises,
                (Conclude("tension", {"of": of, "toward": toward}),),
                entry.because,
                entry.resolution,
                "",
                False,
                False,
                (),
                False,
                _examples(entry.examples),
                document.file,
                document.problem(path, "").line,
                tuple(entry.between),
            ),
        )

    def add(self, document: Document, path: Path_, entry: ClaimPart | TensionEntry, rule: Rule) -> None:
        """Take a rule into the book, once."""
        if rule.id in self.rules or rule.id in self.statements:
            self.report(document, (*path, "id"), f"'{rule.id}' stands twice in the book")
            return
        for place, name in enumerate(rule.theories):
            if name not in self.theories:
                self.report(
                    document, (*path, "theory", place), f"no theory '{name}'", suggestion(name, sorted(self.theories))
                )
        self.rules[rule.id] = rule
        self.places[rule.id] = (document, path)

    def cross_checks(self) -> None:
        """What can only be said once every rule is known."""
        known = sorted({*self.rules, *self.statements, *(rule.row for rule in self.rules.values())})
        made = {c.table for rule in self.rules.values() for c in rule.conclusions if isinstance(c, Conclude)}
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
        for statement in self.statements.values():
            document, path = self.places[f"statement {statement.id}"]
            for place, name in enumerate(statement.shown_with):
                if name not in known:
                    self.report(document, (*path, "shown_with", place), f"no rule '{name}'", suggestion(name, known))
        self.check_cycles()

    def check_made(self, document: Document, path: Path_, pattern: Pattern, made: set[str]) -> None:
        """Refuse a premise on a table that no rule concludes."""
        table = self.tables[pattern.table]
        if pattern.table in self.questions or pattern.table in (EVIDENCE, POSTURE) or table.first_known:
            return
        if pattern.table not in made:
            self.report(document, path, f"no rule concludes '{pattern.table}', so this premise can never hold")

    def check_defeat(self, document: Document, path: Path_, rule: Rule, defeat: Defeat) -> None:
        """Refuse a defeater that does not exist or shares no subject."""
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
                    self.report(
                        document, path, f"'{there}' is no variable of {other.id}", suggestion(there, sorted(theirs))
                    )
        elif not mine & theirs:
            self.report(
                document,
                path,
                f"{rule.id} and {other.id} share no variable, so neither can defeat the other",
                "say which subjects are the same with 'where'",
            )

    def check_weigh(self, document: Document, path: Path_, weigh: Weigh) -> None:
        """Refuse a weight on what casts no vote."""
        for name in weigh.rules:
            target = self.rules.get(name)
            votes = [c for c in target.conclusions if isinstance(c, Vote)] if target else []
            if not votes:
                self.report(document, path, f"'{name}' is no rule that votes", suggestion(name, sorted(self.rules)))
            for vote in votes:
                words = self.questions[vote.question].words
                if weigh.highest is not None and weigh.highest not in words:
                    self.report(
                        document,
                        path,
                        f"'{weigh.highest}' is no strength word of '{vote.question}'",
                        suggestion(weigh.highest, words),
                    )

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
                    self.report(
                        document,
                        (*path, "defeated_by"),
                        f"defeat runs in a circle: {' is defeated by '.join(cycle)}",
                        key=True,
                    )
                return
            state[name] = 1
            if len(trail) >= MAX_CHAIN:
                document, path = self.places[name]
                self.report(document, (*path, "defeated_by"), f"a chain of more than {MAX_CHAIN} defeats", key=True)
                state[name] = 2
                return
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


def _with_steps(premises: tuple[Premise, ...], strength: Strength) -> tuple[Premise, ...]:
    """Narrow the binder of a stepped strength to the values that have a word."""
    if strength.of is None:
        return premises
    result: list[Premise] = []
    for premise in premises:
        if isinstance(premise, Holds):
            constraints = tuple(
                Constraint(
                    c.field, c.variable, tuple(v for v in (c.allowed or tuple(strength.steps)) if v in strength.steps)
                )
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
