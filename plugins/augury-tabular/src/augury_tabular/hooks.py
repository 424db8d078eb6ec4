"""What this distribution gives the registry."""

from augury.plugin import CleanerSpec, DetectorSpec, KindSpec, OpSpec, Plugin, Spec, hookimpl

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
        "augury_tabular.ops.borderline:BorderlineSmote",
        "Make a row from one of its class at the border to others and a near one.",
        on="row",
        effect="Rows",
        examples=({"m": 3},),
    ),
    OpSpec(
        "table.adasyn",
        "augury_tabular.ops.borderline:Adasyn",
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
    OpSpec(
        "table.unit",
        "augury_tabular.ops.unit:Unit",
        "Write numbers in another unit: a factor and an offset.",
        on="row",
        effect="Rows",
        examples=({"factor": 0.5, "offset": -3.0},),
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


_CLEANERS = [
    CleanerSpec(
        "table.missing",
        "augury_tabular.cleaners:Missing",
        "Reject rows with too many missing cells.",
        on="row",
        examples=({"share": 0.0},),
    ),
    CleanerSpec(
        "table.range",
        "augury_tabular.cleaners:InRange",
        "Reject rows with a number outside a range.",
        on="row",
        examples=({"lo": 0.0, "hi": 4.0},),
    ),
    CleanerSpec(
        "table.outlier",
        "augury_tabular.cleaners:Outlier",
        "Reject training rows with a number far from its column's others.",
        on="row",
        examples=({"method": "iqr", "limit": 0.1}, {"limit": 0.5}),
    ),
]

_DETECTORS = [
    DetectorSpec(
        "table.near",
        "augury_tabular.near:Near",
        "Rows equal but for rounding and a changed or missing cell.",
        on="row",
    ),
    DetectorSpec(
        "table.cells",
        "augury_tabular.cells:Cells",
        "Rows by the cells they share, for audits.",
        on="row",
        default=False,
        audits=True,
    ),
]

HISTORY = "augury_tabular.interactions"

INTERACTION_KINDS = [
    KindSpec("interactions", f"{HISTORY}.kind:Interactions", "One user's events in time: item, rating, context."),
    KindSpec("sessions", f"{HISTORY}.sessions:Sessions", "Labelled ranges of a history's events."),
]

INTERACTION_OPS = [
    OpSpec(
        "recsys.crop",
        f"{HISTORY}.crop:Crop",
        "Keep a run of neighbouring events.",
        on="interactions",
        effect="Rope",
        examples=({"keep": "last"},),
    ),
    OpSpec(
        "recsys.reorder",
        f"{HISTORY}.reorder:Reorder",
        "Shuffle a run of neighbouring events; the times stay in order.",
        on="interactions",
        effect="Rope",
        examples=({"fraction_range": (1.0, 1.0)},),
    ),
    OpSpec(
        "recsys.mask",
        f"{HISTORY}.mask:Mask",
        "Hide events: a mask for their item, or nothing at all.",
        on="interactions",
        effect="Events",
        examples=({"how": "delete"},),
    ),
    OpSpec(
        "recsys.insert",
        f"{HISTORY}.insert:Insert",
        "Put behind events an item that goes together with theirs.",
        on="interactions",
        effect="Rope",
        examples=({"fraction": 1.0, "neighbours": 1},),
    ),
    OpSpec(
        "recsys.substitute",
        f"{HISTORY}.substitute:Substitute",
        "Replace items by ones that go together with them.",
        on="interactions",
        effect="Events",
        examples=({"fraction": 1.0, "neighbours": 1},),
    ),
    OpSpec(
        "recsys.rating_jitter",
        f"{HISTORY}.rating_jitter:RatingJitter",
        "Add noise to ratings, held to their bounds and steps.",
        on="interactions",
        effect="Events",
        examples=({"fraction": 0.5, "std": 2.0},),
    ),
    OpSpec(
        "recsys.negatives",
        f"{HISTORY}.negatives:Negatives",
        "Put behind events items the user has not met, by popularity.",
        on="interactions",
        effect="Rope",
        examples=({"per_event": 3, "popularity": 0.0},),
    ),
    OpSpec(
        "recsys.recombine",
        f"{HISTORY}.recombine:Recombine",
        "Let one user's history go on as another's does: a synthetic user.",
        on="interactions",
        effect="Rope",
        examples=({"alike": 1, "until": "any"},),
    ),
    OpSpec(
        "recsys.merge",
        f"{HISTORY}.merge:Merge",
        "Join a session with the one before it of the same user.",
        on="interactions",
        effect="Rope",
    ),
]

INTERACTION_CLEANERS = [
    CleanerSpec(
        "recsys.split_sessions",
        f"{HISTORY}.cleaners:SplitSessions",
        "Cut a history into sessions where nothing happens for long.",
        on="interactions",
        examples=({"gap": 5.0, "min_events": 2},),
    ),
    CleanerSpec(
        "recsys.few_events",
        f"{HISTORY}.cleaners:FewEvents",
        "Reject histories of too few or too many events.",
        on="interactions",
    ),
]


CODECS = [
    Spec("codec.table", "augury_tabular.codecs.table:TableCodec", "Table rows as one block of codes a column."),
    Spec(
        "codec.history_sequence",
        "augury_tabular.codecs.sequences:HistorySequence",
        "Histories as sequences of codes.",
    ),
    Spec("codec.history_counts", "augury_tabular.codecs.counts:HistoryCounts", "Histories as the items they hold."),
]


@hookimpl
def augury_plugin() -> Plugin:
    """Return what there is for table rows, for series and for histories of events."""
    series = KindSpec("series", "augury_tabular.series:Series", "A measured series, channels over time.")
    return Plugin(
        kinds=[series, *INTERACTION_KINDS],
        ops=[*ROWS, *SERIES, *INTERACTION_OPS],
        cleaners=[*_CLEANERS, *INTERACTION_CLEANERS],
        detectors=_DETECTORS,
        codecs=CODECS,
    )
