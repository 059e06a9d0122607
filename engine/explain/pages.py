"""A rule's page: what it says, when it fires, what it concludes, what it conflicts with."""

from __future__ import annotations

from collections.abc import Mapping

from foedus.book import RuleBook
from foedus.explain.sentences import RELATIONS, fill
from foedus.strata import EVIDENCE
from foedus.terms import (
    Absent,
    Attribute,
    Cap,
    Compare,
    Conclude,
    Conclusion,
    Constraint,
    Differ,
    Holds,
    Pattern,
    Premise,
    Rule,
    Statement,
    Term,
    Vote,
    Weigh,
)
from foedus.wire import Part


class RulePage(Part):
    """Everything that the book says of one rule or statement."""

    id: str
    row: str
    role: str
    theories: list[str]
    claim: str
    source: list[str]
    when: list[str]
    then: list[str]
    because: str
    reason: str
    decision: str
    default: bool
    corollary: bool
    defeated_by: list[str]
    defeats: list[str]
    weighed_by: list[str]
    groups: list[str]
    tensions: list[str]
    shown_with: list[str]
    fires_on: list[list[str]]
    silent_on: list[list[str]]
    place: str


class RuleLine(Part):
    """A rule or statement in a list."""

    id: str
    role: str
    theories: list[str]
    claim: str
    source: list[str]


def _var(name: str) -> str:
    return name.upper() if len(name) == 1 else name


def _or(values: tuple[str, ...], attribute: Attribute) -> str:
    phrases = [attribute.phrase(value) for value in values]
    return " or ".join(phrases)


def pattern_text(pattern: Pattern, book: RuleBook) -> str:
    """A pattern in words, with variables as capital letters."""
    table = book.tables[pattern.table]
    asked = {constraint.field: constraint for constraint in pattern.constraints}
    if table.name == EVIDENCE:
        return _evidence_text(asked)
    names: dict[str, str] = {}
    for key in table.keys:
        constraint = asked.get(key)
        if constraint is None:
            names[key] = "any"
        elif constraint.variable is not None:
            names[key] = _var(constraint.variable)
        else:
            names[key] = " or ".join(constraint.allowed or ("any",))
    parts: list[str] = []
    said = table.sentence
    for name, attribute in table.attributes.items():
        constraint = asked.get(name)
        if constraint is None:
            continue
        if not attribute.sentence:
            said = fill(
                said,
                {name: _var(constraint.variable) if constraint.variable else _or(constraint.allowed or (), attribute)},
            )
            continue
        if constraint.stated is not None:
            parts.append(f"it is {'' if constraint.stated else 'not '}stated: {fill(attribute.ask, names)}")
            continue
        value = _or(constraint.allowed, attribute) if constraint.allowed is not None else "any known value"
        if constraint.variable is not None:
            value += f" (called {_var(constraint.variable)})"
        parts.append(fill(attribute.sentence or "{value}", {**names, "value": value}))
    if not parts:
        parts.append(fill(said, names) if said else f"{', '.join(names.values())} is any {table.name} of the case")
    return "; ".join(parts)


def _evidence_text(asked: Mapping[str, Constraint]) -> str:
    """A premise on the votes of other rules."""

    def named(field: str) -> str:
        constraint = asked[field]
        return _var(constraint.variable) if constraint.variable else " or ".join(constraint.allowed or ())

    text = "an undefeated rule"
    if "row" in asked:
        text = f"an undefeated {named('row')}"
    if "group" in asked:
        text += f" of the group {named('group').replace('_', ' ')}"
    text += f" speaks {named('sign')}" if "sign" in asked else " speaks for or against"
    text += f" {named('answer')}" if "answer" in asked else " anything"
    for field, word in (("of", "of"), ("toward", "with regard to")):
        text += f" {word} {named(field)}" if field in asked else ""
    return text + (f" (question {named('question')})" if "question" in asked else "")


def premise_text(premise: Premise, book: RuleBook) -> str:
    """A premise in words."""
    if isinstance(premise, Holds):
        return pattern_text(premise.pattern, book)
    if isinstance(premise, Absent):
        derived = book.tables[premise.pattern.table].derived
        return ("" if derived else "it is known that ") + fill(premise.reads, _Letters())
    if isinstance(premise, Differ):
        return f"{_var(premise.left)} and {_var(premise.right)} are not the same"
    assert isinstance(premise, Compare)
    return f"{_var(premise.left)} {RELATIONS[premise.relation]} {_var(premise.right)}"


class _Letters(dict[str, str]):
    """Shows every variable by its letter."""

    def get(self, key: str, default: object = None) -> str:
        return _var(key)


def _term(term: Term) -> str:
    return _var(term.text) if term.variable else term.text


def _answer(term: Term) -> str:
    return f"the answer called {_var(term.text)}" if term.variable else term.text


