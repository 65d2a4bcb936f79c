"""The ledger as a table of a real database: who submitted what, when, for how much, and what became of it."""
