"""Scores: what rules conclude on historical cases beside what happened, and why they miss."""

RESAMPLES = 2000
"""Samples of the bootstrap, where no other number is wanted."""
SEED = 1987
"""Of the bootstrap: the year of the book."""
