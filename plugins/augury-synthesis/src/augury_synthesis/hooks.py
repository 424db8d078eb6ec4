"""What this distribution gives the registry."""

from augury.plugin import Plugin, Spec, hookimpl

CLASSICAL = "augury_synthesis.classical"
OBJECTIVES = "augury_synthesis.objectives"


@hookimpl
def augury_plugin() -> Plugin:
    """Return the synthesizers."""
    return Plugin(
        synthesizers=[
            Spec(
                "synth.autoregressive",
                f"{OBJECTIVES}.autoregressive:Autoregressive",
                "Network, column after column: the default for tables and sequences.",
            ),
            Spec("synth.vae", f"{OBJECTIVES}.vae:Vae", "Network: autoencoder with a mixture over its latent."),
            Spec("synth.gan", f"{OBJECTIVES}.gan:Gan", "Network: generator against critic, first form or WGAN-GP."),
            Spec(
                "synth.forest",
                f"{CLASSICAL}.forest:SequentialForest",
                "Trees, column after column: the first look.",
            ),
            Spec("synth.forest_target", f"{CLASSICAL}.forest:TargetForest", "The same, the target drawn first."),
            Spec("synth.copula", f"{CLASSICAL}.copula:Copula", "Frequencies, and one correlation matrix."),
            Spec("synth.smotenc", f"{CLASSICAL}.smotenc:Smotenc", "Training rows moved towards their neighbours."),
            Spec("synth.bootstrap", f"{CLASSICAL}.bootstrap:Bootstrap", "Training rows drawn again."),
            Spec("synth.marginals", f"{CLASSICAL}.marginals:Marginals", "Every column drawn alone."),
        ],
    )
