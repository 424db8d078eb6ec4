"""What this distribution gives the registry."""

from augury.plugin import Plugin, Spec, hookimpl


@hookimpl
def augury_plugin() -> Plugin:
    """Return the synthesizers."""
    objectives = "augury_synthesis.objectives"
    return Plugin(
        synthesizers=[
            Spec(
                "autoregressive",
                f"{objectives}.autoregressive:Autoregressive",
                "Masked likelihood, column after column: the default for tables and sequences.",
            ),
            Spec("vae", f"{objectives}.vae:Vae", "Variational autoencoder with a mixture over its latent codes."),
            Spec("gan", f"{objectives}.gan:Gan", "Adversarial network, in its first form or as WGAN-GP."),
        ]
    )
