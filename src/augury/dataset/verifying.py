"""Verifying: is a dataset still what its manifest says, and does nothing leak from one side to another?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from augury.dataset.audit import Audit, Finding
from augury.dataset.identity import content_hash, quarantine_digest, row_id
from augury.dataset.manifest import QUARANTINE, RECORDS, ROWS
from augury.dataset.reading import Dataset
from augury.dataset.write import ROW_MARK, hash_file
from augury.errors import DataError
from augury.formats.beside import ROW_ID


@dataclass
class Report:
    """What verifying found.

    Attributes:
        folder: The dataset.
        content_hash: As recomputed from the rows; empty when they could not all be read.
        rows: Rows read.
        checks: What was checked, in words.
        findings: What is wrong, each with its place.
    """

    folder: Path
    content_hash: str = ""
    rows: int = 0
    checks: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form."""
        return {
            "folder": str(self.folder),
            "ok": self.ok,
            "content_hash": self.content_hash,
            "rows": self.rows,
            "checks": self.checks,
            "findings": [f._asdict() for f in self.findings],
        }


def verify(folder: str | Path) -> Report:
    """Check a finished dataset: hashes, row counts, lineage, leaks.

    Raises:
        DataError: when the folder holds no finished dataset.
    """
    data = Dataset(folder)
    report = Report(data.folder)
    sidecars = _check_files(data, report)
    with tempfile.TemporaryDirectory(prefix="augury-verify-") as temporary:
        audit = Audit(Path(temporary) / "audit.sqlite", data.manifest.data["group"])
        try:
            digests = _check_shards(data, report, audit, ROWS in sidecars)
            if RECORDS in sidecars:
                _audit(data, report, audit)
        finally:
            audit.close()
    _check_content(data, report, digests)
    return report


def _check_files(data: Dataset, report: Report) -> set[str]:
    """Check the files beside the shards; return those that are as they were."""
    good = set()
    for name, expected in data.manifest.data["files"].items():
        path = data.folder / name
        if not path.is_file():
            report.findings.append(Finding(name, "the file is missing"))
        elif hash_file(path) != expected:
            report.findings.append(Finding(name, "its bytes are not those that were written"))
        else:
            good.add(name)
    known = {shard["path"] for shard in data.shards}
    suffixes = {Path(name).suffix for name in known}
    for path in sorted((data.folder / "data").rglob("*")):
        name = path.relative_to(data.folder).as_posix()
        if path.is_file() and path.suffix in suffixes and name not in known and not _beside(name, known):
            report.findings.append(Finding(name, "the manifest does not know this file, but readers would load it"))
    report.checks.append(f"{len(good)} files beside the shards")
    return good


def _beside(name: str, shards: set[str]) -> bool:
    """Whether a file lies in the folder of payloads of some shard: named like it, or holding its metadata file."""
    folders = (shard.removesuffix("/metadata.parquet").rsplit(".", 1)[0] + "/" for shard in shards)
    return name.startswith(tuple(folders))


def _check_shards(data: Dataset, report: Report, audit: Audit, marked: bool) -> list[bytes] | None:
    """Check every shard's bytes and rows; return the rows' digests, or None when some could not be read."""
    digests: list[bytes] = []
    whole = True
    marks = _marks(data) if marked else iter(())
    for shard in data.shards:
        expected = [next(marks, b"") for _ in range(shard["rows"])] if marked else []
        path = data.folder / shard["path"]
        if not path.is_file():
            report.findings.append(Finding(shard["path"], "the shard is missing"))
            whole = False
            continue
        changed = hash_file(path) != shard["sha256"]
        if changed:
            report.findings.append(Finding(shard["path"], "its bytes are not those that were written"))
        found = _check_rows(data, shard, report, audit, expected)
        digests.extend(found)
        if len(found) != shard["rows"]:
            whole = False
            problem = f"expected {shard['rows']} rows, got {len(found)}"
            report.findings.append(Finding(shard["path"], problem))
    report.rows = len(digests)
    report.checks.append(f"{len(data.shards)} shards, {len(digests)} rows")
    return digests if whole else None


def _check_rows(
    data: Dataset, shard: Mapping[str, Any], report: Report, audit: Audit, marks: Sequence[bytes]
) -> list[bytes]:
    """Hash and audit a shard's rows; name those that are not as they were written."""
    columns = data.columns[shard["collection"]]
    digests: list[bytes] = []
    try:
        for row in chain.from_iterable(table.to_pylist() for table in data.tables(shard)):
            place = f"{shard['path']} row {len(digests)}"
            digest = columns.digest(shard["collection"], shard["side"], row)
            if marks and digest[:ROW_MARK] != marks[min(len(digests), len(marks) - 1)]:
                report.findings.append(Finding(place, f"{row[ROW_ID]} is not the row that was written"))
            digests.append(digest)
            audit.add_row(place, shard["collection"], shard["side"], row, columns)
    except DataError as error:
        place = f"{shard['path']} rows from {len(digests)}"
        report.findings.append(Finding(place, f"cannot be read: {error}"))
    return digests


def _marks(data: Dataset) -> Iterator[bytes]:
    with pq.ParquetFile(data.folder / ROWS) as reader:
        for batch in reader.iter_batches(columns=["digest"], use_threads=False):
            yield from batch.column(0).to_pylist()


def _audit(data: Dataset, report: Report, audit: Audit) -> None:
    """Find orphans, groups and repeats across sides."""
    records = 0
    for record in data.records():
        audit.add_record(record)
        records += 1
    counts = data.manifest.counts
    left_out = {s for sides in counts.values() for s, n in sides.items() if n["originals"] < n["records"]}
    report.findings.extend(audit.findings(sorted(left_out)))
    report.checks.append(f"parents of every row among {records} records, groups and equal rows across sides")


def _check_content(data: Dataset, report: Report, digests: list[bytes] | None) -> None:
    """Recompute the content hash."""
    if digests is None or not (data.folder / QUARANTINE).is_file():
        return
    lines = (data.folder / QUARANTINE).read_text(encoding="utf-8").splitlines()
    try:
        bad = [json.loads(line) for line in lines]
        left = [quarantine_digest(b["collection"], row_id(b["id"], b["copy"]), b["stage"]) for b in bad]
    except (ValueError, KeyError, TypeError):
        return  # its changed bytes are among the findings
    report.content_hash = content_hash(data.manifest.data["schema"], [*digests, *left])
    if report.content_hash != data.manifest.content_hash:
        problem = f"expected content hash {data.manifest.content_hash}, got {report.content_hash}"
        report.findings.append(Finding("manifest.json", problem))
    report.checks.append("content hash")
