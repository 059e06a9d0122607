"""How far a lead rests on the sizes of the words: exact shares against independent reckonings."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from foedus.assembly import assemble
from foedus.documents import Document
from foedus.library import shipped_book, shipped_documents
from foedus.problems import InputError
from foedus.robustness import along, dominates, share
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

steady = settings(max_examples=150, deadline=None, derandomize=True)

RAYS = ((0, 0, 1), (0, 1, 1), (1, 1, 1))
DRAWS = 20_000
TOLERANCE = 0.018
"""Five standard deviations of a share estimated from 20,000 draws: 5 * 0.5 / sqrt(20,000)."""

difference = st.tuples(st.integers(-6, 6), st.integers(-6, 6), st.integers(-6, 6))
differences = st.lists(difference, min_size=1, max_size=4)


def _weightings() -> list[tuple[float, float, float]]:
    """Admissible weights with strong = 1, uniform over the triangle 0 < slight < moderate < 1."""
    source = random.Random(1987)
    pairs = (sorted((source.random(), source.random())) for _ in range(DRAWS))
    return [(slight, moderate, 1.0) for slight, moderate in pairs]


WEIGHTINGS = _weightings()


def lead(d: tuple[int, ...], weights: tuple[float, float, float]) -> float:
    return sum(count * weight for count, weight in zip(d, weights, strict=True))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(differences)
@example([(1, -2, 1)])
@example([(-1, 1, 0), (0, -1, 1)])
@example([(3, -1, -1), (-1, 3, -1), (-1, -1, 3)])
def test_a_share_agrees_with_drawing_weights_at_random(rivals: list[tuple[int, int, int]]) -> None:
    won = sum(all(lead(d, weights) > 0 for d in rivals) for weights in WEIGHTINGS)
    assert abs(float(share(rivals, RAYS)) - won / DRAWS) < TOLERANCE


@steady
@given(difference)
def test_the_share_over_one_rival_is_what_the_lead_at_the_corners_gives(d: tuple[int, int, int]) -> None:
    corners = sorted(Fraction(along(d, ray)) for ray in RAYS)
    low, middle, high = corners
    if high <= 0:
        expected = Fraction(0)
    elif low >= 0:
        expected = Fraction(1)
    elif middle <= 0:  # ahead at one corner: the small triangle that is cut off there
        expected = high**2 / ((high - low) * (high - middle))
    else:
        expected = 1 - low**2 / ((low - middle) * (low - high))
    assert share([d], RAYS) == expected


@steady
@given(differences)
def test_a_share_is_a_fraction_from_nothing_to_all(rivals: list[tuple[int, int, int]]) -> None:
    result = share(rivals, RAYS)
    assert isinstance(result, Fraction)
    assert 0 <= result <= 1


@steady
@given(differences, difference)
def test_another_rival_never_enlarges_a_share(rivals: list[tuple[int, int, int]], d: tuple[int, int, int]) -> None:
    both, before, alone = share([*rivals, d], RAYS), share(rivals, RAYS), share([d], RAYS)
    assert max(Fraction(0), before + alone - 1) <= both <= min(before, alone)


@steady
@given(differences, st.permutations(range(4)))
def test_the_order_of_rivals_and_repeating_one_change_nothing(
    rivals: list[tuple[int, int, int]], order: list[int]
) -> None:
    shuffled = [rivals[place] for place in order if place < len(rivals)]
    assert share(shuffled, RAYS) == share(rivals, RAYS)
    assert share([*rivals, rivals[0]], RAYS) == share(rivals, RAYS)


@steady
@given(difference)
def test_what_one_side_of_a_lead_wins_the_other_loses(d: tuple[int, int, int]) -> None:
    assume(any(d))
    turned = (-d[0], -d[1], -d[2])
    assert share([d], RAYS) + share([turned], RAYS) == 1


@steady
@given(differences, st.integers(1, 5))
def test_the_size_of_a_lead_does_not_matter_only_where_it_is_one(
    rivals: list[tuple[int, int, int]], factor: int
) -> None:
    assert share([(factor * a, factor * b, factor * c) for a, b, c in rivals], RAYS) == share(rivals, RAYS)


def test_a_lead_of_nothing_is_no_lead() -> None:
    assert share([(0, 0, 0)], RAYS) == 0
    assert not dominates((0, 0, 0), RAYS)
    assert share([(1, 0, 0), (0, 0, 0)], RAYS) == 0


def test_without_rivals_every_weighting_wins() -> None:
    assert share([], RAYS) == 1


admissible = st.tuples(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50)).map(
    lambda steps: (steps[0], steps[0] + steps[1], sum(steps))
)


@steady
@given(difference, st.lists(admissible, min_size=5, max_size=5))
def test_what_dominates_wins_under_every_admissible_weighting(
    d: tuple[int, int, int], weightings: list[tuple[int, int, int]]
) -> None:
    if dominates(d, RAYS):
        assert all(along(d, weights) > 0 for weights in weightings)


@steady
@given(difference)
def test_what_does_not_dominate_fails_under_some_admissible_weighting(d: tuple[int, int, int]) -> None:
    worst = min(RAYS, key=lambda ray: along(d, ray))
    # far along the worst ray, yet inside the cone: every step between words is positive
    weights = tuple(1000 * far + place + 1 for place, far in enumerate(worst))
    assert 0 < weights[0] < weights[1] < weights[2]
    if not dominates(d, RAYS):
        assert along(d, weights) <= 0
    else:
        assert along(d, weights) > 0


@steady
@given(difference)
def test_a_share_is_whole_exactly_where_the_signs_suffice(d: tuple[int, int, int]) -> None:
    assert (share([d], RAYS) == 1) == dominates(d, RAYS)


@steady
@given(difference, st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)))
def test_more_votes_for_the_winner_never_lessen_its_share(d: tuple[int, int, int], more: tuple[int, int, int]) -> None:
    assert share([(d[0] + more[0], d[1] + more[1], d[2] + more[2])], RAYS) >= share([d], RAYS)


def test_known_shares_of_small_contests() -> None:
    # two slight against one strong: 2s > 1 over the triangle s < m < 1, which is a quarter of it
    assert share([(2, 0, -1)], RAYS) == Fraction(1, 4)
    # two moderate against one strong: 2m > 1, all of it but the triangle below one half
    assert share([(0, 2, -1)], RAYS) == Fraction(3, 4)
    # one slight and one moderate against one strong
    assert share([(1, 1, -1)], RAYS) == Fraction(1, 2)
    # one strong against one moderate: the order of the words alone
    assert dominates((0, -1, 1), RAYS)


def test_the_shipped_contests_state_the_cone_of_rising_words() -> None:
    contests = [question for question in shipped_book().questions.values() if question.kind == "contest"]
    assert contests
    for question in contests:
        assert set(question.rays) == set(RAYS)
        assert len(question.words) == 3


def with_rays(rays: list[list[str]]) -> list[Document]:
    documents = []
    for document in shipped_documents():
        data = dict(document.data)
        if "questions" in data:
            questions = {name: dict(entry) for name, entry in data["questions"].items()}
            questions["alignment"]["rays"] = rays
            data["questions"] = questions
        documents.append(Document(document.file, data, document.marks, document.key_marks))
    return documents


@pytest.mark.parametrize(
    "rays",
    [
        [["0", "0", "1"], ["0", "1", "1"]],
        [["0", "0", "1"], ["0", "1", "1"], ["1", "1", "1"], ["0", "2", "1"]],
        [["0", "0", "2"], ["0", "1", "1"], ["1", "1", "1"]],
        [["0", "0", "0"], ["0", "1", "1"], ["1", "1", "1"]],
        [["0", "0", "1"], ["0", "1", "1"], ["0", "1", "1"]],
    ],
    ids=["too few", "too many", "not scaled to 1", "a nil ray", "one twice"],
)
def test_a_book_whose_rays_span_no_triangle_of_scaled_weights_is_refused(rays: list[list[str]]) -> None:
    with pytest.raises(InputError) as caught:
        assemble(with_rays(rays))
    assert all(problem.line for problem in caught.value.problems)
