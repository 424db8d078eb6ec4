"""A sentence with named entities: the edits go around them, and their character offsets follow."""

from __future__ import annotations

import augury

TEXT = "Marie Curie moved from Warsaw to Paris in 1891 to study physics, and discovered radium seven years later."
NAMES = [("Marie Curie", "person"), ("Warsaw", "place"), ("Paris", "place"), ("1891", "date")]


def main() -> None:
    """Print five copies with the entities where they are now."""
    spans = [(TEXT.index(words), TEXT.index(words) + len(words), label) for words, label in NAMES]
    pipe = augury.pipeline(
        [{"text.synonym": {"fraction": 0.3}}, {"one_of": [{"text.swap": {"fraction": 0.1}}, "text.delete"]}],
        fields={"text": "text", "names": {"kind": "spans", "of": "text"}},
    )
    print(TEXT)
    for copy in range(5):
        out = pipe({"text": TEXT, "names": spans}, seed=7, id="curie", copy=copy)
        print(out["text"])
        for start, end, label in out["names"]:
            print(f"    {start:3}-{end:<3} {label:7} {out['text'][start:end]}")


if __name__ == "__main__":
    main()
