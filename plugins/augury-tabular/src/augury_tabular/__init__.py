"""Tables for augury: row operations that keep types, bounds, category sets and missing values.

The ops are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury import lazy

if TYPE_CHECKING:
    from augury_tabular.ops.bootstrap import Bootstrap as Bootstrap
    from augury_tabular.ops.borderline import Adasyn as Adasyn
    from augury_tabular.ops.borderline import BorderlineSmote as BorderlineSmote
    from augury_tabular.ops.copula import Copula as Copula
    from augury_tabular.ops.cutmix import Cutmix as Cutmix
    from augury_tabular.ops.date_shift import DateShift as DateShift
    from augury_tabular.ops.impute import Impute as Impute
    from augury_tabular.ops.jitter import Jitter as Jitter
    from augury_tabular.ops.mask import Mask as Mask
    from augury_tabular.ops.mixup import Mixup as Mixup
    from augury_tabular.ops.series import MagnitudeWarp as MagnitudeWarp
    from augury_tabular.ops.series import Permute as Permute
    from augury_tabular.ops.series import SeriesJitter as SeriesJitter
    from augury_tabular.ops.series import SeriesScale as SeriesScale
    from augury_tabular.ops.series import TimeWarp as TimeWarp
    from augury_tabular.ops.series import WindowSlice as WindowSlice
    from augury_tabular.ops.smote import Smote as Smote
    from augury_tabular.ops.smote import Smotenc as Smotenc
    from augury_tabular.ops.swap import Swap as Swap
    from augury_tabular.series import Series as Series

_LAZY = {
    "Adasyn": "augury_tabular.ops.borderline",
    "Bootstrap": "augury_tabular.ops.bootstrap",
    "BorderlineSmote": "augury_tabular.ops.borderline",
    "Copula": "augury_tabular.ops.copula",
    "Cutmix": "augury_tabular.ops.cutmix",
    "DateShift": "augury_tabular.ops.date_shift",
    "Impute": "augury_tabular.ops.impute",
    "Jitter": "augury_tabular.ops.jitter",
    "Mask": "augury_tabular.ops.mask",
    "Mixup": "augury_tabular.ops.mixup",
    "Smote": "augury_tabular.ops.smote",
    "Smotenc": "augury_tabular.ops.smote",
    "Swap": "augury_tabular.ops.swap",
    "MagnitudeWarp": "augury_tabular.ops.series",
    "Permute": "augury_tabular.ops.series",
    "SeriesJitter": "augury_tabular.ops.series",
    "SeriesScale": "augury_tabular.ops.series",
    "TimeWarp": "augury_tabular.ops.series",
    "WindowSlice": "augury_tabular.ops.series",
    "Series": "augury_tabular.series",
}

__all__ = [
    "Adasyn",
    "Bootstrap",
    "BorderlineSmote",
    "Copula",
    "Cutmix",
    "DateShift",
    "Impute",
    "Jitter",
    "MagnitudeWarp",
    "Mask",
    "Mixup",
    "Permute",
    "Series",
    "SeriesJitter",
    "SeriesScale",
    "Smote",
    "Smotenc",
    "Swap",
    "TimeWarp",
    "WindowSlice",
]

__getattr__ = lazy.names(__name__, _LAZY)
