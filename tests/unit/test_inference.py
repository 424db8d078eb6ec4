"""Guessing a schema: each kind of column, how missing values are written, and frames of other libraries as oracles."""

from datetime import datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import DataError
from augury.inference import infer, infer_file
from augury.pipelines import parse_schema

CASES = {
    "whole": (["1", "22", "-3"], {"kind": "number", "integer": True, "lo": -3, "hi": 22}),
    "decimals": (["1.25", "2", "-0.5"], {"kind": "number", "decimals": 2, "lo": -0.5, "hi": 2.0}),
    "written with a point": (["41.0", "12.0", "41.0"], {"kind": "number", "decimals": 0, "lo": 12.0, "hi": 41.0}),
    "floats": ([0.1 + 0.2, 1 / 3, 2.0], {"kind": "number", "lo": 0.1 + 0.2, "hi": 2.0}),
    "beyond float64": (["9007199254740993", "9007199254740993", "1"], {"kind": "id"}),
    "leading zeros": (["007", "007", "123"], {"kind": "category"}),
    "words": (["Oslo", "Graz", "Oslo"], {"kind": "category"}),
    "yes and no": (["yes", "No", "yes"], {"kind": "boolean"}),
    "0 and 1": (["0", "1", "0"], {"kind": "boolean"}),
    "booleans": ([True, False, None], {"kind": "boolean"}),
    "ordinal": (["high", "low", "medium"], {"kind": "ordinal", "values": ["low", "medium", "high"]}),
    "iso": (["2024-01-02", "2024-01-02T10:00:00", "2023-12-31"], {"kind": "datetime"}),
    "day first": (["31/01/2024", "01/02/2024", "01/02/2024"], {"kind": "datetime", "format": "%d/%m/%Y"}),
    "month first": (["01/31/2024", "01/02/2024", "01/02/2024"], {"kind": "datetime", "format": "%m/%d/%Y"}),
    "with a clock": (["31.01.2024 10:30", "01.02.2024 00:00", "01.02.2024 00:00"],
                     {"kind": "datetime", "format": "%d.%m.%Y %H:%M"}),
    "times": ([datetime(2024, 1, 1), None, datetime(2024, 1, 2)], {"kind": "datetime"}),
    "user_id": (["7", "5", "90"], {"kind": "id", "role": "key"}),
    "nothing": (["", "NA", "?"], None),
    "lists": ([[1], [2], [3]], None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_column(name):
    """A column is what a person would say it is, with a reason, and the options are a field that a recipe takes."""
    cells, expected = CASES[name]
    (column,) = infer({name: cells}).columns
    assert column.options == expected
    assert column.reason
    if expected is not None:
        kind = parse_schema({"x": column.options})["x"].kind
        for cell in cells:
            if cell is not None:
                kind.check(float(cell) if column.options["kind"] == "number" else cell)


def test_long_texts_are_text_where_the_kind_is_installed():
    """Cells of many words, mostly different, are text."""
    (column,) = infer({"review": [f"this one is number {i} of them" for i in range(9)]}).columns
    assert column.options == {"kind": "text"}


def test_reasons_name_what_is_odd():
    """Constants, infinite numbers, mixed types, strays, ambiguous dates and missing marks are said."""
    cells = {
        "same": ["7"] * 300,
        "endless": ["inf", "1"] * 150,
        "mixed": ["1", "old"] * 150,
        "stray": ["old", *map(str, range(5, 304))],
        "dates": ["01/02/2024", "03/04/2024"] * 150,
        "gaps": [" ?", "NA", "x"] * 100,
    }
    found = infer(cells)
    said = {c.name: c.reason for c in found.columns}
    assert said["same"].startswith("constant: always '7'")
    assert "150 infinite" in said["endless"]
    assert "mixed: 150 numbers and 150 texts such as 'old'" in said["mixed"]
    assert "1 no numbers, such as 'old'" in said["stray"] and found.columns[3].options["kind"] == "number"
    assert "%m/%d/%Y fits as well" in said["dates"]
    assert "200 missing, written ' ?', 'NA'" in said["gaps"]
    assert found.markers == (" ?", "NA")


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["1", "2.5", "x", "", "NA", "2024-01-01", "true"]), min_size=1, max_size=12), st.randoms()
)
def test_the_order_of_rows_says_nothing(cells, random):
    """The same rows in another order give the same guess."""
    mixed = list(cells)
    random.shuffle(mixed)
    assert infer({"a": cells}) == infer({"a": mixed})


def test_frames_of_other_libraries():
    """Arrow, pandas and polars give the same guess as plain lists."""
    rows = {"a": [1, 2, None], "b": ["x", "y", None], "t": [datetime(2024, 1, 1), None, datetime(2024, 1, 3)]}
    expected = [c.options["kind"] for c in infer(rows).columns]
    table = pa.table(rows)
    for frame in (table, pl.from_arrow(table), table.to_pandas(), pd.DataFrame(rows)):
        found = infer(frame)
        assert [c.options["kind"] for c in found.columns] == expected
        assert [c.missing for c in found.columns] == [1, 1, 1]


def test_names_that_are_no_fields():
    """A column whose name no field can have is mapped to one that can, each to another."""
    found = infer({"emp.var": ["a"], "emp var": ["a"], "1st": ["a"], "row": ["a"], "größe": ["a"]})
    assert len({c.field for c in found.columns}) == 5
    parse_schema(found.fields())
    assert set(found.rename()) == {"emp.var", "emp var", "1st", "row", "größe"}


def test_delimiters_and_bad_rows(tmp_path):
    """The delimiter is found; rows that cannot be read are listed and do not end it."""
    file = tmp_path / "a.csv"
    file.write_text('name;price\n"a;b";1,5\nc;2,5\noops\nd;?\n')
    found = infer_file(str(file))
    assert found.options == {"delimiter": ";", "missing": ["", "?"]}
    assert [c.name for c in found.columns] == ["name", "price"]
    assert len(found.problems) == 1 and "a.csv:4" in found.problems[0]


def test_tables_that_are_none(tmp_path):
    """No rows, a repeated column, an unknown label and an unknown format end with the fix."""
    with pytest.raises(DataError, match="at least one row"):
        infer({"a": []})
    with pytest.raises(DataError, match="column names that differ, got 'a'"):
        infer(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(DataError, match="Did you mean income"):
        infer({"income": [1]}, label="incme")
    with pytest.raises(DataError, match="installed format"):
        infer_file(str(tmp_path / "a.xyz"))
