"""Models without a network on real tables: the verdicts are those that are known to be right."""

import numpy as np
import pytest

from augury.generate import Between, fit
from augury.generate.tables import read_table
from augury.quality import Protocol
from augury.quality.evaluating import Bench

pytestmark = pytest.mark.real


def _maker(model, fields, target):
    return lambda rows, seed: fit(rows, fields, model=model, target=target, seed=seed).stream


@pytest.fixture(scope="module")
def bank(real_data):
    """Bank marketing (4,119 x 21), split."""
    table = read_table(real_data / "bank_marketing" / "bank-additional.csv")
    return Bench(table.columns, table.fields, "y", Protocol(seeds=1))


def test_controls_on_bank_marketing(bank):
    """A copy is seen as one, fresh rows are not, and real rows predict the target as published (AUC about 0.92)."""
    copy, fresh = bank.space.controls.values()
    assert copy.closer > 0.99 and abs(fresh.closer - 0.5) < 0.06
    assert 0.88 < bank.real["main"] < 0.96


@pytest.mark.parametrize(
    ("model", "words"), [("synth.forest", {"use", "use with care"}), ("synth.bootstrap", {"do not use"}),
                         ("synth.marginals", {"do not use"}), ("synth.copula", {"do not use"})]
)  # fmt: skip
def test_verdicts_on_bank_marketing(bank, model, words):
    """The forest can be used; copies, and rows that teach nothing, cannot."""
    found = bank.measure(model, _maker(model, bank.fields, "y"))
    assert found.verdict.word in words, found.verdict.reasons


def test_a_numeric_target_with_missing_values(real_data):
    """California housing: made rows keep most of R2, missing values stay, ranges hold."""
    table = read_table(real_data / "california_housing" / "housing.csv")
    target = "median_house_value"
    rows = {name: values[::8] for name, values in table.columns.items()}
    bench = Bench(rows, table.fields, target, Protocol(seeds=1, near=500))
    found = bench.measure("synth.forest", _maker("synth.forest", table.fields, target))
    assert found.mean("main") > 0.75 * bench.real["main"] > 0.5
    made = fit(rows, table.fields, seed=1, params={"trees": 2}).sample(3000, where={"median_income": Between(3, 4)})
    assert min(made["median_income"]) >= 3 and max(made["median_income"]) <= 4
    missing = np.mean([v is None for v in made["total_bedrooms"]])
    assert 0 < missing < 0.03
