"""The demo distribution, installed for the pipelines' tests."""

import pytest

from tests.plugins.demo_dist import demo_installed


@pytest.fixture(scope="module", autouse=True)
def demo(tmp_path_factory):
    """Have the demo distribution installed."""
    with demo_installed(tmp_path_factory.mktemp("site")):
        yield