def conclusion_text(conclusion: Conclusion, book: RuleBook) -> str:
    """A conclusion in words."""
    if isinstance(conclusion, Vote):
        strength = conclusion.strength
        word = strength.word or ", ".join(
            f"{value.replace('_', ' ')}: {word}" for value, word in strength.steps.items()
        )
        how = word if strength.word else f"by {_var(strength.of or '')} ({word})"
        if conclusion.answer is not None:
            verb = "favours" if conclusion.sign > 0 else "opposes"
            pair = f"{_term(conclusion.of)} with regard to {_term(conclusion.toward)}"
            what = f"{verb} {_answer(conclusion.answer)} of {pair}"
        else:
            verb = "raises" if conclusion.sign > 0 else "lowers"
            what = f"{verb} the {conclusion.question} of {_term(conclusion.toward)} for {_term(conclusion.of)}"
        return f"{what}; strength {how}; group {conclusion.group.replace('_', ' ')}"
    if isinstance(conclusion, Weigh):
        how = f"one step {conclusion.step}" if conclusion.step else f"at most {conclusion.highest}"
        return f"weighs {', '.join(conclusion.rules)} for {_term(conclusion.of)} and {_term(conclusion.toward)}: {how}"
    if isinstance(conclusion, Cap):
        pair = f"{_term(conclusion.toward)} for {_term(conclusion.of)}"
        return f"limits the {conclusion.question} of {pair} to {conclusion.highest}"
    assert isinstance(conclusion, Conclude)
    table = book.tables[conclusion.table]
    names = {name: _term(term) for name, term in conclusion.fields.items()}
    return "concludes: " + fill(table.sentence, names)


def lines(book: RuleBook) -> list[RuleLine]:
    """Every rule, tension and statement, by id."""
    found: list[RuleLine] = []
    for rule in book.rules.values():
        found.append(
            RuleLine(
                id=rule.id,
                role=rule.role,
                theories=list(rule.theories),
                claim=rule.claim,
                source=[str(s) for s in rule.source],
            )
        )
    for entry in book.statements.values():
        found.append(
            RuleLine(
                id=entry.id,
                role=entry.role,
                theories=["main"],
                claim=entry.claim,
                source=[str(s) for s in entry.source],
            )
        )
    return sorted(found, key=lambda line: _order(line.id))


def _order(name: str) -> tuple[str, int, str]:
    row, _, suffix = name.partition(".")
    letters = row.rstrip("0123456789abcd") or row
    digits = "".join(c for c in row[len(letters) :] if c.isdigit())
    return (letters, int(digits) if digits else -1, row + "." + suffix)


def pages(book: RuleBook, name: str) -> list[RulePage]:
    """The pages of a rule, or of all rules of a row.

    Raises:
        NameUnknown: The book has neither.
    """
    claim = book.claim(name)
    if isinstance(claim, Statement):
        return [_statement(claim)]
    if claim.id.lower() != name.lower() or claim.id == claim.row:
        return [_page(book, rule) for rule in book.rules.values() if rule.row == claim.row]
    return [_page(book, claim)]


def _statement(entry: Statement) -> RulePage:
    return RulePage(
        id=entry.id,
        row=entry.id,
        role=entry.role,
        theories=["main"],
        claim=entry.claim,
        source=[str(s) for s in entry.source],
        when=[],
        then=[],
        because="",
        reason=entry.reason,
        decision=entry.decision,
        default=False,
        corollary=False,
        defeated_by=[],
        defeats=[],
        weighed_by=[],
        groups=[],
        tensions=[],
        shown_with=list(entry.shown_with),
        fires_on=[],
        silent_on=[],
        place=f"{entry.file}:{entry.line}",
    )


def _page(book: RuleBook, rule: Rule) -> RulePage:
    others: Mapping[str, Rule] = book.rules
    return RulePage(
        id=rule.id,
        row=rule.row,
        role=rule.role,
        theories=list(rule.theories),
        claim=rule.claim,
        source=[str(s) for s in rule.source],
        when=[premise_text(p, book) for p in rule.premises],
        then=[conclusion_text(c, book) for c in rule.conclusions],
        because=fill(rule.because, _Letters()),
        reason=rule.reason,
        decision=rule.decision,
        default=rule.default,
        corollary=rule.corollary,
        defeated_by=[d.rule + (f": {d.reason}" if d.reason else "") for d in rule.defeated_by],
        defeats=[o.id for o in others.values() if any(d.rule == rule.id for d in o.defeated_by)],
        weighed_by=[
            o.id for o in others.values() if any(isinstance(c, Weigh) and rule.id in c.rules for c in o.conclusions)
        ],
        groups=sorted({c.group for c in rule.conclusions if isinstance(c, Vote)}),
        tensions=[f"{o.id}: {o.claim}" for o in others.values() if rule.row in o.between],
        shown_with=[s.id for s in book.statements.values() if rule.id in s.shown_with],
        fires_on=[list(x) for x in rule.examples.fires],
        silent_on=[list(x) for x in rule.examples.silent],
        place=f"{rule.file}:{rule.line}",
    )
