"""The generative contract: codecs turn fields into tensors and back, synthesizers learn tensors and make new ones.

A codec belongs to a modality and holds no model; a synthesizer knows tensors and no modality. Everything a recipe, the
command line and the evaluation know of a model is `Synthesizer`: a network, a chain of trees, SMOTE or a bootstrap.

Nothing here reads a clock, and every draw comes from a generator seeded by (seed, step or chunk, purpose): the same
model gives the same rows, and ``n`` rows are the first ``n`` of any greater number.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from augury.durable import point, sync, sync_tree
from augury.errors import DataError, EngineError, describe, shown
from augury.params import Configured

CHUNK = 1024
"""Rows that `Synthesizer.sample_chunk` makes at a time; only the last chunk of a sample is cut."""

BlockKind: TypeAlias = Literal["real", "binary", "category", "token"]
Mechanism: TypeAlias = Literal["construction", "guided", "resample"]
"""How a condition is met: by construction (exactly), guided (nearly), or by bounded resampling."""

Batch: TypeAlias = Mapping[str, np.ndarray]
"""Block name to an array whose leading axis counts rows."""

Columns: TypeAlias = Mapping[str, Any]
"""Column name to canonical values, one a row; None is a missing value."""


class Block(NamedTuple):
    """One tensor of a row.

    Args:
        name: Its name, unique in the spec.
        kind: ``real`` (float32, about [-1, 1] or standard normal), ``binary`` (0 or 1), ``category`` (one code), or
            ``token`` (codes in sequence). Codes are int32 in [0, size), never one-hot.
        shape: Without the leading row axis; () is one number a row.
        axes: What the axes are: "" scalars, "chw" pictures, "tf" time by frequency, "t" sequences. It chooses the
            backbone; one spec holds one family besides scalars.
        size: Number of codes of ``category`` and ``token``.
        masked: Whether the batch has ``name + "?"``, float32 of the same shape, 1 where the value counts. In a sequence
            it is 1 up to the row's end, alike in all masked blocks.
        ordinal: Whether the codes are in order (quantile bins), so that near codes are near values.
    """

    name: str
    kind: BlockKind
    shape: tuple[int, ...] = ()
    axes: str = ""
    size: int = 0
    masked: bool = False
    ordinal: bool = False


class TensorSpec(NamedTuple):
    """What a codec makes of a row: its blocks in order, and the names of those that conditions may fix."""

    blocks: tuple[Block, ...]
    condition: tuple[str, ...] = ()

    def block(self, name: str) -> Block:
        """Return a block by name.

        Raises:
            KeyError: when there is none.
        """
        for block in self.blocks:
            if block.name == name:
                return block
        raise KeyError(name)


class Between(NamedTuple):
    """A condition on a number or a moment: ``lo <= value <= hi``; None is open."""

    lo: Any = None
    hi: Any = None


class Condition(NamedTuple):
    """What sampled rows must satisfy, in the codec's terms.

    Args:
        fixed: Block to an array of codes or values: one for all rows, or one a row (``partial`` conditions).
        allowed: Block to the codes that may be drawn (``class`` and ``range`` conditions).
    """

    fixed: Mapping[str, np.ndarray] = {}
    allowed: Mapping[str, np.ndarray] = {}


class Codec(Configured):
    """Base of all codecs: numpy only, no model inside, no state of its own.

    Class attributes:
        on: The kinds it encodes.
    """

    on: ClassVar[str | tuple[str, ...]] = ""

    def fit(self, rows: Columns, schema: Mapping[str, Any]) -> Any:
        """Return a state (JSON values and numpy arrays): a function of the set of training rows, not of their order.

        ``schema`` maps column to `FieldSpec`. Constraints never come here: `augury.constraints.Plan` has put the
        columns into terms that cannot break them, and takes them back afterwards, for every codec alike.
        """
        raise NotImplementedError

    def spec(self, state: Any) -> TensorSpec:
        """Return the tensors of a row."""
        raise NotImplementedError

    def encode(self, state: Any, rows: Columns) -> Batch:
        """Return rows as tensors."""
        raise NotImplementedError

    def decode(self, state: Any, batch: Batch, keys: np.ndarray) -> dict[str, list[Any]]:
        """Return tensors as columns of canonical values.

        ``keys`` is one uint64 a row: new ids and the place inside a bin come from it, so a row is a function of its
        tensors and its key.
        """
        raise NotImplementedError

    def narrow(self, state: Any, where: Mapping[str, Any]) -> tuple[Any, Condition]:
        """Return a condition on columns in the codec's terms, and the state to decode with under it.

        ``where`` maps a column to a value, a list of values, or `Between`. Rows whose codes meet the condition and
        that are decoded with the state meet ``where``, whatever their key: nothing is drawn in vain.

        Raises:
            DataError: for an unknown column or value, with the nearest ones.
        """
        raise DataError(describe(self.entry_id, "no condition: this codec takes none", dict(where)))

    def notes(self, state: Any) -> Sequence[str]:
        """Return what a user should know of how columns are kept, a sentence each."""
        return ()


class Refusal(NamedTuple):
    """Why a synthesizer does not take a spec, and what to do instead."""

    reason: str
    fix: str = ""


class Budget(NamedTuple):
    """How long a fit may take, in steps and never in seconds.

    Args:
        steps: The most optimizer steps; None is the synthesizer's own default.
        patience: Validations without improvement after which training stops; None is the synthesizer's own.
        threads: Threads inside a step. Part of what the model is a function of.
    """

    steps: int | None = None
    patience: int | None = None
    threads: int = 1


DEFAULT_BUDGET = Budget()


class Caps(NamedTuple):
    """What a synthesizer can do.

    Args:
        conditions: ``class``, ``range``, ``partial`` (some columns given) to how it is met; what is absent is refused.
        target_aware: Whether it is told the target column (and is then shown apart in evaluations).
        stores_rows: Whether a saved model holds training rows.
        bit_exact: Whether the same fit gives the same model bit for bit on CPU.
    """

    conditions: Mapping[str, Mechanism] = {}
    target_aware: bool = False
    stores_rows: bool = False
    bit_exact: bool = True


class Synthesizer(Configured):
    """Base of all synthesizers. Parameters are frozen; what is learned is kept on the object that `fit` returns.

    Class attributes:
        caps: What it can do.
    """

    caps: ClassVar[Caps] = Caps()

    def supports(self, spec: TensorSpec, rows: int) -> Refusal | None:
        """Return why it cannot learn ``rows`` rows of such tensors, or None when it can. Cheap."""
        return None

    def fit(
        self,
        train: Batch,
        spec: TensorSpec,
        *,
        seed: int,
        budget: Budget = DEFAULT_BUDGET,
        target: str | None = None,
        checkpoint: Path | None = None,
        observe: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> Model:
        """Return a model of the training rows.

        Args:
            train: Tensors, all of one length; may be memory-mapped. Not changed.
            spec: What they are.
            seed: What all randomness of the fit comes from.
            budget: Steps, patience, threads.
            target: The block of the target column, for synthesizers that are ``target_aware``; others are not told.
            checkpoint: A folder that progress is kept in, and resumed from when it holds some of the same fit.
            observe: Called with ``{"step", "steps", ...losses}`` now and then, for progress and trackers.

        Raises:
            DataError: for data that cannot be learned, with what to change.
            EngineError: when the disk or memory fails; no half-written model is left.
        """
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Return the model that a `fit` of this synthesizer made and `Model.save` wrote.

        Raises:
            DataError: when the folder holds none, or a damaged one.
        """
        raise NotImplementedError


