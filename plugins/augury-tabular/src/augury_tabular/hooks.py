"""What this distribution gives the registry."""

from augury.plugin import CleanerSpec, KindSpec, OpSpec, Plugin, Spec, hookimpl

CODECS = "augury_tabular.codecs"
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


@hookimpl
def augury_plugin() -> Plugin:
    """Return the ops on table rows, and the kinds, ops and cleaners of interactions."""
    return Plugin(
        kinds=INTERACTION_KINDS,
        cleaners=INTERACTION_CLEANERS,
        ops=[
            *INTERACTION_OPS,
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
            Spec("codec.table", f"{CODECS}.table:TableCodec", "Table rows as one block of codes a column."),
            Spec("codec.history_sequence", f"{CODECS}.sequences:HistorySequence", "Histories as sequences of codes."),
            Spec(
                "codec.history_counts", f"{CODECS}.counts:HistoryCounts", "Histories as the items they hold, counted."
            ),
        ],
    )
