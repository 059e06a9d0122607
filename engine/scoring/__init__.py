"""Scores: what rules conclude on historical cases beside what happened, and why they miss."""
