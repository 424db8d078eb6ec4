"""What this distribution gives the registry."""

from augury.plugin import CleanerSpec, DetectorSpec, OpSpec, Plugin, hookimpl

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


@hookimpl
def augury_plugin() -> Plugin:
    """Return the ops, cleaners and detector of table rows."""
    return Plugin(
        ops=[
            OpSpec(
                "table.jitter",
                "augury_tabular.ops.jitter:Jitter",
                "Add noise to numbers, sized by each column's spread or by the value.",
                on="row",
                effect="Rows",
                examples=({"relative_to": "value", "scale": 0.05}, {"fraction": 0.5}),
            ),
            OpSpec(
                "table.swap",
                "augury_tabular.ops.swap:Swap",
                "Replace categories by others, drawn by their frequency.",
                on="row",
                effect="Rows",
                examples=({"fraction": 1.0},),
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
                "table.unit",
                "augury_tabular.ops.unit:Unit",
                "Write numbers in another unit: a factor and an offset.",
                on="row",
                effect="Rows",
                examples=({"factor": 0.5, "offset": -3.0},),
            ),
        ],
        cleaners=_CLEANERS,
        detectors=_DETECTORS,
    )
