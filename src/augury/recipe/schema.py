"""The JSON Schema of recipes (draft 2020-12), made from what is installed: ops, kinds, formats, limits."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, get_args

from augury.catalog import registry
from augury.constraints import CONSTRAINTS
from augury.constraints.expression import MOST_CHARACTERS
from augury.errors import PluginBroken
from augury.params import json_schema
from augury.pipelines.steps import COMBINATORS
from augury.recipe.deriving import GIVES
from augury.recipe.model import SIDES, Evaluate, Limits
from augury.recipe.reader import GREATEST_SEED, VERSION
from augury.recipe.sections import MOST_COPIES
from augury.recipe.synthesis import Gate, Training
from augury.record import LINKS, Role
from augury.specs import FormatSpec

Json = dict[str, Any]

_PROBABILITY: Json = {"type": "number", "minimum": 0, "maximum": 1}
_NAME: Json = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_\\-]*$"}
_FIELDS: Json = {"anyOf": [_NAME, {"type": "array", "items": _NAME, "uniqueItems": True}]}
_STEPS: Json = {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1}


def recipe_schema() -> Json:
    """Return the schema of a whole recipe. Every op, kind and format is imported for its parameters."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Augury recipe",
        "description": "From collected sources to an augmented, split dataset on disk.",
        **_closed(
            {
                "recipe": {"const": VERSION, "description": "The version of the form."},
                "seed": {"type": "integer", "minimum": 0, "maximum": GREATEST_SEED, "default": 0},
                "requires": {"type": "array", "items": {"type": "string"}},
                "transforms": {
                    "type": "array",
                    "items": {"type": "string", "pattern": "\\.py$"},
                    "minItems": 1,
                    "description": "Python files below the recipe; executed only with --allow-code.",
                },
                "collect": {"type": "array", "items": {"$ref": "#/$defs/source"}, "minItems": 1},
                "fields": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": _NAME,
                    "additionalProperties": {"$ref": "#/$defs/field"},
                },
                "derive": {
                    "type": "object",
                    "propertyNames": _NAME,
                    "additionalProperties": _derived(),
                    "description": "Fields computed from others when a record is collected.",
                },
                "clean": {"type": "array", "items": {"$ref": "#/$defs/cleaner"}, "minItems": 1},
                "constraints": {"type": "array", "items": {"$ref": "#/$defs/constraint"}},
                "split": {"$ref": "#/$defs/split"},
                "augment": {"$ref": "#/$defs/augment"},
                "synthesize": _synthesize(),
                "mix": _mix(),
                "report": _closed(
                    {
                        "target": _NAME,
                        "license": {"type": "string"},
                        "title": {"type": "string"},
                        "page": {"type": "boolean"},
                        "evaluate": {"anyOf": [{"type": "boolean"}, json_schema(Evaluate)]},
                    },
                ),
                "write": {"$ref": "#/$defs/write"},
                "limits": json_schema(Limits),
                "on_error": {"enum": ["quarantine", "raise"], "default": "quarantine"},
            },
            required=["recipe", "collect"],
        ),
        "$defs": {
            "step": _step(),
            "field": _field(),
            "constraint": {"anyOf": [_one_key(n, json_schema(c), _summary(c)) for n, c in CONSTRAINTS.items()]},
            "source": _source(),
            "cleaner": _cleaner(),
            "split": _split(),
            "augment": _augment(),
            "write": _write(),
        },
    }


def _closed(properties: Json, required: list[str] | None = None) -> Json:
    out: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return out | {"required": required} if required else out


def _step() -> Json:
    ops: dict[str, Json] = {}
    for name in registry().ids("ops"):
        with suppress(PluginBroken):  # what cannot be loaded here is no step here
            ops[name] = _op(name)
    steps = [_one_key(name, op, registry().get("ops", name).spec.summary) for name, op in ops.items()]
    combinators = [_one_key(name, _combinator(name), "") for name in COMBINATORS]
    return {"anyOf": [{"enum": list(ops), "description": "An op with its defaults."}, *steps, *combinators]}


def _one_key(name: str, value: Json, description: str) -> Json:
    out = _closed({name: value}, [name])
    return out | {"description": description} if description else out


def _summary(cls: type) -> str:
    return (cls.__doc__ or "").partition("\n")[0]


