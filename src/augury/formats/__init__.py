"""File formats: how records are read from a source and how finished tables are written."""

from augury.formats.base import Fields, Format, RawRecord, Writer
from augury.formats.files import Payload

__all__ = ["Fields", "Format", "Payload", "RawRecord", "Writer"]
