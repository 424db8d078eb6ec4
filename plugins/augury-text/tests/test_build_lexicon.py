"""The tool that compiles the lexicon, on a WordNet of a dozen synsets."""

import shutil

import pytest

from augury_text.lexicon import _read


@pytest.fixture
def lexicon(builder, wordnet):
    """The lexicon compiled from the small WordNet."""
    return _read(builder.compile_lexicon(wordnet))


def test_same_bytes_twice(builder, wordnet, tmp_path):
    """The same files, in another place, compile to the same bytes."""
    shutil.copytree(wordnet, tmp_path / "copy")
    assert builder.compile_lexicon(wordnet) == builder.compile_lexicon(tmp_path / "copy")


def test_synonyms_are_ranked(lexicon):
    """Senses come by frequency, and in a sense the word better known comes first; names and phrases are left out."""
    assert lexicon.entry("car")["n"] == (80, (("automobile", "auto"), ("railcar",)))


def test_rare_senses_are_left_out(lexicon):
    """A sense with less than three tenths of a word's uses gives no synonyms."""
    assert "gondola" not in lexicon.synonyms("car", "n", 5)


def test_unwanted_words_are_left_out(builder, wordnet):
    """Words marked as slurs by a usage pointer, or as archaic in their gloss, are no synonyms."""
    synsets = builder.read_synsets(wordnet)
    usable = {word for synset in synsets.values() for word in synset.usable}
    assert {"auto", "gondola", "halt"} <= usable
    assert not {"badword", "autocar", "Ford", "motor_car", "China"} & usable


def test_names_are_no_words(lexicon):
    """A capitalised sense does not count for the lower-case word."""
    assert lexicon.entry("china")["n"] == (0, (("crockery",),))
    assert lexicon.entry("ford") == {}


def test_nouns_that_tell_nothing_are_left_out(lexicon):
    """A noun without count and synonym is left to the guess that unknown words are nouns."""
    assert lexicon.entry("nautilus") == {}


def test_irregular_forms(lexicon):
    """Irregular forms of known lemmas are kept with their part of speech."""
    assert lexicon.irregular["stopping"] == "v:stop"
    assert lexicon.irregular["bigger"] == "a:big"
    assert "unknowns" not in lexicon.irregular
    assert [(r.lemma, r.tag) for r in lexicon.readings("stopped")] == [("stop", "VBD"), ("stop", "VBN")]


def test_header_counts(lexicon):
    """The header's counts are those of the content."""
    assert lexicon.header["lemmas"] == len(lexicon._entries)
    assert lexicon.header["forms"] == len(lexicon.irregular)


def test_command(builder, wordnet, tmp_path, monkeypatch, capsys):
    """The command writes what the function returns."""
    monkeypatch.setattr("sys.argv", ["build_lexicon.py", str(wordnet), "-o", str(tmp_path / "out.bin")])
    builder.main()
    assert (tmp_path / "out.bin").read_bytes() == builder.compile_lexicon(wordnet)
    assert '"source": "WordNet 3.0' in capsys.readouterr().out
