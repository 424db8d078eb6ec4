"""Saved generators: a folder of ``generator.json`` and the model's own folder, complete or absent, nothing executed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from augury.catalog import registry
from augury.constraints import CONSTRAINTS
from augury.errors import AuguryError, DataError, describe, shown
from augury.generate.generator import Generator
from augury.record import FieldSpec
from augury.synthesis import complete

NAME = "generator.json"
MODEL = "model"
FORMAT = 1
ARRAY = "$array"


def save(generator: Generator, folder: Path) -> None:
    """Write a generator into a new folder; see `Generator.save`."""
    from augury import __version__

    g = generator
    described = {
        "format": FORMAT,
        "augury": __version__,
        "synthesizer": {"id": g.synthesizer.entry_id, "params": g.synthesizer.to_dict()},
        "codec": {"id": g.codec.entry_id, "params": g.codec.to_dict(), "state": g.codec_state},
        "fields": [
            {"name": f.name, "kind": f.kind_id, "params": f.kind.to_dict(), "role": f.role} for f in g.fields.values()
        ],
        "constraints": [{c.id: c.to_dict()} for c in g.constraints],
        "plan": list(g.plan_state),
        "target": g.target,
        "seed": g.seed,
        "training": g.training,
        "notes": list(g.notes),
    }
    with complete(folder) as partial:
        text = json.dumps(described, indent=1, ensure_ascii=False, default=_packed)
        (partial / NAME).write_text(text + "\n", encoding="utf-8")
        g.model.save(partial / MODEL)


def load(folder: str | Path) -> Generator:
    """Return the generator that `Generator.save` wrote.

    Raises:
        DataError: when the folder holds none, or a damaged one.
        UnknownId: when its model's plugin is not installed.
    """
    folder = Path(folder)
    fix = "fit it again, or name a folder that a model was saved in"
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"), object_hook=_unpacked)
        if found["format"] != FORMAT:
            raise DataError(describe(str(folder), f"a saved model of format {FORMAT}", found["format"], fix=fix))
        known = registry()
        synthesizer = known.load("synthesizers", found["synthesizer"]["id"])
        codec = known.load("codecs", found["codec"]["id"])
        fields = {
            f["name"]: FieldSpec(f["name"], known.load("kinds", f["kind"]).build(f["params"]), role=f["role"])
            for f in found["fields"]
        }
        constraints = [CONSTRAINTS[name].build(params) for c in found["constraints"] for name, params in c.items()]
        return Generator(
            synthesizer=synthesizer.build(found["synthesizer"]["params"]),
            codec=codec.build(found["codec"]["params"]),
            fields=fields,
            constraints=tuple(constraints),
            plan_state=found["plan"],
            codec_state=found["codec"]["state"],
            model=synthesizer.load(folder / MODEL),
            target=found["target"],
            seed=found["seed"],
            training=found["training"],
            notes=tuple(found["notes"]),
        )
    except AuguryError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(describe(str(folder), "a saved model", shown(str(error)), fix=fix)) from error


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {ARRAY: value.tolist(), "dtype": str(value.dtype)}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _unpacked(value: dict[str, Any]) -> Any:
    return np.array(value[ARRAY], dtype=value["dtype"]) if ARRAY in value else value
