"""The shipped lexicon."""

import subprocess
import sys

import pytest

import augury_text
from augury_text import load_lexicon
from augury_text.lexicon import _read


def test_header_says_where_it_comes_from():
    """The file names its source and counts what it holds."""
    header = load_lexicon().header
    assert "WordNet 3.0" in header["source"]
    assert header["lemmas"] > 50_000
    assert header["forms"] > 3_000


def test_licence_lies_beside_it():
    """The notice that WordNet's licence asks for is shipped."""
    from importlib import resources

    notice = resources.files("augury_text").joinpath("data", "WORDNET_LICENSE.txt").read_text()
    assert "Princeton University" in notice
    assert "Permission to use, copy, modify and distribute" in notice


def test_same_object_again():
    """The lexicon is opened once."""
    assert load_lexicon() is load_lexicon("compiled")


def test_another_format_is_refused():
    """A file of another format says so."""
    with pytest.raises(ValueError, match=r"expected format 1, got 9\. Fix: compile it again"):
        _read(b'{"format": 9}\n')


@pytest.mark.parametrize(
    ("word", "tag", "synonym"),
    [
        ("film", "NN", "movie"), ("films", "NNS", "movies"), ("Car", "NN", "Automobile"), ("CARS", "NNS", "AUTOMOBILES"),
        ("jumped", "VBD", "leaped"), ("jumping", "VBG", "leaping"), ("quickly", "RB", "rapidly"),
        ("bigger", "JJR", "larger"), ("biggest", "JJS", "largest"), ("children", "NNS", "kids"), ("started", "VBD", "began"),
        ("started", "VBN", "begun"),
    ],
)  # fmt: skip
def test_substitutes_keep_inflection_and_casing(word, tag, synonym):
    """A synonym comes in the form and the casing of the word it stands for."""
    assert synonym in load_lexicon().substitutes(word, tag, 1)


def test_substitutes_go_by_part_of_speech():
    """The noun and the verb of one form have different synonyms."""
    noun, verb = (set(load_lexicon().substitutes("change", tag, 3)) for tag in ("NN", "VB"))
    assert noun
    assert verb
    assert not noun & verb


def test_no_substitute_is_the_word_itself_or_another_shape():
    """Synonyms are single lower-case words and never the word itself."""
    lexicon = load_lexicon()
    for word, tag in [("car", "NN"), ("say", "VB"), ("good", "JJ"), ("fall", "NN"), ("film", "NN"), ("child", "NN")]:
        for other in lexicon.substitutes(word, tag, 5):
            assert other != word
            assert other.replace("-", "").replace("'", "").isalpha()


def test_senses_widen_the_choice():
    """More senses keep what fewer gave, in the same order, and add to it."""
    few, many = (load_lexicon().synonyms("agony", "n", n) for n in (1, 2))
    assert many[: len(few)] == few
    assert len(many) > len(few)


def test_unknown_words_have_nothing():
    """A word that is not in the lexicon has no readings and no synonyms."""
    lexicon = load_lexicon()
    assert lexicon.entry("zzyzx") == {}
    assert lexicon.readings("zzyzx") == ()
    assert lexicon.substitutes("zzyzx", "NN", 2) == ()
    assert not lexicon.replaceable(1)["zzyzx"]


def test_function_words_are_never_replaced():
    """Words such as `have`, which WordNet has synonyms of, are left alone."""
    able = load_lexicon().replaceable(5)
    assert not any(able[word] for word in ("have", "Is", "can", "the", "not"))
    assert able["film"]


def test_importing_is_light():
    """Importing the package and its hooks opens neither the lexicon nor an array library."""
    code = (
        "import sys, augury_text, augury_text.hooks; "
        "print(sorted({'numpy', 'pyarrow', 'nltk', 'zlib', 'augury_text.lexicon'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_public_names_are_there():
    """Every public name can be had, and another says so."""
    for name in augury_text.__all__:
        assert getattr(augury_text, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        augury_text.nothing  # noqa: B018
