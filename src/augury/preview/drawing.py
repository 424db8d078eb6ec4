"""Drawing views: pictures with what lies on them, recordings with their outline and intervals."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from augury.preview.markup import Html, element, join
from augury.views import Cover, Mark, Outline, Picture, Sound, Spot, Stretch

COLOURS = 8
"""Colours of labels in the style sheet: classes c0 to c7."""


def colour(label: str) -> str:
    """Return the class of a label's colour: the same wherever the label stands."""
    return f"c{blake2b(label.encode('utf-8', 'surrogatepass'), digest_size=2).digest()[0] % COLOURS}"


def data_url(data: bytes, media_type: str) -> str:
    """Return bytes as a data: URL."""
    return f"data:{media_type};base64,{b64encode(data).decode()}"


def draw_picture(view: Picture, marks: Sequence[Mark], title: str) -> Html:
    """Return a picture with its marks as an SVG in the picture's own coordinates."""
    width, height = max(view.width, 1.0), max(view.height, 1.0)
    unit = max(width, height) / 480
    size: dict[str, str | float] = {"width": width, "height": height, "preserveAspectRatio": "none"}
    parts = [element("image", href=data_url(view.data, view.media_type), **size)]
    for mark in marks:
        if isinstance(mark, Cover):
            parts.append(element("image", href=data_url(mark.data, "image/png"), **size))
    parts.extend(_outline(mark, unit) for mark in marks if isinstance(mark, Outline))
    spots = [mark for mark in marks if isinstance(mark, Spot)]
    middle = sum(s.x for s in spots) / max(len(spots), 1)
    parts.extend(_spot(mark, unit, mark.x < middle) for mark in spots)
    small = "pixels" if max(width, height) <= 128 else None
    return element(
        "svg",
        element("title", title),
        *parts,
        viewBox=f"0 0 {width:g} {height:g}",
        class_=f"picture {small or ''}".strip(),
        style=f"aspect-ratio:{width:g}/{height:g};--ratio:{width / height:.4f}",
        role="img",
    )


def _outline(mark: Outline, unit: float) -> Html:
    rings = [r for r in mark.rings if r]
    shapes = [element("polygon", points=" ".join(f"{x:.2f},{y:.2f}" for x, y in ring)) for ring in rings]
    text = None
    if mark.label and rings:
        left = min(x for x, _ in rings[0])
        top = min(y for _, y in rings[0])
        text = _label(mark.label, left + 3 * unit, max(top - 4 * unit, 13 * unit), unit)
    return element("g", *shapes, text, class_=f"mark {colour(mark.label)}")


def _spot(mark: Spot, unit: float, leftwards: bool) -> Html:
    dot = element("circle", cx=mark.x, cy=mark.y, r=4 * unit, class_="covered" if mark.covered else None)
    text = None
    if mark.label:
        x = mark.x + (-7 if leftwards else 7) * unit
        text = _label(mark.label, x, mark.y + 4 * unit, unit, "end" if leftwards else None)
    return element("g", dot, text, class_=f"mark {colour(mark.label)}")


def _label(text: str, x: float, y: float, unit: float, anchor: str | None = None) -> Html:
    size = {"font_size": 11.5 * unit, "stroke_width": 3 * unit}
    return element("text", text, x=x, y=y, text_anchor=anchor, **size)


class Scale(NamedTuple):
    """What recordings side by side are drawn to: the longest's seconds and the loudest sample."""

    seconds: float
    peak: float

    @classmethod
    def of(cls, sounds: Sequence[Sound]) -> Scale:
        """Return the scale that holds all of them."""
        peaks = [max(abs(lo), abs(hi)) for s in sounds for lo, hi in s.peaks]
        return cls(max((s.seconds for s in sounds), default=0.0), max(peaks, default=0.0))


def draw_sound(view: Sound, marks: Sequence[Mark], title: str, scale: Scale) -> Html:
    """Return a recording's outline with its intervals, drawn to a scale, and a player."""
    stretches = [m for m in marks if isinstance(m, Stretch)]
    share = 100.0 * view.seconds / scale.seconds if scale.seconds > 0 else 100.0
    wave = element(
        "svg",
        element("title", title),
        _wave(view, scale.peak),
        viewBox="0 0 480 96",
        preserveAspectRatio="none",
        role="img",
    )
    lanes = _lanes(stretches)
    bars = [_bar(m, lane, view.seconds) for m, lane in zip(stretches, lanes, strict=True)]
    rows = max(lanes, default=-1) + 1
    outline = element("div", wave, *bars, class_="wave", style=f"width:{max(share, 2.0):.3f}%;--lanes:{rows}")
    player = element("audio", controls="", preload="none", aria_label=title, src=data_url(view.wav, "audio/wav"))
    return join(outline, player, element("p", view.note, class_="note") if view.note else None)


def _wave(view: Sound, peak: float) -> Html:
    n = max(len(view.peaks), 1)
    gain = 46 / max(peak, 1e-3)
    tops = [(i * 480 / n, 48 - gain * hi) for i, (_, hi) in enumerate(view.peaks)]
    feet = [(i * 480 / n, 49 - gain * lo) for i, (lo, _) in enumerate(view.peaks)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*tops, *reversed(feet)])
    return element("polygon", points=points)


def _lanes(stretches: Sequence[Stretch]) -> list[int]:
    """Return the lane of each interval, so that none overlaps another in its lane."""
    ends: list[float] = []
    out = []
    for mark in stretches:
        lane = next((i for i, end in enumerate(ends) if end <= mark.start), len(ends))
        ends[lane : lane + 1] = [mark.end]
        out.append(lane)
    return out


def _bar(mark: Stretch, lane: int, seconds: float) -> Html:
    whole = max(seconds, 1e-9)
    place = f"left:{100 * mark.start / whole:.3f}%;width:{max(100 * (mark.end - mark.start) / whole, 0.3):.3f}%"
    told = f"{mark.label} {mark.start:.3f} to {mark.end:.3f} s"
    return element(
        "span", mark.label, class_=f"stretch {colour(mark.label)}", style=f"{place};--lane:{lane}", title=told
    )
