"""Reading a rule book: each part of a rule file, checked and turned into terms."""
