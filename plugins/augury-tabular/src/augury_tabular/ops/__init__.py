"""The ops on table rows, one module each."""
