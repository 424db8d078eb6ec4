"""Networks between a latent vector or a row and the heads, one family for each kind of axes."""

from augury_synthesis.backbones.base import Backbone, backbones
from augury_synthesis.backbones.flat import Flat
from augury_synthesis.backbones.steps import Steps

__all__ = ["Backbone", "Flat", "Steps", "backbones"]
