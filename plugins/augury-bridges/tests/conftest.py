"""Makes the tools importable: the tests and the documentation read the same exemptions."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
