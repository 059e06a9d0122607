"""Explanations: from the record of a run to verdicts, proofs and pages, as plain data."""
