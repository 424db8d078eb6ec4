"""Transforms of other libraries as ops: listed from tables, made on first use, run under one lock."""
