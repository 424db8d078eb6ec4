"""What holds for all bridges: listed lightly, refused clearly, seeded apart from the process, the same for any workers."""

import json
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from exemptions import exempt

import augury
from augury.catalog import Entry, registry
from augury.errors import CheckFailed, ParamError, PluginBroken
from augury_bridges import making

LIBRARIES = {
    "albumentations": 110,
    "torchvision": 60,
    "kornia": 75,
    "audiomentations": 40,
    "torchaudio": 80,
    "librosa": 10,
    "nlpaug": 25,
}


def test_every_transform_is_listed_without_its_library():
    """The hooks give hundreds of ids and import none of the libraries, nor numpy."""
    code = (
        "import sys, augury_bridges.hooks as h; ops = h.augury_plugin().ops; "
        "print(len(ops), sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, _, loaded = done.stdout.partition(" ")
    assert int(count) >= sum(LIBRARIES.values())
    assert not {"numpy", "torch", "cv2", *LIBRARIES} & set(json.loads(loaded.replace("'", '"')))


@pytest.mark.parametrize("library", LIBRARIES)
def test_most_of_a_library_is_usable(library):
    """Enough entries are listed for each library."""
    assert len(registry().ops(f"{library}.*")) >= LIBRARIES[library]


def test_enough_entries_pass_the_kit():
    """Over all libraries at least 220 entries are held by the kit without being left out as a whole."""
    held = [
        f"{library}.{name}"
        for library in LIBRARIES
        for name, row in making.table(library)["ops"].items()
        if "refused" not in row and "loads" not in exempt(library).get(f"{library}.{name}", {})
    ]
    assert len(held) >= 220


def test_a_missing_library_says_how_to_get_it(monkeypatch):
    """Using an op whose library cannot be imported names the pip line."""
    monkeypatch.setitem(sys.modules, "librosa", None)
    monkeypatch.setitem(sys.modules, "librosa.effects", None)
    monkeypatch.delitem(sys.modules, "augury_bridges.librosa", raising=False)
    entry = registry().get("ops", "librosa.trim")
    with pytest.raises(PluginBroken, match=r'Fix: pip install "augury-bridges\[librosa\]'):
        Entry(entry.group, entry.spec, entry.dist, entry.dist_version).load()


def test_a_transform_that_cannot_act_on_a_record_says_why():
    """Refused transforms name the reason and what to use instead."""
    pytest.importorskip("albumentations")
    with pytest.raises(PluginBroken, match=r"one that acts on volumes.*Fix: use its two-dimensional form"):
        registry().load("ops", "albumentations.CenterCrop3D")


def test_parameters_are_refused_where_they_are_written():
    """An unknown name comes with its neighbours, a wrong value with what the library says of it."""
    pytest.importorskip("albumentations")
    rotate = registry().load("ops", "albumentations.Rotate")
    with pytest.raises(ParamError, match="Did you mean limit"):
        rotate.build({"limits": 10})
    with pytest.raises(ParamError, match="parameters that albumentations takes"):
        rotate.build({"limit": "far"})


def test_the_process_keeps_its_generators():
    """Seeding a library leaves what the process draws next alone, also when the library fails."""
    from augury_bridges.scope import seeded

    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    with pytest.raises(ValueError, match="inside"), seeded(5):
        random.random(), np.random.random()
        raise ValueError("inside")
    assert (random.random(), np.random.random()) == expected


def test_another_version_of_the_library_is_not_replayed(monkeypatch):
    """A lineage holds the library's version; replaying it with another one is refused."""
    pytest.importorskip("albumentations")
    pipe = augury.pipeline(["albumentations.RandomGamma"], fields={"photo": "image"})
    record = {"photo": np.full((8, 8, 3), 90, np.uint8)}
    out = pipe(record, seed=1, id="a")
    assert (pipe.replay(record, out.lineage)["photo"] == out["photo"]).all()
    monkeypatch.setattr("augury_bridges.making.installed", lambda library: f"{library} 9.9")
    with pytest.raises(CheckFailed, match="the stored draw"):
        pipe.replay(record, out.lineage)


def test_spans_follow_an_augmenter_of_words():
    """A word that nlpaug leaves alone keeps its tag where it is now."""
    pytest.importorskip("nlpaug")
    fields = {"line": "text", "names": {"kind": "spans", "of": "line"}}
    pipe = augury.pipeline([{"nlpaug.RandomWordAug": {"stopwords": ["Berlin"], "aug_p": 0.6}}], fields=fields)
    text = "We went by train to Berlin and stayed there for a long and happy week"
    out = pipe({"line": text, "names": [(20, 26, "city")]}, seed=4, id="a")
    (span,) = out["names"]
    assert out["line"] != text
    assert out["line"][span[0] : span[1]] == "Berlin"


def test_synonyms_come_from_wordnet_without_a_download():
    """SynonymAug runs on NLTK's WordNet and textblob's tagger; other words stay."""
    pytest.importorskip("nlpaug")
    from augury_bridges.nlpaug import has_wordnet

    if not has_wordnet():
        pytest.skip("no WordNet where NLTK looks: run tools/wordnet.py FOLDER and set NLTK_DATA=FOLDER")
    pipe = augury.pipeline([{"nlpaug.SynonymAug": {"aug_p": 1.0}}], fields={"line": "text"})
    out = pipe({"line": "The quick dog purchased a large automobile"}, seed=1, id="a")["line"]
    assert out.split()[0] == "The"
    assert out != "The quick dog purchased a large automobile"


STEPS = {
    "image.rotate": "augury_image",
    "albumentations.RandomBrightnessContrast": "albumentations",
    "albumentations.RandomResizedCrop": "albumentations",
    "torchvision.RandomRotation": "torchvision",
    "kornia.RandomGaussianNoise": "kornia",
    "image.noise": "augury_image",
}
GIVEN = {
    "albumentations.RandomResizedCrop": "{size: [24, 24], scale: [0.7, 1.0]}",
    "torchvision.RandomRotation": "{degrees: 10}",
}


def test_a_mixed_recipe_is_the_same_with_one_and_two_workers(tmp_path: Path):
    """Own and bridged ops in one recipe: the content hash does not depend on the workers."""
    missing = [module for module in STEPS.values() if find_spec(module) is None]
    if missing:
        pytest.skip(f"needs {', '.join(sorted(set(missing)))}")
    from PIL import Image

    folder = tmp_path / "in" / "pictures"
    folder.mkdir(parents=True)
    for i in range(12):
        noise = np.random.default_rng(i).integers(0, 255, (32, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{i}.png")
    steps = "\n".join(f"    - {step}: {GIVEN.get(step, '{}')}" for step in STEPS)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "recipe: 1\nseed: 3\n"
        "collect:\n  - {path: in/pictures, format: folder, as: {image: photo}}\n"
        "fields:\n  photo: image\n"
        f"augment:\n  copies: 2\n  steps:\n{steps}\n",
        encoding="utf-8",
    )
    hashes = {augury.load(recipe).run(tmp_path / f"out{n}", workers=n).content_hash for n in (1, 2)}
    assert len(hashes) == 1
