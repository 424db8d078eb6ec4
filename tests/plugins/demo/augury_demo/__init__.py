"""A small distribution for tests: letters and marks on them, ops that keep the contract, ops that break it."""
