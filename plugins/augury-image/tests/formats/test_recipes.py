"""Recipes without ``fields:``, and with some: what the format states fills in."""

import json

import pytest

import augury
from augury.errors import AuguryError

HEAD = "recipe: 1\ncollect:\n  - {path: data, format: coco}\n"


def _load(folder, text):
    (folder / "r.yaml").write_text(text)
    return augury.load(folder / "r.yaml")


def test_fields_may_be_left_out(tmp_path, coco_data):
    """All columns are fields, the objects with categories, keypoints and the pairs that trade places."""
    schema = _load(tmp_path, HEAD).schema
    assert list(schema.fields) == ["image", "instances", "image_id", "about"]
    kind = schema["instances"].kind
    assert kind.categories == ((1, "person", "person"), (18, "dog", "animal"), (90, "toothbrush", "indoor"))
    assert kind.points == ("left_eye", "right_eye", "nose") and kind.swap == ((0, 1),)
    assert schema["instances"].link == ("of", "image")


def test_what_the_recipe_writes_stands(tmp_path, coco_data):
    """Options that are written win, those left out are the format's; columns left out are no fields."""
    fields = "fields:\n  image: {kind: image, encoding: jpeg}\n  instances: {kind: instances, min_area_px: 4}\n"
    schema = _load(tmp_path, HEAD + fields).schema
    assert list(schema.fields) == ["image", "instances"] and schema["image"].kind.encoding == "jpeg"
    kind = schema["instances"].kind
    assert kind.min_area_px == 4 and len(kind.categories) == 3 and schema["instances"].link == ("of", "image")


def test_columns_may_be_renamed(tmp_path, coco_data):
    """A link follows its field to the new name."""
    text = HEAD.replace("coco}", "coco, as: {image: photo, instances: things}}")
    schema = _load(tmp_path, text).schema
    assert schema["things"].link == ("of", "photo") and "image" not in schema


def test_sources_that_state_different_categories_are_refused(tmp_path, coco_data):
    """Merging them is the recipe's to say, by writing the field."""
    other = json.loads(json.dumps(coco_data).replace("toothbrush", "comb"))
    (tmp_path / "more" / "annotations").mkdir(parents=True)
    (tmp_path / "more" / "images").symlink_to(tmp_path / "data" / "images")
    (tmp_path / "more" / "annotations" / "x.json").write_text(json.dumps(other))
    text = HEAD + "  - {path: more, format: coco}\n"
    with pytest.raises(AuguryError, match=r"one form of instances in all sources.*write fields:"):
        _load(tmp_path, text)


def test_a_source_that_states_nothing_needs_fields(tmp_path):
    """A table has columns but no kinds."""
    (tmp_path / "rows.csv").write_text("a\n1\n")
    with pytest.raises(AuguryError, match=r"no source that states its fields.*Fix: write fields:"):
        _load(tmp_path, "recipe: 1\ncollect: [{path: rows.csv}]\n")
    with pytest.raises(AuguryError, match="a mapping of field names"):
        _load(tmp_path, HEAD + "fields: [a]\n")
