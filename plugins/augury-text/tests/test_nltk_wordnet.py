"""NLTK's WordNet as the source of synonyms, on data laid out as NLTK wants it."""

import sys

import pytest

from augury.errors import PluginError
from augury_text import load_lexicon
from augury_text.lexicon import Lexicon
from augury_text.nltk_wordnet import NltkLexicon, nltk_lexicon


@pytest.fixture
def lexicon(wordnet, monkeypatch):
    """The NLTK lexicon on the small WordNet."""
    nltk = pytest.importorskip("nltk", reason="nltk is not installed")
    from nltk.corpus.reader import WordNetCorpusReader

    root = str(wordnet.parents[1])
    monkeypatch.setattr(nltk.data, "path", [root])
    reader = WordNetCorpusReader(nltk.data.find("corpora/wordnet"), None)
    yield NltkLexicon(reader)
    for stream in (*reader._data_file_map.values(), reader._key_count_file):
        if stream is not None:
            stream.close()


@pytest.mark.filterwarnings("ignore:The multilingual functions:UserWarning")
def test_same_interface(lexicon):
    """Synonyms, counts and inflection come as from the compiled lexicon."""
    assert isinstance(lexicon, Lexicon)
    count, groups = lexicon.entry("car")["n"]
    assert count == 80
    assert groups[0] == ("auto", "automobile")
    assert lexicon.substitutes("Cars", "NNS", 1) == ("Autos", "Automobiles")
    assert lexicon.substitutes("stopping", "VBG", 1) == ("halting",)
    assert lexicon.entry("zzyzx") == {}


def test_missing_data_says_how_to_get_it(tmp_path, monkeypatch):
    """Without the data the error names the download and the way without it."""
    nltk = pytest.importorskip("nltk", reason="nltk is not installed")
    from nltk.corpus.reader import WordNetCorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    loader = LazyCorpusLoader("wordnet", WordNetCorpusReader, None)
    monkeypatch.setattr(nltk.corpus, "wordnet", loader)
    with pytest.raises(PluginError, match=r'python -m nltk\.downloader wordnet, or use source="compiled"'):
        nltk_lexicon()


def test_missing_nltk_says_how_to_get_it(monkeypatch):
    """Without nltk the error names the pip line."""
    monkeypatch.setitem(sys.modules, "nltk", None)
    monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    with pytest.raises(PluginError, match=r"pip install .augury-text\[nltk\]"):
        load_lexicon("nltk")
