"""The SMOTE family against imbalanced-learn: the same neighbours by its own search, the same rows from our draws."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from imblearn.over_sampling import SMOTE, SMOTENC, BorderlineSMOTE
from scipy.stats import binomtest, chisquare
from sklearn.datasets import load_wine
from sklearn.neighbors import NearestNeighbors

import augury

NAMES = [f"n{i}" for i in range(6)]
COPIES = 6


class Scripted:
    """Lets imbalanced-learn find its neighbours and make its rows, but from given seeds, neighbours and steps."""

    def _generate_samples(self, X, nn_data, nn_num, rows, cols, steps, y_type=None, y=None):
        dense = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
        place = {tuple(np.round(row[: len(NAMES)], 9)): i for i, row in enumerate(dense)}
        others = nn_data.toarray() if hasattr(nn_data, "toarray") else np.asarray(nn_data)
        self.pool = len(dense)
        rows, cols = [], []
        for seed, neighbour, _ in self.script:
            rows.append(place[tuple(np.round(seed, 9))])
            near = [tuple(np.round(others[i][: len(NAMES)], 9)) for i in nn_num[rows[-1]]]
            cols.append(near.index(tuple(np.round(neighbour, 9))))  # raises where it is not one of its neighbours
        steps = np.array([u for *_, u in self.script])[:, None]
        return super()._generate_samples(X, nn_data, nn_num, np.array(rows), np.array(cols), steps, y_type, y)


@pytest.fixture(scope="module")
def wine():
    """Wine: standardised numbers, so that the distance is the plain one, two categories, three classes."""
    data = load_wine()
    matrix = data.data[:, :6]
    matrix = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    noise = np.random.default_rng(5)
    labels = np.array(["a", "b", "c"])[data.target]
    extra = np.column_stack(
        [np.where(data.data[:, 9] > 4, "dark", "light"), noise.choice(["x", "y", "z"], len(labels))]
    )
    fields = {**dict.fromkeys(NAMES, "number"), "label": {"kind": "category", "role": "label"}}
    records = {
        f"{i:03d}": {**dict(zip(NAMES, map(float, row), strict=True)), "label": str(label)}
        for i, (row, label) in enumerate(zip(matrix, labels, strict=True))
    }
    return matrix, labels, extra, fields, records


def made_of(op, params, fields, records, label):
    """Return our rows of a class, and the (seed id, neighbour id, u) of each."""
    pipe = augury.pipeline([{op: params}], fields=fields).fit(records)
    mine = [(i, c, r) for c in range(COPIES) for i, r in records.items() if r["label"] == label]
    out = pipe.many(mine, seed=11, pool=records)
    steps = [o.lineage["steps"][0] for o in out]
    script = [
        ((s["donors"] if len(s["donors"]) == 2 else [i, *s["donors"]]), s["draw"]["u"])
        for (i, _, _), s in zip(mine, steps, strict=True)
    ]
    return out, [(seed, other, u) for (seed, other), u in script]


@pytest.mark.parametrize(
    ("op", "params", "peer"),
    [
        ("table.smote", {"k": 4}, lambda: (SMOTE, {"k_neighbors": 4})),
        ("table.borderline_smote", {"k": 4, "m": 8}, lambda: (BorderlineSMOTE, {"k_neighbors": 4, "m_neighbors": 8})),
    ],
)
@pytest.mark.parametrize("label", ["a", "b", "c"])
def test_rows_are_those_of_imbalanced_learn(wine, op, params, peer, label):
    """imbalanced-learn, with neighbours of its own finding and our draws, makes the same rows to 1e-12."""
    matrix, labels, _, fields, records = wine
    out, script = made_of(op, params, fields, records, label)
    base, options = peer()
    cls = type("Peer", (Scripted, base), {})
    counts = {name: int((labels == name).sum()) for name in "abc"}
    peer_op = cls(sampling_strategy={**counts, label: counts[label] + len(out)}, **options)
    point = {i: matrix[int(i)] for i in records}
    peer_op.script = [(point[seed], point[other], u) for seed, other, u in script]
    made, target = peer_op.fit_resample(matrix, labels)
    ours = np.array([[o[n] for n in NAMES] for o in out])
    np.testing.assert_allclose(ours, made[len(matrix) :], rtol=0, atol=1e-12)
    assert set(target[len(matrix) :]) == {label}
    if op == "table.borderline_smote":
        assert len({seed for seed, *_ in script}) <= peer_op.pool < counts[label]


def test_smotenc_rows_are_those_of_imbalanced_learn(wine):
    """With all of a class as neighbours: the same numbers, and the same most frequent categories."""
    matrix, labels, extra, fields, records = wine
    mixed = {i: {**r, "shade": str(extra[int(i)][0]), "mark": str(extra[int(i)][1])} for i, r in records.items()}
    fields = {**fields, "shade": "category", "mark": "category"}
    k = int((labels == "c").sum()) - 1
    out, script = made_of("table.smotenc", {"k": k}, fields, mixed, "c")
    frame = pd.DataFrame(matrix, columns=NAMES).assign(shade=extra[:, 0], mark=extra[:, 1])
    counts = {name: int((labels == name).sum()) for name in "abc"}
    cls = type("Peer", (Scripted, SMOTENC), {})
    peer = cls(
        categorical_features=[6, 7],
        k_neighbors=k,
        sampling_strategy={**counts, "c": counts["c"] + len(out)},
        random_state=0,
    )
    point = {i: matrix[int(i)] for i in records}
    peer.script = [(point[seed], point[other], u) for seed, other, u in script]
    made, _ = peer.fit_resample(frame, labels)
    made = made.iloc[len(matrix) :]
    np.testing.assert_allclose([[o[n] for n in NAMES] for o in out], made[NAMES].to_numpy(float), atol=1e-12)
    mine = labels == "c"
    seeds = [int(seed) for seed, *_ in script]
    for column, name in enumerate(("shade", "mark")):
        for row, seed in enumerate(seeds):
            around = extra[mine & (np.arange(len(labels)) != seed), column]
            values, seen = np.unique(around, return_counts=True)
            if (seen == seen.max()).sum() == 1:  # where several are as frequent, imbalanced-learn draws one of them
                assert out[row][name] == made[name].iloc[row] == values[seen.argmax()]


def test_adasyn_makes_as_many_of_each_seed_as_it_says(wine):
    """Seeds are drawn in proportion to the other classes among their nearest rows, found by scikit-learn."""
    matrix, labels, _, fields, records = wine
    out, script = made_of("table.adasyn", {"k": 5}, fields, records, "b")
    near = NearestNeighbors(n_neighbors=6).fit(matrix).kneighbors(matrix, return_distance=False)[:, 1:]
    ratio = (labels[near] != labels[:, None]).mean(axis=1) * (labels == "b")
    seeds = np.array([int(seed) for seed, *_ in script])
    able = ratio > 0
    seen = np.bincount(seeds, minlength=len(labels))
    assert seen[~able].sum() == 0
    assert chisquare(seen[able], ratio[able] / ratio.sum() * len(seeds)).pvalue > 1e-3
    own = np.flatnonzero(labels == "b")
    inner = own[NearestNeighbors(n_neighbors=6).fit(matrix[own]).kneighbors(matrix[own], return_distance=False)[:, 1:]]
    position = {row: i for i, row in enumerate(own.tolist())}
    for output, (seed, other, u) in zip(out, script, strict=True):
        assert int(other) in inner[position[int(seed)]]
        expected = matrix[int(seed)] + u * (matrix[int(other)] - matrix[int(seed)])
        np.testing.assert_allclose([output[n] for n in NAMES], expected, atol=1e-12)


def test_a_class_that_nothing_surrounds_takes_all_its_rows(run):
    """Far from the others there is no border: seeds are then drawn uniformly, and lonely rows stay."""
    fields = {"x": "number", "y": {"kind": "category", "role": "label"}}
    records = {f"{i:02d}": {"x": float(i % 10) + 1000 * (i // 10), "y": "ab"[i // 10]} for i in range(20)}
    records["99"] = {"x": 5e5, "y": "c"}
    for op in ("table.borderline_smote", "table.adasyn"):
        rows = run([{op: {"k": 3}}], fields, records, copies=30)
        seeds = {o.lineage["steps"][0]["donors"][0] for _, r, o in rows if r["y"] == "a"}
        assert seeds == {f"{i:02d}" for i in range(10)}
        assert all(dict(out) == before for i, before, out in rows if i == "99")


def test_missing_values_are_those_of_the_seed(run, fields, records):
    """A seeded row has the seed's gaps, and every category is the seed's or its neighbour's."""
    for _, _, out in run(["table.adasyn"], fields, records):
        seed, other = (records[i] for i in out.lineage["steps"][0]["donors"])
        for name in ("age", "height", "income", "city", "zone", "member"):
            assert (name in out) == (name in seed)
            if name in ("city", "zone", "member") and name in out:
                assert out[name] in (seed[name], other.get(name))


