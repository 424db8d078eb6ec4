"""A table with a rare class, brought level by SMOTE: the neighbours are learnt from the training rows alone."""

from __future__ import annotations

from collections import Counter

from sklearn.datasets import load_wine

import augury

NUMBERS = ("alcohol", "color_intensity", "hue", "proline")


def main() -> None:
    """Over-sample the wines of one cultivar until it is as frequent as the others."""
    wine = load_wine(as_frame=True).frame
    wine["cultivar"] = wine.pop("target").map("class_{}".format)
    rare = wine["cultivar"] == "class_2"
    wine = wine[~rare | (wine.index % 4 == 0)]
    rows = {f"wine-{number:03d}": row for number, row in wine[[*NUMBERS, "cultivar"]].to_dict("index").items()}

    fields = {**dict.fromkeys(NUMBERS, "number"), "cultivar": {"kind": "category", "role": "label"}}
    pipe = augury.pipeline([{"table.smote": {"k": 3}}], fields=fields).fit(rows)
    keys = [(key, copy, row) for key, row in rows.items() if row["cultivar"] == "class_2" for copy in range(4)]
    made = [out for out in pipe.many(keys, seed=7, pool=rows) if not isinstance(out, Exception)]
    print("before", dict(Counter(row["cultivar"] for row in rows.values())))
    print("after ", dict(Counter(row["cultivar"] for row in [*rows.values(), *made])))
    first = made[0]
    print({name: round(first[name], 2) for name in NUMBERS}, first["cultivar"])
    print(pipe.explain(first.lineage))


if __name__ == "__main__":
    main()
