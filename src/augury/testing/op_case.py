"""One op with one set of parameters on one kind, and the pipelines that try it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from augury.catalog import Entry
from augury.errors import DataError
from augury.op import Op, kinds_of
from augury.params import Param, params_of
from augury.pipelines import Output, Pipeline, pipeline
from augury.record import Record
from augury.specs import OpSpec
from augury.testing.materials import Material, material
from augury.testing.suite import Suite

SEED = 7


class Result(NamedTuple):
    """What a run gave, in comparable form: each value's digest, and the lineage as text."""

    digests: dict[str, bytes]
    lineage: str


@dataclass(frozen=True, eq=False)
class OpCase:
    """An op of the registry with parameters, acting on fields of the kind ``anchor`` ("row" for rows)."""

    entry: Entry
    params: Mapping[str, Any]
    anchor: str
    first: bool
    """Whether these are the op's default parameters (or its first example where it has none)."""

    def __str__(self) -> str:
        return f"with {dict(self.params)} on {self.anchor}"

    @property
    def spec(self) -> OpSpec:
        """The op's spec."""
        assert isinstance(self.entry.spec, OpSpec)
        return self.entry.spec

    @property
    def cls(self) -> type[Op]:
        """The op's class."""
        cls: type[Op] = self.entry.load()
        return cls

    @cached_property
    def op(self) -> Op:
        """The op, configured."""
        return self.cls.build(self.params)

    @property
    def declared(self) -> tuple[Param, ...]:
        """The parameters the op declares."""
        return params_of(self.cls)

    @property
    def expands(self) -> bool:
        """Whether the op is a macro for other steps."""
        return self.cls.expand is not Op.expand

    @property
    def draws(self) -> bool:
        """Whether the op draws anything itself."""
        return self.cls.draw is not Op.draw

    @cached_property
    def material(self) -> Material:
        """The schema and records the op is tried on."""
        return material(self.cls, self.anchor)

    def step(self, **reserved: Any) -> dict[str, Any]:
        """Return the op as a step, with reserved keys such as ``p`` and ``name``."""
        field = {"field": self.material.field} if self.material.field else {}
        return {self.entry.id: {**self.params, **field, **reserved}}

    def pipeline(self, *steps: Any, compile: bool = True) -> Pipeline:
        """Return a pipeline of steps (the op alone by default), fitted where it needs that."""
        pipe = pipeline(list(steps) or [self.step()], fields=self.material.schema, compile=compile)
        return pipe.fit(self.material.records.items()) if pipe.needs_fit else pipe

    @cached_property
    def pipe(self) -> Pipeline:
        """The pipeline of the op alone."""
        return self.pipeline()

    def run(self, record_id: str, record: Record, copy: int = 0, pipe: Pipeline | None = None) -> Output:
        """Run one record."""
        pipe = pipe or self.pipe
        return pipe(record, seed=SEED, id=record_id, copy=copy, pool=self.pool(pipe))

    def pool(self, pipe: Pipeline | None = None) -> Mapping[str, Record] | None:
        """Return the donors, where a pipeline takes any."""
        return self.material.records if (pipe or self.pipe).needs_pool else None

    @cached_property
    def runs(self) -> dict[str, Record]:
        """The records that the op takes; those it refuses as data are left out.

        Raises:
            AssertionError: when it refuses them all.
        """
        taken: dict[str, Record] = {}
        errors: list[DataError] = []
        for record_id, record in self.material.records.items():
            try:
                self.run(record_id, record)
                taken[record_id] = record
            except DataError as error:
                errors.append(error)
        assert taken, f"the op refuses every record of the kit: {errors[0]}"
        return taken

    def result(self, output: Output, pipe: Pipeline | None = None) -> Result:
        """Return an output in comparable form."""
        schema = (pipe or self.pipe).schema_after
        return Result(self.material.digests(output, schema), json.dumps(output.lineage, sort_keys=True))

    def results(self, order: int = 1, copies: int = 2) -> dict[tuple[str, int], Result]:
        """Return the results of every record and copy, run forwards (1) or backwards (-1)."""
        keys = [(record_id, copy) for record_id in self.runs for copy in range(copies)][::order]
        done = {key: self.result(self.run(key[0], self.runs[key[0]], key[1])) for key in keys}
        return {key: done[key] for key in sorted(done)}


def _cases(entry: Entry) -> list[OpCase]:
    assert isinstance(entry.spec, OpSpec)
    cls: type[Op] = entry.load()
    examples: list[Mapping[str, Any]] = [dict(example) for example in entry.spec.examples]
    needs = any(param.required for param in params_of(cls))
    variants = examples if needs else [{}, *examples]
    if not variants:
        raise AssertionError(f"{entry.id} has required parameters and no examples. Fix: give examples= in its OpSpec.")
    return [OpCase(entry, params, kind, i == 0) for i, params in enumerate(variants) for kind in kinds_of(cls)]


OPS = Suite("ops", _cases)
