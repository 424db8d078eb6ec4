"""The conformance kit over the core's own formats."""

from augury.testing import FormatConformance, formats_of


@formats_of("augury")
class TestFormats(FormatConformance):
    """Every check of the kit on every format of the core."""
