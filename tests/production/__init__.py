"""The production kit: its files for others' machines, its judge, and what it strikes."""
