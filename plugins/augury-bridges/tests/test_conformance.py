"""The conformance kit over every transform of every library that is installed."""

from importlib.util import find_spec

import pytest
from exemptions import exempt

from augury.testing import OpConformance, ops_of


def installed(library):
    """Skip a class whose library is missing."""
    return pytest.mark.skipif(find_spec(library) is None, reason=f'{library}: pip install "augury-bridges[{library}]"')


@installed("albumentations")
@ops_of("augury-bridges", "albumentations.*")
class TestAlbumentations(OpConformance):
    exempt = exempt("albumentations")


@installed("torchvision")
@ops_of("augury-bridges", "torchvision.*")
class TestTorchvision(OpConformance):
    exempt = exempt("torchvision")


@installed("kornia")
@ops_of("augury-bridges", "kornia.*")
class TestKornia(OpConformance):
    exempt = exempt("kornia")


@installed("audiomentations")
@ops_of("augury-bridges", "audiomentations.*")
class TestAudiomentations(OpConformance):
    exempt = exempt("audiomentations")


@installed("torchaudio")
@ops_of("augury-bridges", "torchaudio.*")
class TestTorchaudio(OpConformance):
    exempt = exempt("torchaudio")


@installed("librosa")
@ops_of("augury-bridges", "librosa.*")
class TestLibrosa(OpConformance):
    exempt = exempt("librosa")


@installed("nlpaug")
@ops_of("augury-bridges", "nlpaug.*")
class TestNlpaug(OpConformance):
    exempt = exempt("nlpaug")
