"""Small recipes built by hand, and tables to feed them."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from augury.pipelines import parse_schema, pipeline
from augury.recipe.model import Augment, Limits, Recipe, Source, Split, Write

FIELDS = {
    "user": {"kind": "id", "role": "group"},
    "age": "number",
    "income": "number",
    "label": {"kind": "category", "role": "label"},
}
LIMITS = Limits(unit_records=16, max_quarantined=0.1)
SPLIT = Split()
WRITE = Write()


@pytest.fixture
def people() -> list[dict[str, Any]]:
    """120 rows of 40 users in three classes of different sizes."""
    return [
        {"user": f"u{i % 40}", "age": 20 + i % 50, "income": 1000.5 + 7 * i, "label": "abc"[min(i % 7, 2)]}
        for i in range(120)
    ]


@pytest.fixture
def write_jsonl() -> Callable[..., Path]:
    """Write rows as JSON lines."""

    def write(path: Path, rows: list[dict[str, Any]]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def make_recipe() -> Callable[..., Recipe]:
    """Build a checked recipe as the recipe reader does."""

    def make(
        folder: Path,
        sources: list[Source],
        *,
        fields: dict[str, Any] = FIELDS,
        steps: list[Any] | None = None,
        copies: Any = 2,
        split: Split | None = SPLIT,
        write: Write = WRITE,
        limits: Limits = LIMITS,
        seed: int = 7,
        on_error: str = "quarantine",
        originals: bool = True,
        sides: tuple[str, ...] = ("train",),
    ) -> Recipe:
        schema = parse_schema(fields)
        pipes = {s.collection: pipeline(steps or [], schema, partial=True) for s in sources} if steps else {}
        document = {"fields": fields, "steps": steps, "seed": seed}
        return Recipe(
            seed=seed,
            collect=tuple(sources),
            schema=schema,
            split=split,
            augment=Augment(copies=copies, originals=originals, sides=sides) if steps else None,
            pipelines=pipes,
            write=write,
            limits=limits,
            on_error=on_error,
            document=document,
            hash=sha256(repr(document).encode()).hexdigest(),
            folder=folder,
        )

    return make