def _op(name: str) -> Json:
    op = registry().load("ops", name)
    schema = json_schema(op)
    schema["properties"] |= {
        "p": _PROBABILITY | {"default": 1, "description": "Probability that the step is applied."},
        "when": _when(),
        "name": _NAME | {"description": "What its draws are keyed by."},
        "field": _FIELDS | {"description": "The field or fields it acts on."},
        "independent": {"type": "boolean", "default": False, "description": "Draw for each field by itself."},
        "pool": _NAME | {"description": "The collection that donors come from."},
    }
    return schema if schema.get("required") else {"anyOf": [schema, {"type": "null"}]}


def _when() -> Json:
    bound: Json = {"type": ["number", "string"]}
    value: Json = {"type": ["number", "string", "boolean"]}
    asked: Json = {
        "above": bound,
        "below": bound,
        "is": {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]},
        "missing": {"type": "boolean"},
    }
    described = {"description": "What a field must be, as the record came, for the step to be applied."}
    return _closed({"field": _NAME, **asked}, ["field"]) | {"minProperties": 2} | described


def _combinator(name: str) -> Json:
    own: dict[str, Json] = {
        "one_of": {"weights": {"type": "array", "items": {"type": "number", "minimum": 0}}},
        "some_of": {
            "n_range": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
        },
        "repeat": {"times": {"type": "integer", "minimum": 1, "maximum": 100}},
        "blend": {"concentration": {"type": "number", "minimum": 0.01, "maximum": 100}},
    }
    required = ["steps", "p"] if name == "sometimes" else ["steps"]
    common: Json = {"steps": _STEPS, "p": _PROBABILITY, "when": _when(), "name": _NAME}
    options = _closed(common | own.get(name, {}), required)
    return options if name == "sometimes" else {"anyOf": [_STEPS, options]}


def _field() -> Json:
    kinds = registry().ids("kinds")
    own: Json = {
        "role": {"enum": list(get_args(Role))},
        "on_unmoved": {"enum": ["error", "drop"]},
        "on_empty": {"enum": ["keep", "drop"]},
        **{link: _NAME for link in LINKS},
    }
    mappings = []
    for name in kinds:
        schema = json_schema(registry().load("kinds", name))
        properties = {"kind": {"const": name}, **own, **schema["properties"]}
        described = {"description": registry().get("kinds", name).spec.summary}
        mappings.append(_closed(properties, ["kind", *schema.get("required", [])]) | described)
    return {"anyOf": [{"enum": kinds}, *mappings]}


def _derived() -> Json:
    mappings = []
    for name in GIVES:
        if registry().has("kinds", name):
            schema = json_schema(registry().load("kinds", name))
            own: Json = {"role": {"enum": ["label", "group", "meta"], "default": "meta"}}
            formula: Json = {"type": "string", "maxLength": MOST_CHARACTERS, "description": "A formula over fields."}
            properties = {"kind": {"const": name}, "from": formula, **own, **schema["properties"]}
            mappings.append(_closed(properties, ["kind", "from", *schema.get("required", [])]))
    return {"anyOf": mappings}


def _source() -> Json:
    own: Json = {
        "path": {"type": "string", "description": "A file or folder below the recipe, or a URL."},
        "collection": _NAME,
        "as": {"type": "object", "additionalProperties": _NAME, "description": "Source column to field."},
        "side": {"enum": list(SIDES)},
        "pool": {"type": "boolean", "default": False},
        "against": {"type": "boolean", "default": False, "description": "Only compare with it."},
    }
    return {"anyOf": _formats("reads", own, ["path"])}


def _write() -> Json:
    return {"anyOf": _formats("writes", {}, [])}


def _formats(able: str, own: Json, required: list[str]) -> list[Json]:
    """Return one schema for each format, its options beside the section's own keys."""
    out = []
    for entry in registry().entries("formats"):
        if isinstance(entry.spec, FormatSpec) and getattr(entry.spec, able):
            schema = json_schema(entry.load())
            properties = {"format": {"const": entry.id}, **own, **schema["properties"]}
            out.append(_closed(properties, [*required, *schema.get("required", [])]))
    return out


