"""Annotation formats read from an archive as from a folder."""

import json
import zipfile

import pyarrow.parquet as pq
import pytest


@pytest.mark.parametrize("form", ["coco", "voc", "yolo"])
def test_annotations_in_a_zip(augury, picture, form):
    """The picture and its one box come out of the archive."""
    box = "<xmin>2</xmin><ymin>2</ymin><xmax>4</xmax><ymax>5</ymax>"
    document = {
        "images": [{"id": 1, "file_name": "a.png", "height": 8, "width": 9}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 3, 4], "area": 12, "iscrowd": 0}],
        "categories": [{"id": 3, "name": "cat"}],
    }
    members = {
        "coco": {"images/a.png": picture(), "annotations/x.json": json.dumps(document)},
        "voc": {
            "JPEGImages/a.png": picture(),
            "Annotations/a.xml": f"<a><object><name>cat</name><bndbox>{box}</bndbox></object></a>",
        },
        "yolo": {
            "images/a.png": picture(),
            "labels/a.txt": f"0 {2.5 / 9} {3 / 8} {3 / 9} {4 / 8}",
            "data.yaml": "names: [cat]",
        },
    }
    with zipfile.ZipFile(augury.home / "p.zip", "w") as archive:
        for name, data in members[form].items():
            archive.writestr(name, data)
    ran = augury(f"recipe: 1\ncollect: [{{path: p.zip, format: {form}, collection: c}}]\n")
    assert ran.code == 0, ran.err
    (path,) = (augury.home / "out").glob("data/c/train-*.parquet")
    (row,) = pq.read_table(path).to_pylist()
    (one,) = row["instances"]
    assert one["label"] == "cat" and one["box"] == pytest.approx([1, 1, 4, 5])
