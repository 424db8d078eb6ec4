"""The ops on text, one a module."""
