"""What this distribution gives the registry."""

from augury.plugin import CleanerSpec, CouplingSpec, DetectorSpec, KindSpec, OpSpec, Plugin, hookimpl

_KINDS = [
    KindSpec("text", "augury_text.kinds:Text", "A string; edits are ropes of pieces."),
    KindSpec("spans", "augury_text.kinds:Spans", "Labelled ranges of a text; they may overlap."),
    KindSpec("tags", "augury_text.kinds:Tags", "One tag for each token of a text; they travel with their words."),
]

_OPS = [
    OpSpec(
        "text.synonym",
        "augury_text.ops.synonym:Synonym",
        "Replace words by synonyms of their part of speech, inflected and cased alike.",
        on="text",
        effect="Rope",
        examples=({"fraction": 0.5, "senses": 3, "keep_spans": False},),
    ),
    OpSpec(
        "text.swap",
        "augury_text.ops.swap:Swap",
        "Let pairs of words change places, their tags with them.",
        on="text",
        effect="Rope",
        examples=({"fraction": 0.6, "reach": "any"},),
    ),
    OpSpec(
        "text.insert",
        "augury_text.ops.insert:Insert",
        "Insert synonyms of the text's own words at random places.",
        on="text",
        effect="Rope",
        examples=({"fraction": 0.5, "senses": 3},),
    ),
    OpSpec(
        "text.delete",
        "augury_text.ops.delete:Delete",
        "Delete words and close the gaps they leave.",
        on="text",
        effect="Rope",
        examples=({"fraction": 0.6, "min_words": 2, "keep_spans": False},),
    ),
    OpSpec(
        "text.normalize",
        "augury_text.ops.normalize:Normalize",
        "Write a text in one Unicode normal form, with plain blanks and quotes.",
        on="text",
        effect="Rope",
        examples=({"form": "NFKD", "blanks": "line", "quotes": True}, {"form": None, "blanks": None}),
    ),
    OpSpec(
        "text.fix_mojibake",
        "augury_text.ops.fix_mojibake:FixMojibake",
        "Repair text that was read in the wrong encoding.",
        on="text",
        effect="Rope",
        examples=({"entities": True},),
        hint="pip install ftfy rapidfuzz",
    ),
]

_CLEANERS = [
    CleanerSpec(
        "text.valid",
        "augury_text.cleaners:Valid",
        "Reject texts too short or too long, hardly made of letters, or with control characters.",
        on="text",
        examples=({"chars_range": (5, 60), "words_range": (2, 9), "min_letters": 0.5},),
    ),
    CleanerSpec("text.blank", "augury_text.cleaners:Blank", "Reject texts with nothing to see.", on="text"),
]

_DETECTORS = [
    DetectorSpec(
        "text.near",
        "augury_text.near:Near",
        "Texts equal but for case, punctuation, and a few words or letters.",
        on="text",
    ),
    DetectorSpec(
        "text.words",
        "augury_text.words:Words",
        "Texts by the words they share, for audits.",
        on="text",
        default=False,
        audits=True,
    ),
]

_COUPLINGS = [
    CouplingSpec(
        "text.mirror",
        "augury_text.mirror:mirror",
        "A mirrored picture swaps left and right in the caption about it.",
        link="about",
        space="plane",
        source="image",
        destination="text",
    ),
]


@hookimpl
def augury_plugin() -> Plugin:
    """Return the kinds of text, the ops that edit it, what judges it, and how a caption follows its picture."""
    return Plugin(
        kinds=_KINDS,
        ops=_OPS,
        cleaners=_CLEANERS,
        detectors=_DETECTORS,
        couplings=_COUPLINGS,
    )
