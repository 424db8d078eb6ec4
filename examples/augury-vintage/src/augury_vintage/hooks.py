"""What this distribution gives the registry: strings only, so that listing it imports nothing."""

from augury.plugin import CouplingSpec, KindSpec, OpSpec, Plugin, hookimpl


@hookimpl
def augury_plugin() -> Plugin:
    """Return the entries."""
    return Plugin(
        ops=[OpSpec("image.sepia", "augury_vintage.ops:Sepia", "Warm brown tint.", on="image", effect="Color")],
        kinds=[KindSpec("circles", "augury_vintage.kinds:Circles", "Circles on an image.")],
        couplings=[
            CouplingSpec(
                "vintage.stereo",
                "augury_vintage.couplings:swap_channels",
                "A mirrored picture swaps the left and right channel of the sound about it.",
                link="about",
                space="plane",
                source="image",
                destination="audio",
            )
        ],
    )
