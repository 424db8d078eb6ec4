"""Specs of tones and colours, of blur, noise, weather, light, compression and medical pictures."""

from __future__ import annotations

from augury_image.specs import op

TONES = [
    op("brightness", "tone", "Brightness", "Curve", "Make lighter or darker."),
    op("contrast", "tone", "Contrast", "Curve", "Spread values about middle grey."),
    op("brightness_contrast", "tone", "BrightnessContrast", "Curve", "Change contrast, then brightness."),
    op("gamma", "tone", "Gamma", "Curve", "Raise values to a power."),
    op("posterize", "tone", "Posterize", "Curve", "Keep the highest bits.", ({"bits_range": [1, 3]},)),
    op("solarize", "tone", "Solarize", "Curve", "Invert the values above a threshold."),
    op("invert", "tone", "Invert", "Curve", "Turn into the negative."),
    op("tone_curve", "channels", "ToneCurve", "Curve", "Bend the tones by a random curve.", ({"per_channel": True},)),
    op("saturation", "color", "Saturation", "Color", "Strengthen or weaken colours."),
    op("hue", "color", "Hue", "Color", "Turn the hues."),
    op("color_jitter", "color", "ColorJitter", "Color", "Brightness, contrast, saturation and hue at once."),
]

CHANNELS = [
    op("channel_shuffle", "channels", "ChannelShuffle", "Color", "Put colour channels into another order."),
    op("channel_dropout", "channels", "ChannelDropout", "Curve", "Set colour channels to one value.",
       ({"channels_range": [1, 2], "fill": 0.5},)),
    op("rgb_shift", "channels", "RgbShift", "Curve", "Add a number of its own to each colour."),
    op("to_gray", "channels", "ToGray", "Color", "Take the colours away.", ({"method": "mean"},)),
    op("to_sepia", "channels", "ToSepia", "Color", "Tint as old photographs are.", ({"strength_range": [0.2, 0.6]},)),
    op("hue_saturation_value", "channels", "HueSaturationValue", "Pixels", "Shift hue, saturation and value of HSV."),
    op("planckian_jitter", "channels", "PlanckianJitter", "Color", "Light by a black body of another temperature."),
    op("white_balance", "channels", "WhiteBalance", "Pixels", "Make the average or the brightest part neutral.",
       ({"method": "white_patch", "strength_range": [0.3, 0.8]},)),
    op("fancy_pca", "channels", "FancyPca", "Pixels", "Shift along the axes of the picture's colours."),
]  # fmt: skip

ADAPTATION = [
    op("histogram_matching", "adaptation", "HistogramMatching", "Pixels", "Take another record's histogram."),
    op("fourier_domain_adaptation", "adaptation", "FourierDomainAdaptation", "Pixels",
       "Take another record's low frequencies.", ({"reach_range": [0.1, 0.3]},)),
    op("pixel_distribution_adaptation", "adaptation", "PixelDistributionAdaptation", "Pixels",
       "Take another record's mean and spread of colours."),
]  # fmt: skip

BLURS = [
    op("blur", "pixels", "Blur", "Pixels", "Blur with a Gaussian."),
    op("box_blur", "blurs", "BoxBlur", "Pixels", "Average over a square."),
    op("median_blur", "blurs", "MedianBlur", "Pixels", "Take the median of a square."),
    op("motion_blur", "blurs", "MotionBlur", "Pixels", "Blur along a line."),
    op("defocus", "blurs", "Defocus", "Pixels", "Blur by a disc, as a lens does."),
    op("zoom_blur", "blurs", "ZoomBlur", "Pixels", "Blur from and towards the centre."),
    op("glass_blur", "blurs", "GlassBlur", "Pixels", "Scatter pixels as frosted glass does."),
    op("advanced_blur", "blurs", "AdvancedBlur", "Pixels", "Blur by a turned, stretched, uneven Gaussian."),
]

