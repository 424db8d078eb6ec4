"""The ops on real texts: bank customers' questions, text messages, reviews, movie sentences, captions of photographs."""

import csv
import json
import zipfile

import pytest

import augury
from augury_text import mirror_edits, tagged, word_spans

pytestmark = pytest.mark.real
EACH = 300
OPS = ("text.synonym", "text.swap", "text.insert", "text.delete")


@pytest.fixture(scope="module")
def texts(real_data):
    """Return some hundred texts of each source."""
    found = []
    with (real_data / "banking77/test.csv").open(newline="", encoding="utf-8") as stream:
        found += [row["text"] for row in csv.DictReader(stream)][:EACH]
    messages = (real_data / "sms_spam/SMSSpamCollection").read_text("utf-8").splitlines()[1:]
    found += [line.partition("\t")[2] for line in messages][:EACH]
    with (real_data / "clothing_reviews/test.csv").open(newline="", encoding="utf-8") as stream:
        found += [row["Review Text"] for row in csv.DictReader(stream)][:EACH]
    with zipfile.ZipFile(real_data / "nltk_corpora/subjectivity.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".5000"):
                found += archive.read(name).decode("latin-1").splitlines()[:EACH]
    assert len(found) >= 4 * EACH
    return [text for text in found if text]


@pytest.mark.parametrize("op", OPS)
def test_labels_stay_right(texts, op):
    """On every text, spans and tags that are still there hold what they held, and most texts are changed."""
    fields = {"text": "text", "spans": {"kind": "spans", "of": "text"}, "tags": {"kind": "tags", "of": "text"}}
    pipe = augury.pipeline([{op: {"fraction": 0.2}}], fields=fields)
    changed = 0
    for i, text in enumerate(texts):
        words = word_spans(text)
        spans = [(a, b, text[a:b]) for a, b in words[::7]]
        tags = tagged(text, [text[a:b] for a, b in words], [text[a:b] for a, b in words])
        out = pipe({"text": text, "spans": spans, "tags": tags}, id=str(i))
        assert sorted(s.label for s in out["spans"]) == sorted(label for _, _, label in spans)
        assert all(out["text"][s.start : s.end] == s.label for s in out["spans"])
        moved = [(out["text"][t.start : t.end], t.tag) for t in out["tags"]]
        if op in ("text.swap", "text.delete"):
            assert all(word == tag for word, tag in moved)
        changed += out["text"] != text
    print(f"{op}: {changed} of {len(texts)} texts changed")
    assert changed >= (0.7 if op in ("text.synonym", "text.insert") else 0.9) * len(texts)


def test_mirrored_captions(real_data):
    """Captions of photographs that name a side are mirrored and come back when mirrored again."""
    captions = []
    for path in sorted(real_data.glob("coco*/**/captions*.json")):
        captions += [row["caption"] for row in json.loads(path.read_text())["annotations"]]
    if not captions:
        pytest.skip("no captions among the real data")
    for caption in captions:
        once = _mirrored(caption)
        assert _mirrored(once) == caption or not mirror_edits(caption)


def _mirrored(text):
    for start, end, new in reversed(mirror_edits(text)):
        text = text[:start] + new + text[end:]
    return text
