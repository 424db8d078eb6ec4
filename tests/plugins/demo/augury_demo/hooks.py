"""What the demo distribution gives: strings only."""

from augury.plugin import CouplingSpec, EffectSpec, KindSpec, OpSpec, Plugin, hookimpl

GOOD = [
    OpSpec(
        "demo.rotate",
        "augury_demo.ops:Rotate",
        "Move letters from the front to the end.",
        "demo.letters",
        effect="Rope",
    ),
    OpSpec("demo.noop", "augury_demo.ops:Noop", "Do nothing.", "demo.letters"),
    OpSpec("demo.draw", "augury_demo.ops:Draw", "Draw a number.", "demo.letters"),
    OpSpec("demo.splice", "augury_demo.ops:Splice", "Append a donor's letters.", "demo.letters", effect="Rope"),
    OpSpec("demo.shift", "augury_demo.ops:Shift", "Add a drawn number.", "row", effect="Rows"),
    OpSpec("demo.center", "augury_demo.ops:Center", "Subtract the training mean.", "row", effect="Rows"),
    OpSpec("demo.twice", "augury_demo.ops:Twice", "Rotate twice.", "demo.letters"),
    OpSpec("demo.count", "augury_demo.ops:Count", "Put the number of marks in front.", "demo.letters", effect="Rope"),
    OpSpec("demo.split", "augury_demo.ops:Split", "Break letters into code points.", "demo.letters", effect="Convert"),
    OpSpec("demo.mix", "augury_demo.ops:Mix", "Blend rows and labels.", "row", effect="Rows"),
    OpSpec("demo.strict", "augury_demo.ops:Strict", "Refuse negative numbers.", "row", effect="Rows"),
]

BAD = [
    OpSpec("bad.clash", "augury_demo.ops:Clash", "Moves a target by itself.", "demo.letters", effect="Rope"),
    OpSpec("bad.global_random", "augury_demo.bad:GlobalRandom", "Draws from random.", "demo.letters"),
    OpSpec("bad.peeks", "augury_demo.bad:Peeks", "Looks in effect.", "demo.letters"),
    OpSpec("bad.constant", "augury_demo.bad:Constant", "Draws nothing new.", "demo.letters"),
    OpSpec("bad.tuples", "augury_demo.bad:Tuples", "Draws tuples.", "demo.letters"),
    OpSpec("bad.numpy_draw", "augury_demo.bad:NumpyDraw", "Draws numpy numbers.", "demo.letters"),
    OpSpec("bad.remembers", "augury_demo.bad:Remembers", "Counts its calls.", "demo.letters"),
    OpSpec("bad.undocumented", "augury_demo.bad:Undocumented", "No sections.", "demo.letters"),
    OpSpec("bad.writes_input", "augury_demo.bad:WritesInput", "Writes into its columns.", "row"),
    OpSpec("bad.mixes_rows", "augury_demo.bad:MixesRows", "Depends on the batch.", "row"),
    OpSpec("bad.fills_gaps", "augury_demo.bad:FillsGaps", "Fills gaps.", "row"),
    OpSpec("bad.wrong_kind", "augury_demo.bad:WrongKind", "Spec and class disagree.", "row"),
    OpSpec("bad.missing", "augury_demo.absent:Absent", "Cannot be imported.", "demo.letters"),
    OpSpec("bad.closure", "augury_demo.bad:Closure", "An effect that cannot be pickled.", "demo.letters"),
    OpSpec("bad.loose", "augury_demo.bad:Loose", "Takes any range.", "demo.letters"),
]


LETTERS = "demo.letters"


def _coupling(name: str, link: str = "sees", space: str = "text", destination: str = "demo.remarks") -> CouplingSpec:
    target = f"augury_demo.couplings:{name}"
    return CouplingSpec(f"bad.{name}", target, "Breaks a rule.", link, space, LETTERS, destination)


def _effect(id: str, name: str, by: int = 1, **exceptions: str) -> EffectSpec:
    spec = {kind: f"augury_demo.effects:{rule}" for kind, rule in exceptions.items()}
    return EffectSpec(id, f"augury_demo.effects:{name}", "Moves letters.", spec, examples=({"by": by},))


BAD_COUPLINGS = [
    _coupling("nothing"),
    _coupling("elsewhere"),
    _coupling("counts"),
    _coupling("scribbles"),
    _coupling("foreign"),
    _coupling("absent"),
    CouplingSpec("bad.link", "augury_demo.couplings:refuse", "", "of", "text", LETTERS, LETTERS),
    CouplingSpec("bad.space", "augury_demo.couplings:refuse", "", "about", "time", LETTERS, LETTERS),
    CouplingSpec("bad.target", "augury_demo.couplings:refuse", "", "about", "text", LETTERS, "demo.marks"),
    CouplingSpec("bad.kind", "augury_demo.couplings:refuse", "", "about", "text", "demo.none", LETTERS),
]

EFFECTS = [
    _effect("demo.roll", "Roll", marks="follow"),
    EffectSpec("bad.example", "augury_demo.effects:Roll", "Cannot be made without arguments."),
    _effect("bad.spaceless", "Spaceless"),
    _effect("bad.homemade", "Homemade"),
    _effect("bad.fickle", "Fickle"),
    _effect("bad.misplaced", "Misplaced"),
    _effect("bad.exception", "Roll", other="follow_map"),
]


@hookimpl
def augury_plugin() -> Plugin:
    """Return the demo's entries."""
    return Plugin(
        ops=[*GOOD, *BAD],
        couplings=[
            CouplingSpec(
                "demo.echo",
                "augury_demo.couplings:echo",
                "Counts aloud.",
                "about",
                "text",
                "demo.letters",
                "demo.letters",
            ),
            CouplingSpec(
                "demo.refuse",
                "augury_demo.couplings:refuse",
                "Refuses a.",
                "transcribes",
                "text",
                "demo.letters",
                "demo.letters",
            ),
            *BAD_COUPLINGS,
        ],
        effects=EFFECTS,
        kinds=[
            KindSpec("demo.letters", "augury_demo.kinds:Letters", "Plain text."),
            KindSpec("demo.remarks", "augury_demo.kinds:Remarks", "Text about a text."),
            KindSpec("demo.marks", "augury_demo.kinds:Marks", "Marked ranges of a text."),
            KindSpec("demo.points", "augury_demo.kinds:Points", "The code points of a text."),
            KindSpec(
                "bad.lossy", "augury_demo.kinds:Lossy", "Forgets what it packs.", {"Rope": "augury_demo.absent:rule"}
            ),
        ],
    )