class Model:
    """What a synthesizer has learned. Immutable."""

    def sample_chunk(self, index: int, rows: int, condition: Condition | None = None) -> Batch:
        """Return the first ``rows`` (at most `CHUNK`) rows of chunk ``index``: pure in (model, index, condition).

        Raises:
            DataError: when a condition cannot be met: which, and how many rows of how many tries met it.
        """
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write the model into ``folder``, a new one: safetensors and JSON, whole or not at all (`complete`).

        Raises:
            EngineError: when the disk refuses; nothing is left behind.
        """
        raise NotImplementedError


@contextmanager
def complete(folder: Path) -> Iterator[Path]:
    """Yield a folder to write in, which becomes ``folder`` when all is on the disk and is removed when anything fails.

    Raises:
        EngineError: when ``folder`` exists, or the disk refuses; nothing is left behind.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fix = "give another folder, or remove this one"
        raise EngineError(describe(str(folder), "a new folder", shown("one that holds something"), fix=fix))
    shutil.rmtree(partial, ignore_errors=True)  # what a killed process left behind
    try:
        point("write")
        partial.mkdir(parents=True)
        yield partial
        point("written")
        sync_tree(partial)
        point("synced")
        partial.replace(folder)
        point("renamed")
        sync(folder.parent)
    except OSError as error:
        fix = "make room, or give a folder you may write to"
        raise EngineError(describe(str(folder), "a folder to write to", shown(str(error)), fix=fix)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
