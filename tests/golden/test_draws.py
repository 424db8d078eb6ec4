"""Stored draws replay only while ops draw as they did: a change needs a new version."""

import json

import pytest

from tests.golden.draws import FILE, entries, golden

KEPT = json.loads(FILE.read_text())


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
def test_draws_are_as_they_were(entry):
    """The op draws what it drew for the same keys, or its version is raised and the file written anew."""
    assert entry.full_id in KEPT, "a new op: run python tests/golden/draws.py"
    now, kept = golden(entry), KEPT[entry.full_id]
    if now["draws"] != kept["draws"]:
        assert now["version"] > kept["version"], "it draws differently: raise the version in its OpSpec"
    assert now == kept, "the version is raised: run python tests/golden/draws.py"


def test_no_op_has_gone():
    """An op that is gone leaves an alias, or stored recipes stop working."""
    aliases = {f"{entry.dist}/{alias}" for entry in entries() for alias in entry.spec.aliases}
    gone = KEPT.keys() - {entry.full_id for entry in entries()} - aliases
    assert gone == set()
