"""Views: what a kind says a person should see of a value. `Kind.show` returns one; the preview page draws it.

Views are plain data, so that a plugin never writes markup: the page escapes every text. An anchor's kind returns a
`Picture`, a `Sound` or `Words`; a target's kind returns marks that lie on its anchor's view.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from augury.effects import Polygon


class Picture(NamedTuple):
    """An encoded picture. ``width`` and ``height`` are those its marks are measured in, whatever its own pixels.

    Args:
        data: The bytes of a PNG or JPEG file.
        width: Greatest x of its marks.
        height: Greatest y of its marks.
    """

    data: bytes
    width: float
    height: float

    @property
    def media_type(self) -> str:
        """Its MIME type, by its first bytes."""
        return "image/png" if self.data.startswith(b"\x89PNG") else "image/jpeg"


class Sound(NamedTuple):
    """A playable recording with its outline.

    Args:
        wav: The bytes of a WAV file, or its beginning where the recording is long.
        seconds: Length of the whole recording: what its marks are measured in.
        peaks: (least, greatest) sample of equal parts of the recording, in [-1, 1].
        note: What to know of it: its rate and channels.
    """

    wav: bytes
    seconds: float
    peaks: tuple[tuple[float, float], ...]
    note: str = ""


class Words(NamedTuple):
    """A text, whose changes are marked."""

    text: str


class Outline(NamedTuple):
    """A mark on a picture: one object's closed rings, with its label."""

    rings: tuple[Polygon, ...]
    label: str = ""


class Spot(NamedTuple):
    """A mark on a picture: a point, faint where it is covered."""

    x: float
    y: float
    label: str = ""
    covered: bool = False


class Cover(NamedTuple):
    """A mark on a picture: a see-through PNG laid over all of it."""

    data: bytes


class Stretch(NamedTuple):
    """A mark on a sound: from ``start`` to ``end`` in seconds."""

    start: float
    end: float
    label: str = ""


class Run(NamedTuple):
    """A mark on a text: the characters [start, end)."""

    start: int
    end: int
    label: str = ""


View: TypeAlias = Picture | Sound | Words
Mark: TypeAlias = Outline | Spot | Cover | Stretch | Run
