"""Small annotated datasets, written by hand, and runs over them."""

import json

import cv2
import numpy as np
import pytest
import yaml

import augury


def draw(path, height, width, seed=0):
    """Write a smooth picture and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    planes = [x / width * 255, y / height * 255, np.full_like(x, 40 + 20 * seed)]
    cv2.imwrite(str(path), np.stack(planes, axis=2).astype(np.uint8))
    return path


def run(folder, form, *, steps, copies=3, source="data", options=None, write=None, **more):
    """Run five lines over a dataset of one format into the same, or another; return the output's folder."""
    recipe = {
        "recipe": 1,
        "collect": [{"path": source, "format": form, **(options or {})}],
        "augment": {"copies": copies, "steps": steps},
        "write": write or {"format": form},
        **more,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    augury.load(path).run(folder / "out")
    return folder / "out"


def coco(folder):
    """Write a COCO dataset: numbers with gaps, a crowd, keypoints, an empty image, floats; return the document."""
    for number, (name, height, width) in enumerate([("a.jpg", 60, 80), ("b.png", 50, 70), ("c.jpg", 40, 40)]):
        draw(folder / "images" / name, height, width, number)
    triangle = [10.5, 10.25, 40.0, 12.0, 20.0, 50.0]
    counts = [60 * 50, 60 * 10, 60 * 20]
    document = {
        "info": {"year": 2026},
        "licenses": [{"id": 4, "name": "CC BY", "url": "https://creativecommons.org/licenses/by/2.0/"}],
        "images": [
            {"id": 7, "file_name": "a.jpg", "height": 60, "width": 80, "license": 4, "flickr_url": "x"},
            {"id": 12, "file_name": "b.png", "height": 50, "width": 70},
            {"id": 900, "file_name": "c.jpg", "height": 40, "width": 40},
        ],
        "annotations": [
            {
                "id": 31,
                "image_id": 7,
                "category_id": 18,
                "bbox": [10.5, 10.25, 29.5, 39.75],
                "segmentation": [triangle],
                "area": 575.1,
                "iscrowd": 0,
                "note": {"seen": "twice"},
            },
            {
                "id": 32,
                "image_id": 7,
                "category_id": 1,
                "bbox": [50.0, 0.0, 10.0, 60.0],
                "segmentation": {"size": [60, 80], "counts": counts},
                "area": 600,
                "iscrowd": 1,
            },
            {
                "id": 33,
                "image_id": 12,
                "category_id": 1,
                "bbox": [5.0, 5.0, 30.0, 40.0],
                "segmentation": [[5.0, 5.0, 35.0, 5.0, 35.0, 45.0, 5.0, 45.0]],
                "area": 1200.0,
                "iscrowd": 0,
                "keypoints": [10.0, 10.0, 2, 30.0, 10.0, 1, 0, 0, 0],
                "num_keypoints": 2,
            },
        ],
        "categories": [
            {
                "id": 1,
                "name": "person",
                "supercategory": "person",
                "keypoints": ["left_eye", "right_eye", "nose"],
                "skeleton": [[1, 3], [2, 3]],
            },
            {"id": 18, "name": "dog", "supercategory": "animal"},
            {"id": 90, "name": "toothbrush", "supercategory": "indoor"},
        ],
    }
    (folder / "annotations").mkdir()
    (folder / "annotations" / "instances.json").write_text(json.dumps(document))
    return document


@pytest.fixture
def picture():
    """Write a smooth picture."""
    return draw


@pytest.fixture
def five_lines():
    """Run a recipe from one format to the same."""
    return run


@pytest.fixture
def coco_data(tmp_path):
    """A small COCO dataset in ``tmp_path/data``, and its document."""
    (tmp_path / "data").mkdir()
    return coco(tmp_path / "data")
