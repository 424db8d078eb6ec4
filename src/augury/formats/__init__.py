"""File formats: how records are read from a source and how finished tables are written."""

from augury.formats.base import Fields, Format, RawRecord, Writer
from augury.formats.files import Payload, find_files, open_file

__all__ = ["Fields", "Format", "Payload", "RawRecord", "Writer", "find_files", "open_file"]
