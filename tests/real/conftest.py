"""Where the real data sets lie."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def real_data():
    """The folder of real data sets."""
    folder = Path(os.environ.get("AUGURY_REAL_DATA", ROOT / "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set AUGURY_REAL_DATA")
    return folder
