"""Which items go together, fitted on the training side: what insert and substitute draw from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from augury.rng import Rng
from augury_tabular.interactions.history import History

_BLOCK_ITEMS = 1024
NOBODY = -1


def correlations(histories: Iterable[History], without: str, neighbours: int) -> dict[str, Any]:
    """Return each item's most correlated ones.

    ``items`` are sorted; ``near`` int32 (items, neighbours) holds their numbers, -1 where there is none, and ``weight``
    float64 of the same shape how much they go together.

    Users who met both items count 1 / log2(1 + how many items they met), and the sum is divided by the root of the
    product of both items' numbers of users (item-based filtering with inverse user frequency: Breese, Heckerman and
    Kadie, 1998). Items that no user shares are no neighbours; equal ones are in order of their names.

    Args:
        histories: Of the training side, in a fixed order.
        without: An item that is passed by: the mask.
        neighbours: How many are kept of each item.

    Cost: time O(sum of squared items of a user); memory the users' different items, and 1024 items' neighbours.
    """
    from scipy import sparse

    sets = [sorted(set(history.item.tolist()) - {without}) for history in histories]
    items = sorted({item for met in sets for item in met})
    number = {item: i for i, item in enumerate(items)}
    columns = np.array([number[item] for met in sets for item in met], dtype=np.int64)
    sizes = np.array([len(met) for met in sets], dtype=np.int64)
    rows = np.repeat(np.arange(len(sets)), sizes)
    met = sparse.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=(len(sets), len(items)))
    weighted = sparse.diags_array(1 / np.log2(1 + np.maximum(sizes, 1))) @ met
    users = np.maximum(np.asarray(met.sum(axis=0)).ravel(), 1)
    near = np.full((len(items), neighbours), NOBODY, dtype=np.int32)
    weight = np.zeros((len(items), neighbours))
    by_item = met.T.tocsr()
    for start in range(0, len(items), _BLOCK_ITEMS):
        block = (by_item[start : start + _BLOCK_ITEMS] @ weighted).tocsr()
        for i in range(block.shape[0]):
            a, b = block.indptr[i : i + 2]
            _rank(start + i, block.indices[a:b], block.data[a:b], users, near, weight)
    return {"items": items, "near": near, "weight": weight}


def _rank(
    item: int, others: np.ndarray, shared: np.ndarray, users: np.ndarray, near: np.ndarray, weight: np.ndarray
) -> None:
    """Write an item's most correlated others, the best first."""
    apart = others != item
    others, shared = others[apart], shared[apart]
    strength = shared / np.sqrt(users[item] * users[others])
    best = np.lexsort((others, -strength))[: near.shape[1]]
    near[item, : len(best)] = others[best]
    weight[item, : len(best)] = strength[best]


def partner(rng: Rng, state: Mapping[str, Any], item: str, allowed: Sequence[str] = ()) -> str | None:
    """Return an item drawn from another's neighbours by how much they go together; None where it has none.

    Args:
        rng: Always asked for one number.
        state: What `correlations` returned.
        item: The item; one that was not fitted has no neighbours.
        allowed: The catalogue; empty allows all.
    """
    items: list[str] = state["items"]
    place = bisect_left(items, item)
    if place == len(items) or items[place] != item:
        return None
    near = [
        (items[i], w) for i, w in zip(state["near"][place].tolist(), state["weight"][place].tolist()) if i != NOBODY
    ]
    near = [(name, w) for name, w in near if not allowed or name in allowed]
    return near[rng.weighted([w for _, w in near])][0] if near else None
