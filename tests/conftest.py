"""What all tests share: their order."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow ones first: processes that share the tests out then end together, on short ones.

    What a module of slow tests builds for all of them is also built in one process, since work is stolen from the end.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
