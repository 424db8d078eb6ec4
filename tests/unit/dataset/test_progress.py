"""Progress: plain lines when piped, a bar on a terminal, and observers that see the run."""

import io

from augury.dataset import run
from augury.dataset.progress import Progress
from augury.recipe.model import Source

JITTER = [{"table.jitter": {"field": ["age", "income"]}}]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Yes."""
        return True


class Watcher:
    """Keeps what a run tells."""

    def __init__(self):
        self.events = []

    def augury_run_started(self, run):
        """Note it."""
        self.events.append(("started", run.workers, run.total))

    def augury_records_written(self, run, collection, side, rows, quarantined):
        """Note it."""
        self.events.append(("rows", collection, side, rows, quarantined, run.total))

    def augury_stage_done(self, run, stage, seconds, records):
        """Note it."""
        self.events.append((stage, records))

    def augury_run_finished(self, run, manifest):
        """Note it."""
        self.events.append(("finished", manifest.rows))


def test_observers_see_every_stage_and_unit(tmp_path, people, write_jsonl, make_recipe):
    """The stages in order; the units' rows add up to the manifest's; the total is right from the start."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    watcher = Watcher()
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=JITTER)
    manifest = run(recipe, tmp_path / "out", observers=[watcher])
    assert watcher.events[0] == ("started", 1, None) and watcher.events[-1] == ("finished", manifest.rows)
    stages = [e[0] for e in watcher.events if len(e) == 2 and e[0] != "finished"]
    assert stages == ["collect", "assign", "fit", "augment", "write"]
    units = [e for e in watcher.events if e[0] == "rows"]
    assert sum(e[3] for e in units) == manifest.rows == units[0][5]


def test_plain_lines_when_piped_and_a_bar_on_a_terminal(tmp_path, people, write_jsonl, make_recipe):
    """Piped text has no control characters."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=JITTER)
    piped, terminal = io.StringIO(), Terminal()
    run(recipe, tmp_path / "a", observers=[Progress(piped)])
    run(recipe, tmp_path / "b", observers=[Progress(terminal)])
    assert "collect: 120 records" in piped.getvalue() and f"{tmp_path / 'a'}" in piped.getvalue()
    assert "\x1b" not in piped.getvalue() and "\r" not in piped.getvalue()
    assert "\x1b[" in terminal.getvalue()
