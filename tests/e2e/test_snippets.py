"""Every snippet of the README and the docs runs, and prints what it is shown to print.

In each document the yaml blocks that begin with ``# path`` are written there, the python blocks run in order as one
program, then the console blocks. In shown output ``...`` stands for anything; lines may be left out.
"""

import re
import sys

import pytest

from tests.e2e.conftest import ROOT, run

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = sorted(
    [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md")],
    key=lambda p: p.relative_to(ROOT).as_posix(),
)
SHOWING = [d for d in DOCUMENTS if re.search(r"^```(python|console)$", d.read_text(encoding="utf-8"), re.MULTILINE)]
RUN = ("augury", "python", "sed", "echo", "ls")
NEEDS = {
    "docs/evaluation.md": ("augury_synthesis",),
    "docs/synthesis.md": ("torch", "augury_synthesis"),
    "docs/training.md": ("torch", "torchvision"),
    "plugins/augury-bridges/README.md": ("albumentations", "torchvision"),
}
KNOWN_BY_NAME = ("git", "cd", "source", "pip")


def blocks(document, language):
    """Return the blocks of a language."""
    return [text for found, text in BLOCK.findall(document.read_text(encoding="utf-8")) if found == language]


def commands(block):
    """Return each command of a console block with the output shown after it; all after ``make demo`` is its output."""
    out = []
    for line in block.splitlines():
        if line.startswith("$ ") and not (out and out[-1][0] == "make demo"):
            out.append((line[2:], []))
        elif line.strip():
            out[-1][1].append(line.rstrip())
    return out


def missing(shown, printed):
    """Return the first shown line that the printed lines do not hold after those before it, or None."""
    rest = iter([line.rstrip() for line in printed.splitlines()])
    for line in shown:
        pattern = re.compile(re.escape(line).replace(r"\.\.\.", ".*"))
        if line != "..." and not any(pattern.fullmatch(other) for other in rest):
            return line
    return None


@pytest.mark.parametrize("document", SHOWING, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_snippets_of_a_document_run(document, demo, plugin_site, tmp_path):
    """Python blocks end without an error; commands end as shown and print what is shown."""
    for library in NEEDS.get(document.relative_to(ROOT).as_posix(), ()):
        pytest.importorskip(library, reason=f"the page shows {library}, which is not installed here")
    python, console = blocks(document, "python"), blocks(document, "console")
    place = demo.copy(tmp_path / "repository")
    for text in blocks(document, "yaml"):
        if path := re.match(r"# (examples/\S+\.yaml)\n", text):
            (place.folder / path[1]).write_text(text, encoding="utf-8")
    if python:
        program = tmp_path / f"{document.stem}_snippets.py"
        program.write_text("\n\n".join(python), encoding="utf-8")
        # Only the page about the plugin has it installed: elsewhere its ids are free for a reader's own.
        path = {"PYTHONPATH": str(plugin_site)} if document.name == "plugins.md" else {}
        done = run([sys.executable, str(program)], place.folder, **path)
        assert done.returncode == 0, done.stdout
    for block in console:
        follow(commands(block), place)


def follow(steps, place):
    """Run the commands of one block."""
    code = 0
    for number, (command, shown) in enumerate(steps):
        word = command.split()[0]
        if command == "make demo":
            printed = place.printed
        elif word in RUN:
            done = run(f"(exit {code}); {command}", place.folder)
            code, printed = done.returncode, done.stdout
            asked = number + 1 < len(steps) and steps[number + 1][0] == "echo $?"
            assert code == 0 or asked, f"$ {command}\n{printed}"
        else:
            assert word in KNOWN_BY_NAME, f"the test does not know how to run {command!r}"
            continue
        lost = missing(shown, printed)
        assert lost is None, f"$ {command}\nshown, but not printed: {lost}\n{printed}"


def test_shown_output_is_compared():
    """A line that is not printed, or not in this order, is found; dots stand for anything."""
    printed = "a 1\nb 22\nc"
    assert missing(["a 1", "c"], printed) is None
    assert missing(["a ...", "b ...2"], printed) is None
    assert missing(["c", "a 1"], printed) == "a 1"
    assert missing(["b 2"], printed) == "b 2"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document):
    """Every relative link of a document names a file that exists, and a heading of it."""
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target


def test_the_docs_name_all_there_is():
    """Every effect, link, role, recipe key, limit, combinator, hook and field of a Plugin stands in its page."""
    from typing import get_args

    from augury import effects, hookspecs
    from augury.params import params_of
    from augury.pipelines.steps import COMBINATORS, OP_KEYS
    from augury.recipe.model import Limits
    from augury.recipe.reader import KEYS
    from augury.recipe.sources import OWN_KEYS
    from augury.record import LINKS, Role
    from augury.specs import GROUPS

    hooks = [name for name in vars(hookspecs) if name.startswith("augury_")]
    told = {
        "concepts.md": [*(e.__name__ for e in (*effects.MOVING, *effects.STILL)), *LINKS, *get_args(Role)],
        "recipes.md": [*KEYS, *OWN_KEYS, *OP_KEYS, *COMBINATORS, *(p.name for p in params_of(Limits))],
        "plugins.md": [*hooks, *GROUPS],
    }
    for page, names in told.items():
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        words = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", text))))
        assert not set(names) - words, page


def test_the_generated_pages_are_up_to_date():
    """What ``make docs`` would write is what is there."""
    done = run([sys.executable, "docs/generate.py", "--check"], ROOT)
    assert done.returncode == 0, done.stdout
