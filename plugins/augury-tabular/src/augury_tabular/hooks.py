"""What this distribution gives the registry."""

from augury.plugin import KindSpec, OpSpec, Plugin, hookimpl

ROWS = [
    OpSpec(
        "table.jitter",
        "augury_tabular.ops.jitter:Jitter",
        "Add noise to numbers, sized by each column's spread or by the value.",
        on="row",
        effect="Rows",
        version=2,
        examples=(
            {"relative_to": "value", "scale": 0.05},
            {"relative_to": "quantile", "scale": 0.02},
            {"fraction": 0.5},
        ),
    ),
    OpSpec(
        "table.swap",
        "augury_tabular.ops.swap:Swap",
        "Replace categories by others, drawn by frequency or likeness.",
        on="row",
        effect="Rows",
        version=2,
        examples=({"fraction": 1.0}, {"fraction": 1.0, "by": "similarity"}),
    ),
    OpSpec(
        "table.smote",
        "augury_tabular.ops.smote:Smote",
        "Move a row towards one of its nearest neighbours of the same class.",
        on="row",
        effect="Rows",
        examples=({"k": 1},),
    ),
    OpSpec(
        "table.mixup",
        "augury_tabular.ops.mixup:Mixup",
        "Mix a row with another one, their labels too.",
        on="row",
        effect="Rows",
        examples=({"alpha": 1.0},),
    ),
    OpSpec(
        "table.smotenc",
        "augury_tabular.ops.smote:Smotenc",
        "Move a row towards a near row of its class, categories to the most frequent around.",
        on="row",
        effect="Rows",
        examples=({"k": 1},),
    ),
    OpSpec(
        "table.borderline_smote",
        "augury_tabular.ops.smote:BorderlineSmote",
        "Make a row from one of its class at the border to others and a near one.",
        on="row",
        effect="Rows",
        examples=({"m": 3},),
    ),
    OpSpec(
        "table.adasyn",
        "augury_tabular.ops.smote:Adasyn",
        "Make rows where other classes surround the row's own.",
        on="row",
        effect="Rows",
        examples=({"k": 2},),
    ),
    OpSpec(
        "table.cutmix",
        "augury_tabular.ops.cutmix:Cutmix",
        "Take some columns from another row, their labels mixed by the share.",
        on="row",
        effect="Rows",
        examples=({"alpha": 0.5},),
    ),
    OpSpec(
        "table.bootstrap",
        "augury_tabular.ops.bootstrap:Bootstrap",
        "Replace a row by a training row of its class.",
        on="row",
        effect="Rows",
    ),
    OpSpec(
        "table.copula",
        "augury_tabular.ops.copula:Copula",
        "Draw a row anew from a Gaussian copula of its class.",
        on="row",
        effect="Rows",
    ),
    OpSpec(
        "table.mask",
        "augury_tabular.ops.mask:Mask",
        "Take values away: at random, by another column, or by the value.",
        on="row",
        effect="Rows",
        examples=({"fraction": 0.4, "mechanism": "mnar"},),
    ),
    OpSpec(
        "table.impute",
        "augury_tabular.ops.impute:Impute",
        "Fill missing values from the training side.",
        on="row",
        effect="Rows",
        examples=({"method": "centre"},),
    ),
    OpSpec(
        "table.date_shift",
        "augury_tabular.ops.date_shift:DateShift",
        "Move a row's dates together.",
        on="row",
        effect="Rows",
        examples=({"unit": "hours", "together": False},),
    ),
]

SERIES = [
    OpSpec(
        "series.jitter",
        "augury_tabular.ops.series:SeriesJitter",
        "Add noise to a series, sized by each channel's spread.",
        on="series",
        effect="Samples",
        examples=({"scale": 0.5},),
    ),
    OpSpec(
        "series.scale",
        "augury_tabular.ops.series:SeriesScale",
        "Multiply each channel of a series by a factor.",
        on="series",
        effect="Samples",
    ),
    OpSpec(
        "series.magnitude_warp",
        "augury_tabular.ops.series:MagnitudeWarp",
        "Multiply each channel of a series by a smooth curve.",
        on="series",
        effect="Samples",
        examples=({"knots": 0},),
    ),
    OpSpec(
        "series.time_warp",
        "augury_tabular.ops.series:TimeWarp",
        "Let the time of a series run faster here and slower there.",
        on="series",
        effect="Time",
    ),
    OpSpec(
        "series.window_slice",
        "augury_tabular.ops.series:WindowSlice",
        "Keep a window of a series.",
        on="series",
        effect="Time",
        examples=({"resize": True},),
    ),
    OpSpec(
        "series.permute",
        "augury_tabular.ops.series:Permute",
        "Put pieces of a series together in another order.",
        on="series",
        effect="Time",
    ),
]


@hookimpl
def augury_plugin() -> Plugin:
    """Return the ops on table rows and on series, and the kind of series."""
    kind = KindSpec("series", "augury_tabular.series:Series", "A measured series, channels over time.")
    return Plugin(kinds=[kind], ops=[*ROWS, *SERIES])
