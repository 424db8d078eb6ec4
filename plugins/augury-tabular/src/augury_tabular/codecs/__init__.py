"""Codecs: table columns and user histories as blocks of codes, and back."""
