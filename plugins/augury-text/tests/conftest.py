"""A WordNet of a dozen synsets, written as Princeton writes its files, and ways to run steps on a text."""

import importlib.util
from pathlib import Path

import pytest

import augury

LICENCE = "  1 This stands for the licence that heads every file.\n"
SENSES = {"n": ("noun", 1, "03"), "v": ("verb", 2, "29"), "a": ("adj", 3, "00"), "r": ("adv", 4, "02")}
SYNSETS = [
    ("usage", "n", "ethnic_slur", "", "a word that insults"),
    ("car", "n", "car auto automobile motor_car Ford", "", "a motor vehicle"),
    ("railcar", "n", "car railcar", "", "a wheeled vehicle of a railway"),
    ("gondola", "n", "car gondola", "", "what hangs below an airship"),
    ("bad", "n", "car badword", "usage", "an insult"),
    ("old", "n", "car autocar", "", "(archaic) a carriage"),
    ("man", "n", "man", "", "an adult person who is male"),
    ("china", "n", "China", "", "a country"),
    ("porcelain", "n", "china crockery", "", "ceramic ware"),
    ("stop", "v", "stop halt", "", "come to a standstill"),
    ("big", "a", "big large", "", "above average in size"),
    ("well", "r", "well good", "", "in a good manner"),
    ("lone", "n", "nautilus", "", "a mollusc"),
]
COUNTS = {
    "car": [50, 29, 1, 0, 0],
    "railcar": [2],
    "auto": [3],
    "automobile": [5],
    "stop": [9],
    "halt": [2],
    "big": [4],
    "well": [7],
}
EXCEPTIONS = {"n": "men man\nunknowns unknown\n", "v": "stopped stop\nstopping stop\n", "a": "bigger big\n", "r": ""}


def _lex_id(word, key, pos):
    """The number that tells the senses of a word apart: how many of them came before."""
    before = [k for k, p, words, _, _ in SYNSETS if p == pos and word.lower() in words.lower().split()]
    return before.index(key)


def write_wordnet(folder):
    """Write data.*, index.*, index.sense, *.exc, cntlist.rev and lexnames, with true byte offsets."""
    offsets, lines = {}, {pos: LICENCE for pos in SENSES}
    for known in (False, True):  # the first round only finds the offsets that pointers need
        lines = {pos: LICENCE for pos in SENSES}
        for key, pos, words, usage, gloss in SYNSETS:
            words = words.split()
            listed = " ".join(f"{word} {_lex_id(word, key, pos)}" for word in words)
            pointer = f"001 ;u {offsets[usage]:08d} n 0000" if usage and known else "001 ;u 00000000 n 0000"
            pointer = pointer if usage else "000"
            frames = " 00" if pos == "v" else ""
            offsets[key] = len(lines[pos])
            head = f"{offsets[key]:08d} {SENSES[pos][2]} {pos} {len(words):02x} {listed}"
            lines[pos] += f"{head} {pointer}{frames} | {gloss}  \n"
    senses = {}
    for key, pos, words, _, _ in SYNSETS:
        for word in words.split():
            senses.setdefault((word.lower(), pos), []).append(offsets[key])
    index = {pos: LICENCE for pos in SENSES}
    by_sense = []
    for (word, pos), places in sorted(senses.items()):
        listed = " ".join(f"{place:08d}" for place in places)
        index[pos] += f"{word} {pos} {len(places)} 0 {len(places)} 0 {listed}  \n"
        for number, place in enumerate(places, 1):
            counts = COUNTS.get(word, [])
            count = counts[number - 1] if number <= len(counts) else 0
            key = f"{word}%{SENSES[pos][1]}:{SENSES[pos][2]}:{number - 1:02d}::"
            by_sense.append((key, place, number, count))
    for pos, (name, _, _) in SENSES.items():
        (folder / f"data.{name}").write_text(lines[pos])
        (folder / f"index.{name}").write_text(index[pos])
        (folder / f"{name}.exc").write_text(EXCEPTIONS[pos])
    by_sense.sort()
    (folder / "index.sense").write_text("".join(f"{k} {p:08d} {n} {c}\n" for k, p, n, c in by_sense))
    (folder / "cntlist.rev").write_text("".join(f"{k} {n} {c}\n" for k, _, n, c in by_sense if c))
    names = {int(number): f"{name}.all" for name, _, number in SENSES.values()}
    numbers = {int(number): kind for _, kind, number in SENSES.values()}
    rows = (f"{i:02d}\t{names.get(i, 'noun.other')}\t{numbers.get(i, 1)}\n" for i in range(45))
    (folder / "lexnames").write_text("".join(rows))


@pytest.fixture(scope="session")
def wordnet(tmp_path_factory):
    """A folder with the small WordNet, laid out as a data root of NLTK."""
    folder = tmp_path_factory.mktemp("nltk") / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    write_wordnet(folder)
    return folder


@pytest.fixture(scope="session")
def builder():
    """The module `tools/build_lexicon.py`."""
    path = Path(__file__).parents[1] / "tools" / "build_lexicon.py"
    spec = importlib.util.spec_from_file_location("build_lexicon", path)
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    import sys

    sys.modules["build_lexicon"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["build_lexicon"]


@pytest.fixture
def run():
    """Run steps on one text: returns the output record, whose fields are text, spans and tags."""

    def run_steps(steps, text, spans=None, tags=None, id="0", seed=7, spans_kind="spans"):
        spans_field = {"kind": "spans", "of": "text"} if spans_kind == "spans" else {**spans_kind, "of": "text"}
        fields = {"text": "text", "spans": spans_field, "tags": {"kind": "tags", "of": "text"}}
        record = {"text": text, "spans": spans, "tags": tags}
        pipe = augury.pipeline(steps if isinstance(steps, list) else [steps], fields=fields)
        return pipe({k: v for k, v in record.items() if v is not None}, seed=seed, id=id)

    return run_steps