def _split() -> Json:
    shares = {side: _PROBABILITY for side in SIDES}
    pinned: Json = {"from": {"type": "string", "description": "An earlier dataset whose records keep their sides."}}
    largest: Json = {"largest": _PROBABILITY | {"default": 0.05}}
    common: Json = {"group": _NAME, "allow_empty": {"type": "boolean", "default": False}, **pinned, **largest}
    drawn = {"kind": {"const": "group"}, **shares, "stratify": _NAME, "exact": {"type": "boolean", "default": False}}
    begin: Json = {"type": "string", "description": "The moment the side begins at, ISO 8601."}
    timed = {side: {"anyOf": [_PROBABILITY, begin]} for side in SIDES}
    return {
        "anyOf": [
            _closed({"field": _NAME, **pinned, **largest}, ["field"]),
            _closed(drawn | common),
            _closed({"kind": {"const": "time"}, "field": _NAME, **timed, **common}, ["kind", "field"]),
        ]
    }


def _cleaner() -> Json:
    steps = _step()["anyOf"]
    own: Json = {"field": _FIELDS}
    found = []
    for name in registry().ids("cleaners"):
        with suppress(PluginBroken):
            found.append(_parameters(name, json_schema(registry().load("cleaners", name)), own))
    keys: Json = {"near": _PROBABILITY, "keep": {"enum": ["one", "all"], "default": "one"}, **own}
    compared: Json = dict(keys | {"by": {"enum": registry().ids("detectors")}})
    for name in registry().ids("detectors"):
        with suppress(PluginBroken):
            compared |= json_schema(registry().load("detectors", name))["properties"]
    names = [*registry().ids("cleaners"), "dedup"]
    return {"anyOf": [{"enum": names}, *found, _one_key("dedup", _closed(compared), "Near-duplicates."), *steps]}


def _parameters(name: str, schema: Json, more: Json) -> Json:
    schema["properties"] |= more
    return _one_key(name, schema, registry().get("cleaners", name).spec.summary)


def _mix() -> Json:
    weights: Json = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
    return _closed({"collections": weights, "origins": weights})


def _augment() -> Json:
    number: Json = {"type": "integer", "minimum": 0, "maximum": MOST_COPIES, "default": 1}
    return _closed(
        {
            "copies": {"anyOf": [number, _closed({"balance": _NAME}, ["balance"])]},
            "sides": {"type": "array", "items": {"enum": list(SIDES)}, "default": ["train"]},
            "originals": {"type": "boolean", "default": True},
            "steps": _STEPS,
        },
        ["steps"],
    )


def _synthesize() -> Json:
    """Return the JSON Schema of the section."""
    name: Json = {"type": "string"}
    share: Json = {"type": "number", "minimum": 0}
    level = {"type": "object", "properties": {"balance": name}, "required": ["balance"], "additionalProperties": False}
    to = {"anyOf": [{"const": "equal"}, {"type": "object", "additionalProperties": share}]}
    balance = {"type": "object", "properties": {"field": name, "to": to}, "required": ["field"]}
    plain: Json = {"type": ["string", "number", "boolean"]}
    bounds = {"type": "object", "properties": {"lo": plain, "hi": plain}, "additionalProperties": False}
    only = {"anyOf": [plain, {"type": "array", "items": plain}, bounds]}
    properties = {
        "model": _either("synthesizers"),
        "codec": _either("codecs"),
        "collection": name,
        "name": name,
        "fields": {"type": "array", "items": name, "minItems": 1, "uniqueItems": True},
        "target": name,
        "rows": {"anyOf": [{"type": "integer", "minimum": 1}, level]},
        "ratio": {"type": "number", "exclusiveMinimum": 0},
        "balance": {"anyOf": [name, balance | {"additionalProperties": False}]},
        "where": {"type": "object", "additionalProperties": only},
        "budget": json_schema(Training),
        "gate": json_schema(Gate),
    }
    item = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"type": "array", "minItems": 1, "items": item}


def _either(group: Any) -> Json:
    """Return the schema of an id, short or whole, or of one id with its parameters."""
    found = registry().entries(group)
    ids = [form for entry in found for form in (entry.id, entry.id.partition(".")[2])]
    built = [
        {"type": "object", "properties": {form: json_schema(entry.load())}, "required": [form],
         "additionalProperties": False}
        for entry in found
        for form in (entry.id, entry.id.partition(".")[2])
    ]  # fmt: skip
    return {"anyOf": [{"enum": ids}, *built]} if ids else {"type": ["string", "object"]}