DETAILS = [
    op("sharpen", "details", "Sharpen", "Pixels", "Sharpen by a Laplacian."),
    op("unsharp_mask", "details", "UnsharpMask", "Pixels", "Sharpen by a blurred copy.", ({"threshold": 0.04},)),
    op("emboss", "details", "Emboss", "Pixels", "Look like a relief."),
    op("ringing_overshoot", "details", "RingingOvershoot", "Pixels", "Ring at edges."),
    op("clahe", "details", "Clahe", "Pixels", "Equalize the luma in tiles.", ({"tiles": [2, 3]},)),
    op("superpixels", "details", "Superpixels", "Pixels", "Replace regions by their mean."),
]

NOISES = [
    op("noise", "pixels", "Noise", "Pixels", "Add Gaussian noise.", ({"per_channel": False},)),
    op("additive_noise", "noises", "AdditiveNoise", "Pixels", "Add noise of a chosen distribution.",
       ({"distribution": "laplace", "shared": "channels"}, {"distribution": "beta", "shared": "pixels"},
        {"distribution": "gaussian"})),
    op("multiplicative_noise", "noises", "MultiplicativeNoise", "Pixels", "Multiply by random factors.",
       ({"shared": "channels"}, {"shared": "pixels"})),
    op("shot_noise", "noises", "ShotNoise", "Pixels", "Count light in quanta.", ({"linear": False},)),
    op("iso_noise", "noises", "IsoNoise", "Pixels", "Grain and colour blotches of a sensor."),
    op("salt_and_pepper", "noises", "SaltAndPepper", "Pixels", "Set single pixels to white or black.",
       ({"per_channel": True},)),
]  # fmt: skip

LIGHT = [
    op("illumination", "lighting", "Illumination", "Pixels", "Light one side or one spot more.",
       ({"shape": "corner"}, {"shape": "spot"})),
    op("plasma_brightness", "lighting", "PlasmaBrightness", "Pixels", "Vary brightness and contrast smoothly."),
    op("plasma_shadow", "lighting", "PlasmaShadow", "Pixels", "Darken by clouds of shadow."),
    op("shadow", "lighting", "Shadow", "Pixels", "Cast shadows with soft edges."),
    op("vignetting", "lighting", "Vignetting", "Pixels", "Darken towards the corners."),
    op("bias_field", "lighting", "BiasField", "Pixels", "Multiply by a smooth field, as MR scanners do."),
]  # fmt: skip

WEATHER = [
    op("rain", "weather", "Rain", "Pixels", "Streaks of rain at several distances."),
    op("snow", "weather", "Snow", "Pixels", "Falling and lying snow."),
    op("fog", "weather", "Fog", "Pixels", "Fog in drifts."),
    op("sun_flare", "weather", "SunFlare", "Pixels", "The sun, its glow and the lens' ghosts."),
    op("spatter", "weather", "Spatter", "Pixels", "Water, mud or grit on the lens.",
       ({"material": "mud"}, {"material": "grit"})),
    op("chromatic_aberration", "weather", "ChromaticAberration", "Pixels", "Fringes of colour."),
]  # fmt: skip

COMPRESSION = [
    op("jpeg", "compression", "Jpeg", "Pixels", "Encode as JPEG and decode.", ({"sampling": "4:4:4"},)),
    op("webp", "compression", "Webp", "Pixels", "Encode as WebP and decode."),
    op("downscale", "compression", "Downscale", "Pixels", "Make smaller and as large again.",
       ({"shrink": "nearest", "grow": "cubic"},)),
]  # fmt: skip

MEDICAL = [
    op("stain_jitter", "medical", "StainJitter", "Pixels", "Vary the stains of histology.", ({"method": "macenko"},)),
    op("gibbs_ringing", "medical", "GibbsRinging", "Pixels", "Cut off the highest frequencies.", ({"axis": "x"},)),
]

RAW = [
    op("normalize", "pixels", "Normalize", "Convert", "Subtract a mean, divide by a deviation.",
       ({"mean": 0.5, "std": 0.5},)),
]  # fmt: skip

TONE = [
    *TONES, *CHANNELS, *ADAPTATION, *BLURS, *DETAILS, *NOISES, *LIGHT, *WEATHER, *COMPRESSION, *MEDICAL, *RAW,
]  # fmt: skip
"""Every op of these families."""
