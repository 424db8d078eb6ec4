"""A small recipe to change."""

import textwrap

import pytest

from augury.errors import AuguryError
from augury.recipe import load

ROWS = "age,income,city,label\n30,100.5,Rome,a\n40,200.25,Oslo,b\n50,300,Rome,a\n"

GOOD = """\
recipe: 1
seed: 7
collect:
  - path: rows.csv
fields:
  age: number
  income: number
  city: category
  label: {kind: category, role: label}
split: {train: 0.8, val: 0.1, test: 0.1}
augment:
  copies: 2
  steps:
    - table.jitter: {field: [age, income], scale: 0.1}
    - table.swap: {field: city}
"""


class Workbench:
    """A folder with a recipe and its data."""

    def __init__(self, folder):
        """Write the good recipe."""
        self.folder = folder
        (folder / "rows.csv").write_text(ROWS)
        self.text = GOOD

    def load(self, text=None, **more):
        """Load a text as a recipe."""
        path = self.folder / "r.yaml"
        path.write_text(textwrap.dedent(self.text if text is None else text))
        return load(path, **more)

    def change(self, old, new, **more):
        """Load the good recipe with one part changed."""
        assert old in self.text
        return self.load(self.text.replace(old, new), **more)

    def mistakes(self, old, new):
        """Return the lines of the refusal of the good recipe with one part changed."""
        with pytest.raises(AuguryError) as caught:
            self.change(old, new)
        return str(caught.value).splitlines()


@pytest.fixture
def bench(tmp_path):
    """Return a folder with a good recipe."""
    return Workbench(tmp_path)
