"""Compares the vendors' videos with the ledger's records and deliveries. It never creates or cancels anything."""
