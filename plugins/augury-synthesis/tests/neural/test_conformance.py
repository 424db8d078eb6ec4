"""The kit over this distribution's synthesizers, with and without networks."""

from augury.testing import SynthesizerConformance, synthesizers_of


@synthesizers_of("augury-synthesis")
class TestSynthesizers(SynthesizerConformance):
    """Every check of the kit."""
