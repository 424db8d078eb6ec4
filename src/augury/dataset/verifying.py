"""Verifying: is a dataset still what its manifest says, and does nothing leak from one side to another?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from augury.dataset.audit import Audit, Finding, some
from augury.dataset.histories import foresight
from augury.dataset.identity import content_hash, quarantine_digest, row_id
from augury.dataset.lookalikes import Lookalikes, lookalikes
from augury.dataset.manifest import QUARANTINE, RECORDS, REJECTED, ROWS, SYNTHESIS
from augury.dataset.reading import Dataset
from augury.dataset.tables import MOST_MEMORY, database, sorted_digests
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
    with (
        tempfile.TemporaryDirectory(prefix="augury-verify-") as temporary,
        database(Path(temporary), memory=MOST_MEMORY) as db,
    ):
        audit = Audit(db, data.manifest.data["group"], data.manifest.data["time"])
        repeats = data.manifest.data["repeats"]
        made = _made_fields(data) if SYNTHESIS in sidecars else {}
        alike = {name: lookalikes(repeats, name, columns, made.get(name, ())) for name, columns in data.columns.items()}
        whole = _check_shards(data, report, audit, alike, ROWS in sidecars)
        for compared in (c for found in alike.values() for c in found):
            report.findings.extend(some(compared.findings()))
            report.checks.append(compared.compared)
        if RECORDS in sidecars:
            _audit(data, report, audit)
        if whole:
            _check_content(data, report, audit)
    return report


def _made_fields(data: Dataset) -> dict[str, list[str]]:
    """Return the fields of synthetic rows by collection."""
    return {one["collection"]: one["how"]["fields"] for one in data.manifest.synthesis if one["rows"]}


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


def _check_shards(
    data: Dataset, report: Report, audit: Audit, alike: Mapping[str, Sequence[Lookalikes]], marked: bool
) -> bool:
    """Check every shard's bytes and rows; return whether all could be read."""
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
        found = _check_rows(data, shard, report, audit, alike[shard["collection"]], expected)
        report.rows += found
        if found != shard["rows"]:
            whole = False
            problem = f"expected {shard['rows']} rows, got {found}"
            report.findings.append(Finding(shard["path"], problem))
    report.checks.append(f"{len(data.shards)} shards, {report.rows} rows")
    return whole


def _check_rows(
    data: Dataset,
    shard: Mapping[str, Any],
    report: Report,
    audit: Audit,
    alike: Sequence[Lookalikes],
    marks: Sequence[bytes],
) -> int:
    """Hash and audit a shard's rows, name those that are not as they were written; return how many there are."""
    columns = data.columns[shard["collection"]]
    time, cuts = data.manifest.data["time"], data.manifest.data["split"]["cuts"]
    count = 0
    try:
        for row in chain.from_iterable(table.to_pylist() for table in data.tables(shard)):
            place = f"{shard['path']} row {count}"
            digest = columns.digest(shard["collection"], shard["side"], row)
            if marks and digest[:ROW_MARK] != marks[min(count, len(marks) - 1)]:
                report.findings.append(Finding(place, f"{row[ROW_ID]} is not the row that was written"))
            count += 1
            audit.add_row(place, shard["collection"], shard["side"], row, columns, digest)
            for compared in alike:
                compared.add(place, shard["side"], row, columns)
            if time and (problem := foresight(time, cuts, columns, shard["side"], row)):
                report.findings.append(Finding(place, f"{row[ROW_ID]} on {shard['side']} knows {problem}"))
    except DataError as error:
        report.findings.append(Finding(f"{shard['path']} rows from {count}", f"cannot be read: {error}"))
    return count


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


def _check_content(data: Dataset, report: Report, audit: Audit) -> None:
    """Recompute the content hash."""
    left = []
    try:
        for name in (QUARANTINE, REJECTED):
            with (data.folder / name).open(encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    left.append(quarantine_digest(row["collection"], row_id(row["id"], row["copy"]), row["stage"]))
    except (OSError, ValueError, KeyError, TypeError):
        return  # that it is missing or changed is among the findings
    digests = chain(audit.digests(), [pa.array(left, pa.binary())])
    report.content_hash = content_hash(data.manifest.data["schema"], sorted_digests(audit.db, digests))
    if report.content_hash != data.manifest.content_hash:
        problem = f"expected content hash {data.manifest.content_hash}, got {report.content_hash}"
        report.findings.append(Finding("manifest.json", problem))
    report.checks.append("content hash")
