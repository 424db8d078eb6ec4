# ruff: noqa: E501 -- tables of names
"""What no signature tells of a transform: whether it moves things, example parameters, why it cannot be an op.

Roles, for images: "still" changes values alone; "recolours" may change channels or dtype as well; "moves" moves
things, seen by a probe; "unknown" may move or hide things in ways the probe cannot tell from changed colours. For
sound: "still" keeps the length and moves nothing; "scales" spreads a change of length evenly; "copies" copies samples
elsewhere, seen by a probe; "tells" has an adapter that tells; "unknown" is the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VOLUME = ("acts on volumes, and no kind here holds them", "use its two-dimensional form")
OTHERS = ("needs another image at the call", "use image.mosaic, image.mixup, image.cutmix or image.copy_paste")
MIXES = ("mixes a batch of records", "use image.mosaic, image.mixup or image.cutmix")
CALLABLE = ("takes a function, which a recipe cannot hold", "use augury.transform")
CONTAINER = ("is a container of other transforms", "use one_of, some_of or sequence of the recipe")
DTYPE = ("changes the array's type for a model", "leave it to the codec that makes tensors")
BOXES = ("is drawn from the boxes themselves", "use image.crop")
MASKS = ("needs a mask at the call", "use image.erase")
TARGETS = ("acts on boxes or keypoints alone", "set min_visibility of the boxes field")
RAW = ("leaves the range [0, 1]", "use image.normalize")
SPECTRUM = ("acts on spectrograms or makes them, and no kind here holds them", "use the codec that makes them")
NUMBER = ("returns numbers about the sound, not sound", "call it in a metric")
SECOND = ("needs a second recording at the call", "use audio.background")
RATE = ("changes the sampling rate", "resample the files before they are collected")
WEIGHTS = ("needs a language model that is downloaded", "use the text plugin's ops")

REFUSED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "albumentations": {
        **dict.fromkeys(("CenterCrop3D", "CoarseDropout3D", "CubicSymmetry", "Pad3D", "PadIfNeeded3D", "RandomCrop3D",
                         "ToTensor3D"), VOLUME),
        **dict.fromkeys(("FDA", "HistogramMatching", "PixelDistributionAdaptation", "Mosaic", "OverlayElements"), OTHERS),
        **dict.fromkeys(("AtLeastOneBBoxRandomCrop", "BBoxSafeRandomCrop", "RandomSizedBBoxSafeCrop",
                         "RandomCropNearBBox", "ConstrainedCoarseDropout"), BOXES),
        **dict.fromkeys(("MaskDropout", "CropNonEmptyMaskIfExists"), MASKS),
        "Lambda": CALLABLE, "Normalize": RAW, "ToTensorV2": DTYPE,
        "TextImage": ("needs texts and their boxes at the call", "draw the texts before the records are collected"),
    },
    "torchvision": {
        **dict.fromkeys(("ClampBoundingBoxes", "ClampKeyPoints", "ConvertBoundingBoxFormat", "SanitizeBoundingBoxes",
                         "SanitizeKeyPoints", "SetClampingMode"), TARGETS),
        **dict.fromkeys(("Compose", "RandomApply", "RandomChoice", "RandomOrder"), CONTAINER),
        **dict.fromkeys(("ConvertImageDtype", "PILToTensor", "ToDtype", "ToImage", "ToPILImage", "ToPureTensor",
                         "ToTensor"), DTYPE),
        **dict.fromkeys(("CutMix", "MixUp"), MIXES),
        **dict.fromkeys(("FiveCrop", "TenCrop"), ("returns several images", "use copies of the run with a crop")),
        "Lambda": CALLABLE, "LinearTransformation": RAW, "Normalize": RAW, "RandomIoUCrop": BOXES,
        "UniformTemporalSubsample": ("acts on videos, and no kind here holds them", "sample frames in clean"),
    },
    "kornia": {
        **dict.fromkeys(("CenterCrop3D", "RandomAffine3D", "RandomCrop3D", "RandomDepthicalFlip3D", "RandomEqualize3D",
                         "RandomHorizontalFlip3D", "RandomMotionBlur3D", "RandomPerspective3D", "RandomRotation3D",
                         "RandomTransplantation3D", "RandomVerticalFlip3D"), VOLUME),
        **dict.fromkeys(("PatchMix", "RandomCutMixV2", "RandomMixUpV2", "RandomMosaic", "RandomTransplantation"), MIXES),
        **dict.fromkeys(("AugmentationSequential", "ImageSequential", "PatchSequential", "VideoSequential",
                         "ManyToManyAugmentationDispather", "ManyToOneAugmentationDispather"), CONTAINER),
        **dict.fromkeys(("Normalize", "Denormalize"), RAW),
        "RandomDissolving": ("needs a diffusion model that is downloaded", "use image.mixup"),
    },
    "audiomentations": {
        **dict.fromkeys(("Compose", "OneOf", "SomeOf"), CONTAINER),
        "Lambda": CALLABLE,
    },
    "torchaudio": {
        **dict.fromkeys(("AmplitudeToDB", "ComputeDeltas", "FrequencyMasking", "GriffinLim", "InverseMelScale",
                         "InverseSpectrogram", "LFCC", "MFCC", "MVDR", "MelScale", "MelSpectrogram", "PSD", "RTFMVDR",
                         "SlidingWindowCmn", "SoudenMVDR", "SpecAugment", "Spectrogram", "TimeMasking", "TimeStretch",
                         "amplitude_to_DB", "compute_deltas", "DB_to_amplitude", "griffinlim", "mask_along_axis",
                         "mask_along_axis_iid", "phase_vocoder", "sliding_window_cmn", "spectrogram",
                         "inverse_spectrogram", "apply_beamforming"), SPECTRUM),
        **dict.fromkeys(("Loudness", "SpectralCentroid", "RNNTLoss", "loudness", "detect_pitch_frequency",
                         "spectral_centroid"), NUMBER),
        **dict.fromkeys(("AddNoise", "Convolve", "FFTConvolve", "add_noise", "convolve", "fftconvolve"), SECOND),
        **dict.fromkeys(("Resample", "resample"), RATE),
        **dict.fromkeys(("MuLawEncoding", "MuLawDecoding", "mu_law_encoding", "mu_law_decoding"),
                        ("turns samples into codes or back", "leave it to the codec that makes tensors")),
        **dict.fromkeys(("lfilter", "filtfilt"), ("takes its coefficients as tensors", "use torchaudio.biquad")),
    },
    "librosa": {
        "hpss": ("returns two recordings", "use librosa.harmonic or librosa.percussive"),
        "remix": ("needs intervals at the call", "use audio.shift or audio.crop"),
        "split": NUMBER,
    },
    "nlpaug": {
        **dict.fromkeys(("BackTranslationAug", "ContextualWordEmbsAug", "AbstSummAug", "ContextualWordEmbsForSentenceAug",
                         "LambadaAug"), WEIGHTS),
        "RandomSentAug": ("acts on lists of sentences", "use the text plugin's ops"),
        **dict.fromkeys(("FrequencyMaskingAug", "TimeMaskingAug"), SPECTRUM),
    },
}  # fmt: skip

NOT_TRANSFORMS = frozenset(
    [
        "create_dct",
        "melscale_fbanks",
        "linear_fbanks",
        "forced_align",
        "merge_tokens",
        "TokenSpan",
        "edit_distance",
        "rnnt_loss",
        "psd",
        "mvdr_weights_souden",
        "mvdr_weights_rtf",
        "rtf_evd",
        "rtf_power",
        "frechet_distance",
        "Transform",
        "AugmentationBase2D",
        "AugmentationBase3D",
        "GeometricAugmentationBase2D",
        "GeometricAugmentationBase3D",
        "IntensityAugmentationBase2D",
        "IntensityAugmentationBase3D",
        "MixAugmentationBaseV2",
        "RigidAffineAugmentationBase2D",
        "RigidAffineAugmentationBase3D",
    ]
)
"""Public names that are bases, measures or parts of other transforms."""

ROLES: Mapping[str, Mapping[str, str]] = {
    "albumentations": {
        **dict.fromkeys(("PixelDropout",), "still"),
        **dict.fromkeys(("ToGray", "ToRGB", "ToFloat", "FromFloat"), "recolours"),
        **dict.fromkeys(("CoarseDropout", "Erasing", "FrequencyMasking", "GridDropout", "Morphological",
                         "RandomGridShuffle", "TimeMasking", "XYMasking"), "unknown"),
    },
    "torchvision": {
        **dict.fromkeys(("CenterCrop", "ElasticTransform", "Pad", "RandomAffine", "RandomCrop",
                         "RandomHorizontalFlip", "RandomPerspective", "RandomResize", "RandomResizedCrop", "RandomRotation",
                         "RandomShortestSize", "RandomVerticalFlip", "RandomZoomOut", "Resize", "ScaleJitter"), "moves"),
        **dict.fromkeys(("AugMix", "AutoAugment", "RandAugment", "RandomErasing", "TrivialAugmentWide"), "unknown"),
        **dict.fromkeys(("Grayscale", "RGB"), "recolours"),
    },
    "kornia": {
        **dict.fromkeys(("RandomElasticTransform", "RandomFisheye", "RandomThinPlateSpline"), "moves"),
        **dict.fromkeys(("RandomErasing", "RandomJigsaw"), "unknown"),
    },
    "audiomentations": {
        **dict.fromkeys(("AdjustDuration", "Padding", "Reverse", "Shift"), "copies"),
        **dict.fromkeys(("RepeatPart", "RoomSimulator", "Trim"), "unknown"),
        "Resample": "scales", "TimeStretch": "tells",
    },
    "torchaudio": {**dict.fromkeys(("Speed", "SpeedPerturbation", "speed"), "scales"),
                   **dict.fromkeys(("Vad", "vad"), "unknown")},
    "librosa": {"time_stretch": "scales", "trim": "tells"},
    "nlpaug": dict.fromkeys(("CropAug", "ShiftAug", "SpeedAug", "VtlpAug"), "unknown"),
}  # fmt: skip

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "albumentations.Crop": ("x_max", "y_max"),
    "albumentations.CropAndPad": ("percent",),
    "albumentations.LongestMaxSize": ("max_size",),
    "albumentations.SmallestMaxSize": ("max_size",),
    "audiomentations.AdjustDuration": ("duration_seconds",),
    "nlpaug.TfIdfAug": ("model_path",),
}
"""Parameters that must be given although the signature has a default: it is no usable one."""

NEEDS: Mapping[str, tuple[str, str]] = {
    "audiomentations.Limiter": ("numpy_audio_limiter", "numpy-audio-limiter"),
    "audiomentations.LoudnessNormalization": ("loudness", "loudness"),
    "audiomentations.Mp3Compression": ("fast_mp3_augment", "fast-mp3-augment"),
    "audiomentations.RoomSimulator": ("pyroomacoustics", "pyroomacoustics"),
}
"""The module, and the package that has it, that a transform needs beyond its library's own requirements."""

EXAMPLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "albumentations": {
        "Crop": {"x_max": 20, "y_max": 12}, "CropAndPad": {"percent": 0.1}, "LongestMaxSize": {"max_size": 40},
        "SmallestMaxSize": {"max_size": 24},
        "CenterCrop": {"height": 12, "width": 20}, "RandomCrop": {"height": 12, "width": 20},
        "RandomResizedCrop": {"size": [24, 32]}, "Resize": {"height": 24, "width": 40},
        "RandomSizedCrop": {"min_max_height": [10, 18], "size": [24, 32]},
        "GridElasticDeform": {"num_grid_xy": [4, 4], "magnitude": 1},
    },
    "torchvision": {
        "CenterCrop": {"size": [12, 20]}, "GaussianBlur": {"kernel_size": 5}, "JPEG": {"quality": [30, 60]},
        "Pad": {"padding": 4}, "RandomAdjustSharpness": {"sharpness_factor": 2.0}, "RandomAffine": {"degrees": 20},
        "RandomCrop": {"size": [12, 20], "pad_if_needed": True}, "RandomPosterize": {"bits": 3},
        "RandomResize": {"min_size": 20, "max_size": 40}, "RandomResizedCrop": {"size": [24, 32]},
        "RandomRotation": {"degrees": 20}, "RandomShortestSize": {"min_size": [20, 28]},
        "RandomSolarize": {"threshold": 0.5}, "Resize": {"size": [24, 40]}, "ScaleJitter": {"target_size": [32, 48]},
    },
    "kornia": {
        "CenterCrop": {"size": [12, 20]}, "LongestMaxSize": {"max_size": 40}, "PadTo": {"size": [40, 60]},
        "RandomAffine": {"degrees": 20.0}, "RandomCrop": {"size": [12, 20], "pad_if_needed": True},
        "RandomFisheye": {"center_x": [-0.1, 0.1], "center_y": [-0.1, 0.1], "gamma": [0.9, 1.1]},
        "RandomGaussianBlur": {"kernel_size": [3, 3], "sigma": [0.5, 1.5]},
        "RandomMotionBlur": {"kernel_size": 3, "angle": 35.0, "direction": 0.5},
        "RandomResizedCrop": {"size": [24, 32]}, "RandomRotation": {"degrees": 20.0},
        "RandomRotation90": {"times": [1, 3]}, "RandomShear": {"shear": 10.0}, "Resize": {"size": [24, 40]},
        "SmallestMaxSize": {"max_size": 24},
    },
    "audiomentations": {"AdjustDuration": {"duration_seconds": 0.4}},
    "torchaudio": {
        "PitchShift": {"n_steps": 12}, "Speed": {"factor": 1.25}, "SpeedPerturbation": {"factors": [0.8, 1.0, 1.25]},
        "Vol": {"gain": 0.5}, "allpass_biquad": {"central_freq": 1000.0}, "band_biquad": {"central_freq": 1000.0},
        "bandpass_biquad": {"central_freq": 1000.0}, "bandreject_biquad": {"central_freq": 1000.0},
        "bass_biquad": {"gain": 6.0}, "biquad": {"b0": 0.2, "b1": 0.2, "b2": 0.0, "a0": 1.0, "a1": -0.6, "a2": 0.0},
        "dcshift": {"shift": 0.1}, "equalizer_biquad": {"center_freq": 1000.0, "gain": 6.0},
        "highpass_biquad": {"cutoff_freq": 300.0}, "lowpass_biquad": {"cutoff_freq": 2000.0},
        "treble_biquad": {"gain": 6.0}, "pitch_shift": {"n_steps": 12}, "speed": {"factor": 1.25},
    },
    "librosa": {"time_stretch": {"rate": 1.25}, "pitch_shift": {"n_steps": 2.0}},
    "nlpaug": {"ReservedAug": {"reserved_tokens": [["quick", "swift", "fast"]]}},
}  # fmt: skip
