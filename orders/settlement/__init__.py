"""Paying households and hosts what the ledger owes them: batches, files for the bank, statements."""