def test_the_second_kind_goes_half_way_to_other_classes(wine):
    """About half of the rows: to one of the nearest of other classes, by brute force, at most half of the way."""
    matrix, labels, _, fields, records = wine
    out, script = made_of("table.borderline_smote", {"k": 3, "m": 8, "kind": "borderline-2"}, fields, records, "b")
    across = 0
    for output, (seed, other, u) in zip(out, script, strict=True):
        a, b = matrix[int(seed)], matrix[int(other)]
        np.testing.assert_allclose([output[n] for n in NAMES], a + u * (b - a), rtol=0, atol=1e-12)
        if labels[int(other)] != "b":
            across += 1
            apart = ((matrix - a) ** 2).sum(axis=1)
            apart[labels == "b"] = np.inf
            assert int(other) in np.argsort(apart)[:3] and u < 0.5
    assert binomtest(across, len(script)).pvalue > 1e-3


def test_the_second_kind_gives_a_table_the_rows_of_each(wine):
    """Whole tables, a class alone among others' rows, and a class without others."""
    _, _, _, fields, records = wine
    step = {"table.borderline_smote": {"k": 3, "kind": "borderline-2"}}
    for rows in (records, {i: r for i, r in records.items() if r["label"] == "a"}):
        table = pa.Table.from_pylist([{"id": i, **r} for i, r in rows.items()])
        pipe = augury.pipeline([step], fields=fields).fit(table, id="id")
        made = pipe.table(table, id="id", seed=2).drop_columns("id").to_pylist()
        assert made == [dict(o) for o in pipe.many([(i, 0, r) for i, r in rows.items()], seed=2, pool=rows)]
