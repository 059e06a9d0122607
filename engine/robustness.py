"""How far a contest rests on the sizes of the strength words: exactly, not by sampling.

The theory gives signs, not sizes. With 0 < slight < moderate < strong any weights are admissible;
they form a cone whose extreme rays the rule book states, such as (0,0,1), (0,1,1), (1,1,1). One
alternative beats another under every admissible weighting if and only if it is behind on none of
the rays and ahead on at least one (a linear form on a cone is least on an extreme ray). The share of
weightings under which it wins is the part of the simplex spanned by the rays, scaled so that the
largest weight is 1, in which it is ahead: an area, cut out by half-planes (Sutherland and Hodgman
1974) in fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Vector = tuple[int, ...]


def along(difference: Vector, ray: Sequence[int]) -> int:
    """The lead that a difference in counted words gives along a ray."""
    return sum(count * weight for count, weight in zip(difference, ray, strict=True))


def dominates(difference: Vector, rays: Sequence[Sequence[int]]) -> bool:
    """Whether a difference is a lead under every admissible weighting."""
    leads = [along(difference, ray) for ray in rays]
    return min(leads) >= 0 and max(leads) > 0


def share(differences: Sequence[Vector], rays: Sequence[Sequence[int]]) -> Fraction:
    """The share of admissible weightings under which every difference is a lead.

    Args:
        differences: Lead over each rival, counted in words, weakest word first.
        rays: Three extreme rays, each scaled to a largest weight of 1.

    Returns:
        An exact fraction between 0 and 1; a lead that is nil under all weightings gives 0.
    """
    corners: list[tuple[Fraction, Fraction]] = [
        (Fraction(0), Fraction(0)),
        (Fraction(1), Fraction(0)),
        (Fraction(0), Fraction(1)),
    ]
    polygon = corners
    for difference in differences:
        at = [along(difference, ray) for ray in rays]
        if not any(at):
            return Fraction(0)
        polygon = _clip(polygon, at)
        if not polygon:
            return Fraction(0)
    return _area(polygon) * 2


def _lead(point: tuple[Fraction, Fraction], at: Sequence[int]) -> Fraction:
    """The lead at a point in the coordinates of the triangle of the rays."""
    u, v = point
    return at[0] + u * (at[1] - at[0]) + v * (at[2] - at[0])


def _clip(polygon: list[tuple[Fraction, Fraction]], at: Sequence[int]) -> list[tuple[Fraction, Fraction]]:
    kept: list[tuple[Fraction, Fraction]] = []
    for index, point in enumerate(polygon):
        before = polygon[index - 1]
        here, there = _lead(point, at), _lead(before, at)
        if (here > 0 > there) or (here < 0 < there):
            part = there / (there - here)
            kept.append((before[0] + part * (point[0] - before[0]), before[1] + part * (point[1] - before[1])))
        if here >= 0:
            kept.append(point)
    return kept


def _area(polygon: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    total = Fraction(0)
    for index, (x, y) in enumerate(polygon):
        px, py = polygon[index - 1]
        total += px * y - x * py
    return abs(total) / 2
