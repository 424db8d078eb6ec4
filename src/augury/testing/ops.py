"""The conformance checks of ops, gathered: the order in which they are imported is the order in which they run."""

from augury.testing import op_declared, op_draws, op_runs, op_tables
from augury.testing.op_case import OPS

__all__ = ["OPS", "op_declared", "op_draws", "op_runs", "op_tables"]
