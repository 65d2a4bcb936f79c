"""The ledger in a database: each submission with its task, time, cost and outcome."""
