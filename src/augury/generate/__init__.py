"""Synthetic rows from Python: fit a model on a table, sample from it, save it.

from augury import generate
from augury.generate.tables import read_table

table = read_table("people.csv")
made = generate.fit(table.columns, table.fields, model="synth.forest", seed=7)
rows = made.sample(1000, where={"city": "Rome"})
made.save("people.model")
"""

from __future__ import annotations

from augury.generate.fitting import fit
from augury.generate.generator import Generator
from augury.generate.saving import load
from augury.synthesis import Between

__all__ = ["Between", "Generator", "fit", "load"]
