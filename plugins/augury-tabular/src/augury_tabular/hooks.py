"""What this distribution gives the registry."""

from augury.plugin import OpSpec, Plugin, Spec, hookimpl


@hookimpl
def augury_plugin() -> Plugin:
    """Return the ops on table rows."""
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
        ],
        codecs=[
            Spec("codec.table", "augury_tabular.codecs.table:TableCodec", "Table rows as one block of codes a column."),
        ],
    )
