"""The books: who owns which part of every line, and the double-entry ledger that records it."""
