"""Running `Layers`: the value composed once, every target by its layer's place, the label mixed by weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from augury.effects import SELF, Layer, Layers, Polygon
from augury.errors import DataError, describe, shown
from augury.kinds import Kind
from augury.op import Donor
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
    maps = _maps(effect, before, [d.size for d in donors], size) if targets else []
    for spec in targets:
        _compose_target(now, spec.name, field, maps, donors, size)
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


def _maps(
    effect: Layers, before: PlaneSize, donors: Sequence[PlaneSize], size: PlaneSize
) -> list[tuple[int, PlaneMap]]:
    """For each layer with targets its source and the map they follow: its place, its region, what covers it."""
    frame = geo.rectangle(size.width, size.height)
    sizes = [before if i.source == SELF else donors[i.source] if i.source is not None else size for i in effect.layers]
    placed = [
        geo.transform(layer.place, geo.rectangle(s.width, s.height))
        for layer, s in zip(effect.layers, sizes, strict=True)
    ]
    outlines = [_outline(layer, where) for layer, where in zip(effect.layers, placed, strict=True)]
    maps = []
    for i, layer in enumerate(effect.layers):
        if layer.source is None or not layer.targets:
            continue
        clips = [frame, placed[i]] if layer.region is None else [frame, placed[i], layer.region]
        hides = [outlines[j] for j in range(i + 1, len(outlines)) if effect.layers[j].covers]
        maps.append((layer.source, PlaneMap(layer.place, sizes[i], size, clips, hides)))
    return maps


def _outline(layer: Layer, placed: Polygon) -> Polygon:
    """What a layer covers: its region as far as its source reaches; a plain colour fills the whole of it."""
    if layer.region is None:
        return placed
    return layer.region if layer.source is None else geo.intersect(placed, layer.region)


def _compose_target(
    now: Running, name: str, anchor: str, maps: Sequence[tuple[int, Any]], donors: Sequence[Donor], size: Any
) -> None:
    kind = now.kind(name)
    if "plane" not in kind.follows:
        now.remove(name)
        return
    parts = []
    for source, where in maps:
        if source == SELF:
            if name in now.values:
                parts.append((now.opened(name, anchor), where))
        elif name in donors[source].record:
            parts.append((kind.open(donors[source].record[name], where.source), where))
    if parts:
        now.carried[name] = kind.merge(parts, size)
        now.values.setdefault(name, None)
    else:  # no source that is seen has the target: what the record had is not there any more
        now.remove(name)


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
