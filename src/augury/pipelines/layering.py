"""Running `Layers`: the value composed once, every target by its layer's place, the label mixed by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.effects import SELF, Layer, Layers, Polygon
from augury.errors import DataError, describe, shown
from augury.kinds import Kind
from augury.op import Donor
from augury.record import FieldSpec
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize

if TYPE_CHECKING:
    from augury.pipelines.running import Running


def compose_layers(
    now: Running, field: str, effect: Layers, donors: Sequence[Donor], label: tuple[str, Kind] | None
) -> None:
    """Compose the record with its donors: the value, every target by its layer's place, the label by weight."""
    info = now.info(field)
    before = info.size
    size = PlaneSize(*effect.size, before.channels)
    targets = now.schema.targets(field)
    parts = _parts(effect, before, [d.size for d in donors], size) if targets else []
    for spec in targets:
        _compose_target(now, spec, field, parts, donors, size)
    values = [d.value for d in donors]
    now.values[field], shares = now.kind(field).compose(now.values[field], effect, values)
    if label is not None:
        mix_label(
            now,
            label,
            [layer.source for layer in effect.layers],
            [
                share if layer.weight is None else layer.weight
                for layer, share in zip(effect.layers, shares, strict=True)
            ],
            donors,
        )
    info.size = size
    if now.trace is not None:
        now.trace.append(f"{field}: {len(effect.layers)} layers composed")


class _Part(NamedTuple):
    """A layer whose targets come along: where from, how they move, and which entries of which fields."""

    source: int
    where: PlaneMap
    rows: Mapping[str, tuple[int, ...]]


def _parts(effect: Layers, before: PlaneSize, donors: Sequence[PlaneSize], size: PlaneSize) -> list[_Part]:
    """For each layer with targets its source and the map they follow: its place, its shape, what covers it."""
    frame = geo.rectangle(size.width, size.height)
    sizes = [before if i.source == SELF else donors[i.source] if i.source is not None else size for i in effect.layers]
    placed = [
        geo.transform(layer.place, geo.rectangle(s.width, s.height))
        for layer, s in zip(effect.layers, sizes, strict=True)
    ]
    shapes = [_shape(layer, where) for layer, where in zip(effect.layers, placed, strict=True)]
    parts = []
    for i, layer in enumerate(effect.layers):
        if layer.source is None or not layer.targets:
            continue
        clips = [frame, placed[i]] if layer.region is None else [frame, placed[i], layer.region]
        hides = [p for j in range(i + 1, len(shapes)) if effect.layers[j].covers for p in shapes[j]]
        where = PlaneMap(layer.place, sizes[i], size, clips, hides, within=layer.pieces)
        parts.append(_Part(layer.source, where, layer.rows))
    return parts


def _shape(layer: Layer, placed: Polygon) -> list[Polygon]:
    """What a layer covers: its shape as far as its source reaches; a plain colour fills the whole of it."""
    if layer.shape is None:
        return [placed]
    if layer.source is None:
        return list(layer.shape)
    return [seen for piece in layer.shape if (seen := geo.intersect(piece, placed))]


def _compose_target(
    now: Running, spec: FieldSpec, anchor: str, made: Sequence[_Part], donors: Sequence[Donor], size: PlaneSize
) -> None:
    kind, name = now.kind(spec.name), spec.name
    if "plane" not in kind.follows:
        now.remove(name)
        return
    opened: dict[int, Any] = {}
    parts = []
    for part in made:
        source = part.source
        if source not in opened:
            if source == SELF:
                opened[source] = now.opened(name, anchor) if name in now.values else None
            else:
                record = donors[source].record
                opened[source] = kind.open(record[name], part.where.source) if name in record else None
        carried = opened[source]
        if carried is not None:
            parts.append((kind.take(carried, part.rows[name]) if name in part.rows else carried, part.where))
    if not parts:  # no source that is seen has the target: what the record had is not there any more
        now.remove(name)
        return
    merged = kind.merge(parts, size)
    if merged is None:
        if name in now.values:
            now.unmoved((spec,))
        return
    now.carried[name] = merged
    now.values.setdefault(name, None)


def mix_label(
    now: Running,
    label: tuple[str, Kind],
    sources: Sequence[int | None],
    weights: Sequence[float],
    donors: Sequence[Donor],
) -> None:
    """Mix the label of the record with those of its donors, by the weights of their sources."""
    field, new = label
    if field not in now.values:
        return
    original = now.schema.fields[field].kind
    values, shares = [], []
    for source, weight in zip(sources, weights, strict=True):
        if source is None or weight <= 0:
            continue
        if source == SELF:
            kind = now.kind(field)
            values.append(now.values[field] if kind.entry_id == new.entry_id else kind.lift(now.values[field]))
        else:
            other = donors[source].record.get(field)
            if other is None:
                raise DataError(
                    describe(
                        f"donor {donors[source].id!r}",
                        f"a value of {field}",
                        shown("none"),
                        fix="leave records without it out",
                    )
                )
            values.append(other if original.entry_id == new.entry_id else original.lift(other))
        shares.append(weight)
    if values:
        now.values[field] = new.mix(values, shares)
        now.kinds[field] = new
