"""Runs of plain rows, made column by column: the rows, parents and quarantine of a run that makes them one by one."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import augury
from augury.dataset import replay, verify

RECIPE = """
recipe: 1
seed: 5
collect: [{path: rows.jsonl}]
fields:
  id: {kind: id, role: key}
  low: {kind: number, decimals: 2}
  high: {kind: number, lo: -50, hi: 500}
  count: {kind: number, integer: true}
  word: category
  when: datetime
  note: text
  plan: {kind: category, role: label}
constraints: [{order: {low: low, high: high}}, {formula: {rule: count < 104}}]
split: {train: 0.7, val: 0.3}
limits: {max_quarantined: 0.9}
report: {page: false}
augment:
  copies: COPIES
  steps: [STEPS]
"""
STEPS = {
    "noise": ["table.jitter: {scale: 0.4}", "table.swap: {fraction: 0.5}", "table.impute: {p: 0.5}"],
    "gaps": ["table.mask: {fraction: 0.3}", "table.jitter: {relative_to: quantile, p: 0.6}"],
    "smote": ["table.smote: {k: 3}", "table.jitter: {scale: 0.01}"],
    "adasyn": ["table.adasyn: {k: 3}"],
}


def write(folder, most=100):
    """Write 150 rows with gaps, some of which are near to breaking the formula."""
    rng = np.random.default_rng(1)
    rows = []
    for i in range(150):
        low = round(float(rng.normal(0, 20)), 2)
        row = {
            "id": f"r{i}", "low": low, "high": low + float(rng.random()) * 30, "count": int(rng.integers(0, most)),
            "word": str(rng.choice(list("abc"))), "when": f"2024-01-{1 + i % 28:02d}T10:00:00", "note": f"no {i}",
            "plan": "gold" if i % 5 == 0 else "free",
        }  # fmt: skip
        rows.append({n: v for n, v in row.items() if n in ("id", "note", "plan") or rng.random() > 0.1})
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def make(folder, name, steps, copies, each):
    """Run the recipe, its steps with a condition that always holds where ``each`` is true: such run row by row."""
    always = "{field: id, missing: false}"
    given = [s[:-1] + f", when: {always}" + "}" if each else s for s in steps]
    text = RECIPE.replace("COPIES", copies).replace("STEPS", ", ".join("{" + s + "}" for s in given))
    (folder / f"{name}.yaml").write_text(text)
    manifest = augury.load(folder / f"{name}.yaml").run(folder / name)
    quarantine = folder / name / "quarantine.jsonl"
    gone = [json.loads(line) for line in quarantine.read_text().splitlines()] if quarantine.exists() else []
    return manifest, pq.read_table(folder / name / "data").to_pylist(), gone


@pytest.mark.parametrize("copies", ["2", "{balance: plan}"])
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_rows_are_those_of_a_run_row_by_row(tmp_path, steps, copies):
    """Bit for bit: values, order, parents, digests, and what breaks a constraint, with the reasons."""
    write(tmp_path)
    whole, rows, gone = make(tmp_path, "whole", steps, copies, each=False)
    each, expected, left = make(tmp_path, "each", steps, copies, each=True)
    assert rows == expected
    assert whole.content_hash == each.content_hash
    assert gone == left
    if steps is STEPS["noise"]:
        assert any("count < 104" in one["reason"] for one in gone)
    if steps is STEPS["smote"]:
        assert {len(r["augury_parents"]) for r in rows if r["augury_copy"] is not None} == {2}


def test_a_columnar_run_verifies_and_replays(tmp_path):
    """Every row replays from its key alone, in any number of workers."""
    write(tmp_path, most=40)
    manifest, rows, _ = make(tmp_path, "whole", STEPS["smote"], "2", each=False)
    assert verify(tmp_path / "whole").ok
    for row in [r["augury_id"] for r in rows if r["augury_copy"] == 1][:5]:
        replay(tmp_path / "whole", row)
    again = augury.load(tmp_path / "whole.yaml").run(tmp_path / "again", workers=2)
    assert again.content_hash == manifest.content_hash


def test_numbers_beyond_float_are_exact_where_no_step_touches_them(tmp_path):
    """A whole number over 2^53 that its step's gate leaves alone stays as it is."""
    big = 2**53 + 1
    rows = [{"id": f"r{i}", "n": big + 2 * i} for i in range(20)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.yaml").write_text(
        "recipe: 1\ncollect: [{path: rows.jsonl}]\nreport: {page: false}\n"
        "fields: {id: {kind: id, role: key}, n: {kind: number, integer: true}}\n"
        "augment: {copies: 1, steps: [{table.jitter: {p: 0.0}}]}\n"
    )
    augury.load(tmp_path / "recipe.yaml").run(tmp_path / "out")
    made = {(r["id"], r["augury_copy"]): r["n"] for r in pq.read_table(tmp_path / "out" / "data").to_pylist()}
    assert made == {(r["id"], copy): r["n"] for r in rows for copy in (None, 0)}
