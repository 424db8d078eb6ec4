"""Remaking: one synthetic row made again from the model that lies beside the rows, with how it came to be in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from augury.dataset.made import Chunk, Part, rows_of_chunk, where_of
from augury.dataset.planning import plan_collections
from augury.dataset.reading import Dataset
from augury.dataset.write import hash_file
from augury.errors import CheckFailed, DataError, describe, shown
from augury.generate import load
from augury.recipe.model import Recipe
from augury.synthesis import CHUNK

AGAIN = "make the dataset anew"


def make_again(data: Dataset, recipe: Recipe, collection: str, row_id: str) -> tuple[dict[str, Any], str]:
    """Return a synthetic row's values, made again by its model, and how it came to be.

    Cost: the model is loaded, and one chunk of at most 1,024 rows is made.

    Raises:
        CheckFailed: when the model or what the recipe says of it is not what it was.
    """
    title, _, place = row_id.rpartition("/")
    facts = next((one for one in data.manifest.synthesis if one["title"] == title), None)
    entry = next((one for one in recipe.synthesize if one.title == title), None)
    numbers = place.split(".")
    if facts is None or entry is None or len(numbers) != 3 or not all(n.isdecimal() for n in numbers):
        fix = "replay with the recipe that made the dataset"
        raise CheckFailed(describe(f"row {row_id}", "a model of synthesize that made it", shown("none"), fix=fix))
    if any(facts["how"].get(name) != value for name, value in entry.learns().items()):
        fix = "replay with the recipe that made the dataset"
        raise CheckFailed(describe(f"synthesize {title}", "the model that made the row", shown("another"), fix=fix))
    _check_model(data, facts["folder"])
    stream, chunk, row = (int(n) for n in numbers)
    plan = plan_collections(recipe, {name: set(columns.after) for name, columns in data.columns.items()})[collection]
    where = where_of(entry, facts["streams"][stream]["value"])
    part = Part(entry, data.folder / facts["folder"], plan.columns, plan.schema)
    made = rows_of_chunk(part, load(part.model), Chunk("", title, stream, where, chunk, CHUNK))
    values = next((values for name, values in made if name == row_id), None)
    if values is None or isinstance(values, DataError):
        raise CheckFailed(describe(f"row {row_id}", "a row that its model makes", shown(str(values)), fix=AGAIN))
    return values, _explained(facts, where, stream, chunk, row)


def _check_model(data: Dataset, folder: str) -> None:
    files = {name: sha for name, sha in data.manifest.data["files"].items() if name.startswith(f"{folder}/")}
    for name, sha in files.items():
        path = Path(data.folder / name)
        if not path.is_file() or hash_file(path) != sha:
            got = shown("another" if path.is_file() else "none")
            fix = "restore it, or make the dataset anew"
            raise CheckFailed(describe(str(path), "the model that made the row", got, fix=fix))


def _explained(facts: dict[str, Any], where: dict[str, Any], stream: int, chunk: int, row: int) -> str:
    how, training = facts["how"], facts["training"]
    params = ", ".join(f"{name} {value}" for name, value in how["model"][1].items())
    lines = [
        f"{facts['title']}/{stream}.{chunk}.{row}: made by a model, from no single record",
        f"  model {facts['model']}" + (f" ({params})" if params else "") + f", codec {how['codec'][0]}",
        f"  learned {', '.join(how['fields'])} of {training['rows']} training records, sha256 {training['sha256']}",
        f"  seed {how['seed']}, stream {stream}, chunk {chunk}, row {row} of it",
    ]
    lines += [f"  where {name} is {only}" for name, only in where.items()]
    lines += [f"  {name} computed from these" for name in how["derived"]]
    return "\n".join([*lines, f"  the model lies in {facts['folder']}"])
