"""The page of figures keeps what was measured earlier."""

from tests.bench.page import write_page

TITLES = ["Pictures", "Sounds", "Rows"]
FLIP = {"what": "flip | mirror", "ours": "9 a second", "against": "theirs 3", "ratio": 3.0, "asked": "", "met": None}


def test_a_table_takes_the_place_of_its_last_measurement(tmp_path):
    """A section is replaced, the others stay, in the order of all tables; a pipe in a cell stays in its cell."""
    path = tmp_path / "page.md"
    write_page(path, TITLES, {"Rows": [FLIP], "Pictures": [FLIP]})
    write_page(path, TITLES, {"Sounds": [FLIP], "Rows": [FLIP | {"ratio": 0.5, "asked": "at least 1", "met": False}]})
    text = path.read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Pictures", "## Sounds", "## Rows"]
    rows = [line for line in text.splitlines() if line.startswith("| flip")]
    good = r"| flip \| mirror | 9 a second | theirs 3 | 3.00 |  |"
    assert rows == [good, good, r"| flip \| mirror | 9 a second | theirs 3 | 0.50 | at least 1; **short** |"]
