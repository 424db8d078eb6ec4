"""Datasets for torch: the same bytes however many workers, an epoch a copy number, views, shares of a stream."""

import numpy as np
import pytest

from augury import load, pipeline
from augury.errors import AuguryError

torch = pytest.importorskip("torch")
pytest.importorskip("augury_image")

from torch.utils.data import DataLoader  # noqa: E402

from augury.torch import Dataset, FinishedRecords, IterableDataset  # noqa: E402

# Eight workers on a machine of fewer cores are the point here.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")

FIELDS = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}}
STEPS = [{"image.rotate": {"angle_deg_range": [-30, 30]}}, {"image.noise": {}}]


class Records:
    """A base like a torch dataset: length and index, nothing else."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        photo = np.full((24, 32, 3), 40 + index, np.uint8)
        photo[5:15, 5:15] = 255 - index
        return {"photo": photo, "boxes": [{"box": [5, 5, 15, 15], "label": "a"}], "extra": index}


def same(a, b):
    """Whether two lists of outputs are the same to the byte."""
    return len(a) == len(b) and all(
        np.array_equal(x["photo"], y["photo"]) and x["boxes"] == y["boxes"] for x, y in zip(a, b, strict=True)
    )


def first(batch):
    """Collate a batch of one."""
    return batch[0]


@pytest.fixture(scope="module")
def pipe():
    """Two steps that draw."""
    return pipeline(STEPS, FIELDS)


@pytest.mark.parametrize("workers", [1, 8])
def test_any_number_of_workers_gives_the_same_bytes(pipe, workers):
    """A DataLoader with workers gives what a plain loop gives, in order."""
    data = Dataset(Records(9), pipe, seed=5)
    alone = [data[i] for i in range(len(data))]
    assert same(alone, list(DataLoader(data, batch_size=1, collate_fn=first, num_workers=workers)))
    assert not same(alone[:1], alone[1:2])


def test_an_epoch_is_a_copy_number(pipe):
    """Epochs differ, come back when set again, and are the pipeline's own copies."""
    data = Dataset(Records(3), pipe, seed=5)
    zero = [data[i] for i in range(3)]
    data.set_epoch(4)
    four = [data[i] for i in range(3)]
    assert not same(zero, four)
    record = {k: v for k, v in Records(3)[1].items() if k in FIELDS}
    assert same([four[1]], [pipe(record, seed=5, id="1", copy=4)])
    data.set_epoch(0)
    assert same(zero, [data[i] for i in range(3)])


def test_workers_that_persist_see_the_epoch(pipe):
    """``set_epoch`` in the process that trains reaches workers started before."""
    data = Dataset(Records(4), pipe)
    loader = DataLoader(data, batch_size=1, collate_fn=first, num_workers=2, persistent_workers=True)
    zero = list(loader)
    data.set_epoch(1)
    one = list(loader)
    assert not same(zero, one) and same(one, [data[i] for i in range(4)])


def test_views_are_further_copies(pipe):
    """Two views of each epoch never repeat another epoch's."""
    data = Dataset(Records(1), pipe, views=2)
    pairs = []
    for epoch in range(3):
        data.set_epoch(epoch)
        pairs.extend(data[0])
    assert len({view["photo"].tobytes() for view in pairs}) == 6
    assert [view.lineage["copy"] for view in pairs] == list(range(6))


def test_a_weak_and_a_strong_view_agree_on_what_both_do():
    """Steps of the same name draw the same in both pipelines."""
    weak = pipeline([{"image.rotate": {"name": "turn"}}], FIELDS)
    strong = pipeline([{"image.rotate": {"name": "turn"}}, {"image.erasing": {}}], FIELDS)
    for a, b in [Dataset(Records(3), (weak, strong))[i] for i in range(3)]:
        assert a.lineage["steps"][0]["draw"] == b.lineage["steps"][0]["draw"]
        assert not np.array_equal(a["photo"], b["photo"])


@pytest.mark.parametrize("workers", [0, 1, 3, 8])
def test_workers_share_a_stream(pipe, workers):
    """Every record once, in order, the bytes of one process alone."""
    records = [Records(10)[i] for i in range(10)]
    data = IterableDataset(records, pipe, seed=2)
    got = list(DataLoader(data, batch_size=None, num_workers=workers))
    expected = Dataset(Records(10), pipe, seed=2)
    assert [g.lineage["id"] for g in got] == [str(i) for i in range(10)]
    assert same(got, [expected[i] for i in range(10)])


def test_processes_share_a_stream(pipe):
    """Ranks take disjoint shares that make up the whole; each rank's workers share its part."""
    records = [Records(11)[i] for i in range(11)]
    ids = []
    for rank in range(3):
        data = IterableDataset(records, pipe, rank=rank, world_size=3)
        ids += [out.lineage["id"] for out in DataLoader(data, batch_size=None, num_workers=2)]
    assert sorted(map(int, ids)) == list(range(11))


def test_what_is_dropped_is_left_out_of_a_stream():
    """``on_empty: drop`` leaves fewer records, no error."""
    fields = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo", "on_empty": "drop"}}
    pipe = pipeline([{"image.crop": {"size": [8, 8]}}], fields)
    got = list(IterableDataset([Records(40)[i] for i in range(40)], pipe))
    assert 0 < len(got) < 40 and all(len(out["boxes"]) for out in got)


def test_an_iterator_that_ends_is_refused(pipe):
    """It would give nothing in the second epoch."""
    with pytest.raises(AuguryError, match="function that returns the iterator"):
        IterableDataset(iter([{}]), pipe)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished dataset of twelve rows, as Parquet and as JSON lines."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("finished")
    (folder / "data").mkdir()
    for i in range(6):
        Image.fromarray(Records(6)[i]["photo"]).save(folder / "data" / f"{i}.png")
    for form in ("parquet", "jsonl"):
        text = "recipe: 1\ncollect: [{path: data}]\nfields: {image: image}\n"
        text += "augment: {copies: 1, steps: [image.flip]}\n" + f"write: {{format: {form}}}\n"
        (folder / f"{form}.yaml").write_text(text)
        load(folder / f"{form}.yaml").run(folder / form)
    return folder


def test_a_finished_dataset_is_a_base(finished):
    """Its rows by index, negative ones and slices too, named by ``augury_id``; a stream of any format gives the same."""
    pipe = pipeline(["image.invert"], {"image": "image"})
    rows = FinishedRecords(finished / "parquet")
    assert len(rows) == 12 and len({row["augury_id"] for row in rows}) == 12
    assert rows[-1]["augury_id"] == rows[11]["augury_id"] and len(rows[2:5]) == 3
    data = Dataset(finished / "parquet", pipe)
    for form in ("parquet", "jsonl"):
        got = list(DataLoader(IterableDataset(finished / form, pipe), batch_size=None, num_workers=2))
        assert [g.lineage["id"] for g in got] == [row["augury_id"] for row in rows]
        assert all(np.array_equal(a["image"], data[i]["image"]) for i, a in enumerate(got))
    with pytest.raises(AuguryError, match="iterate over IterableDataset"):
        Dataset(finished / "jsonl", pipe)
    with pytest.raises(AuguryError, match="val"):
        Dataset(finished / "parquet", pipe, side="val")


def test_nothing_global_is_seeded(pipe):
    """Torch's and NumPy's random state are as they were."""
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    data = Dataset(Records(2), pipe, seed=1)
    _ = data[0], data[1]
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])
