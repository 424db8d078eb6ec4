"""Phase vocoder: time and pitch changed in one time-frequency pass.

Each output frame is an input frame taken where the time map says, its spectrum turned by one unit phasor a
peak (identity phase locking), so that every partial runs on where the frame before left it. The phasors come
from a second input frame one hop earlier: no angle, sine or unwrapping is computed. Pitch costs nothing more:
the frame is transformed back at another length, which resamples it within its band.

At an attack the phasors start again at 1, which keeps its waveform together. All channels share the phasors,
so the stereo image stays as it is.

Reference: Puckette, Phase-Locked Vocoder, 1995; Laroche and Dolson, Improved Phase Vocoder Time-Scale
Modification of Audio, 1999; Röbel, A New Approach to Transient Processing in the Phase Vocoder, 2003.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from augury_audio.stft import HANN_GAIN, OVERLAP, Samples, hann, overlap_add, window_length

# A peak whose power grew more than this within a hop may be an attack; it is one where such peaks hold at
# least this share of the frame's power. Tuned on speech, environmental sounds and a trumpet.
_ATTACK_RISE = 4.0
_ATTACK_SHARE = 0.5

# Frames are worked on a few at a time: their arrays then stay in the cache.
_BLOCK_VALUES = 32 * 1024


def stretch(
    samples: Samples,
    step: float,
    n_out: int,
    *,
    rate: int,
    start: float = 0.0,
    pitch: float = 1.0,
) -> Samples:
    """Return ``n_out`` samples of the clip played at another tempo and pitch.

    Output sample n sounds like the input around sample ``start + n * step``, its frequencies times ``pitch``.

    Args:
        samples: float32 (channels, n); silent outside.
        step: Input samples for each output sample, above 0: 2 is twice as fast.
        n_out: Samples to make.
        rate: Sample rate in Hz; sets the window (about 64 ms).
        start: Input position of output sample 0, in samples.
        pitch: Frequency ratio, 1/64 to 64: 2 is an octave up.

    Returns:
        float32 (channels, n_out). With step and pitch 1 and a whole ``start``, an exact copy.

    Raises:
        ValueError: If ``step`` or ``pitch`` is out of range.

    Cost: three FFTs a frame of about 1,000 samples and a quarter of that hop; memory of the output and one block.
    """
    if not (step > 0 and 1 / 64 <= pitch <= 64):
        raise ValueError(f"expected step above 0 and pitch in [1/64, 64], got {step} and {pitch}")
    if step == 1 and pitch == 1 and start == int(start):
        return _copy(samples, int(start), n_out)
    hop_in, hop_out = _hops(pitch, window_length(rate) // OVERLAP)
    frames = -(-n_out // hop_out) + OVERLAP - 1
    # Frame m is centred on output sample (m - 1) * hop_out.
    centres = np.rint(start + (np.arange(frames) - 1) * (hop_out * step)).astype(np.int64)
    return _render(samples, centres, hop_in, hop_out, pitch)[:, :n_out]


def _copy(samples: Samples, start: int, n_out: int) -> Samples:
    out = np.zeros((samples.shape[0], n_out), np.float32)
    a, b = max(start, 0), min(start + n_out, samples.shape[1])
    if a < b:
        out[:, a - start : b - start] = samples[:, a:b]
    return out


def _render(samples: Samples, centres: NDArray[np.int64], hop_in: int, hop_out: int, pitch: float) -> Samples:
    channels, n = samples.shape
    frames = len(centres)
    length_in, length_out = OVERLAP * hop_in, OVERLAP * hop_out
    left = max(0, length_in // 2 + hop_in - int(centres[0]))
    right = max(0, int(centres[-1]) + length_in // 2 - n)
    padded = np.pad(samples, ((0, 0), (left, right)))
    views = np.lib.stride_tricks.sliding_window_view(padded, length_in, axis=1)
    starts = centres + (left - length_in // 2)
    window_in = hann(length_in)
    window_out = hann(length_out) * np.float32(length_out / length_in / HANN_GAIN)
    kept = min(length_in, length_out) // 2 + 1
    rotors = _Rotors(length_in // 2 + 1, pitch * hop_out / hop_in)
    out = np.zeros((channels, frames + OVERLAP - 1, hop_out), np.float32)
    block = max(8, _BLOCK_VALUES // (length_in * channels))
    for first in range(0, frames, block):
        at = starts[first : first + block]
        blocks = views[:, np.concatenate([at, at - hop_in])]
        blocks *= window_in
        spectra = scipy.fft.rfft(blocks, axis=-1, overwrite_x=True)
        turned = rotors.turn(spectra[:, : len(at)], spectra[:, len(at) :])
        sound = scipy.fft.irfft(turned[:, :, :kept], length_out, axis=-1, overwrite_x=True)
        sound *= window_out
        overlap_add(out, sound, first)
    return out.reshape(channels, -1)[:, (OVERLAP - 1) * hop_out :]


@lru_cache(maxsize=1)
def _smooth_sizes() -> NDArray[np.int64]:
    """Return the numbers up to 16384 without a prime factor above 11: fast FFT lengths."""
    sizes = np.arange(1, 16385)
    rest = sizes.copy()
    for prime in (2, 3, 5, 7, 11):
        for _ in range(14):
            rest = np.where(rest % prime == 0, rest // prime, rest)
    return sizes[rest == 1]


@lru_cache(maxsize=256)
def _hops(pitch: float, hop: int) -> tuple[int, int]:
    """Return the input and output hops near ``hop`` whose ratio is nearest ``pitch`` (within a cent or two).

    What is left of the ratio goes into the phasors, so the pitch itself is exact.
    """
    if pitch == 1:
        return hop, hop
    sizes = _smooth_sizes()
    inputs, outputs = (
        sizes[np.abs(np.log(sizes / (hop * share))) < 0.15] for share in (math.sqrt(pitch), 1 / math.sqrt(pitch))
    )
    miss = np.abs(np.log(inputs[:, None] / outputs / pitch))
    i, j = np.unravel_index(miss.argmin(), miss.shape)
    return int(inputs[i]), int(outputs[j])


class _Peaks(NamedTuple):
    """The spectral peaks of a block of frames, frame by frame; bin 0 always counts as one.

    ``flat`` and ``bins``: their bins, counted over the block and within the frame. ``row``: their frame.
    ``first``: the number of each frame's first peak. ``region``: for every bin, the number of the peak it follows.
    """

    flat: NDArray[np.int64]
    bins: NDArray[np.int64]
    row: NDArray[np.int64]
    first: NDArray[np.int64]
    region: NDArray[np.int32]


def _peaks(power: NDArray[np.float32]) -> _Peaks:
    """Find the bins louder than two neighbours on each side, in (frames, bins) of power."""
    frames, size = power.shape
    rises = power[:, 1:] > power[:, :-1]
    rises2 = power[:, 2:] > power[:, :-2]
    peak = np.zeros((frames, size), bool)
    peak[:, 0] = True
    peak[:, 2:-2] = rises[:, 1:-2] & rises2[:, :-2] & ~rises[:, 2:-1] & ~rises2[:, 2:]
    flat = np.flatnonzero(peak)
    first = np.searchsorted(flat, np.arange(frames) * size)
    row = np.repeat(np.arange(frames), np.diff(first, append=len(flat)))
    opens = np.zeros(frames * size, np.int8)
    opens[np.maximum((flat[1:] + flat[:-1] + 1) >> 1, row[1:] * size)] = 1
    return _Peaks(flat, flat - row * size, row, first, np.cumsum(opens, dtype=np.int32))


class _Rotors:
    """The running unit phasors of a vocoder, kept from block to block.

    Args:
        size: Bins of a spectrum.
        advance: Phase advance wanted over the advance measured; within a few thousandths of 1.
    """

    def __init__(self, size: int, advance: float) -> None:
        self._bend = np.exp(2j * np.pi / OVERLAP * (advance - 1) * np.arange(size)).astype(np.complex64)
        self._spectrum: NDArray[np.complex64] | None = None
        self._region = np.zeros(size, np.int32)
        self._rotors = np.ones(1, np.complex64)

    def turn(self, spectra: NDArray[np.complex64], earlier: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """Return ``spectra`` with every partial continuing the frame before.

        Args:
            spectra: complex64 (channels, frames, bins).
            earlier: The same frames taken one hop earlier in the input.
        """
        channels, frames, size = spectra.shape
        power = _power(spectra)
        peaks = _peaks(power)
        if self._spectrum is None:
            self._spectrum = earlier[:, 0]
        flat_spectra = spectra.reshape(channels, -1)
        begun = int(np.searchsorted(peaks.row, 1))
        before = np.concatenate(
            [self._spectrum[:, peaks.bins[:begun]], flat_spectra[:, peaks.flat[begun:] - size]], axis=1
        )
        follows = np.concatenate(
            [
                self._region[peaks.bins[:begun]],
                peaks.region[peaks.flat[begun:] - size] - peaks.first[peaks.row[begun:] - 1],
            ]
        )
        earlier_at_peaks = earlier.reshape(channels, -1)[:, peaks.flat]
        steps = (before * earlier_at_peaks.conj()).sum(axis=0)
        size_of_steps = np.abs(steps)
        restart = _attacks(power.ravel()[peaks.flat], _power(earlier_at_peaks), peaks)
        restart |= size_of_steps < 1e-20
        restart[peaks.first] = True
        steps /= np.maximum(size_of_steps, 1e-20)
        steps *= self._bend[peaks.bins]
        # The phasor at a frame's bin 0 is always 1: to follow it is to start again.
        steps[restart] = 1
        follows[restart] = 0
        rotors = self._run(steps, follows, peaks.first)
        self._spectrum = spectra[:, -1].copy()
        self._region = peaks.region[-size:] - peaks.first[-1]
        turned: NDArray[np.complex64] = flat_spectra * rotors.take(peaks.region)
        return turned.reshape(channels, frames, size)

    def _run(
        self, steps: NDArray[np.complex64], follows: NDArray[np.int64], first: NDArray[np.int64]
    ) -> NDArray[np.complex64]:
        """Multiply the phasors up along the frames: each is its step times the one it follows in the frame before."""
        rotors = np.empty_like(steps)
        now = self._rotors
        bounds = [*first.tolist(), len(steps)]
        for begin, end in pairwise(bounds):
            now = np.multiply(now.take(follows[begin:end]), steps[begin:end], out=rotors[begin:end])
        self._rotors = now.copy()
        return rotors


def _power(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the power of complex (channels, ...), summed over channels."""
    power = spectra.real**2
    power += spectra.imag**2
    total: NDArray[np.float32] = power[0] if len(power) == 1 else power.sum(axis=0)
    return total


def _attacks(power: NDArray[np.float32], earlier: NDArray[np.float32], peaks: _Peaks) -> NDArray[np.bool_]:
    """Return which peaks belong to an attack: they rise, in a frame most of whose power rises."""
    rising = power > _ATTACK_RISE * earlier
    risen = np.add.reduceat(np.where(rising, power, 0), peaks.first)
    attack = risen > _ATTACK_SHARE * np.add.reduceat(power, peaks.first)
    found: NDArray[np.bool_] = rising & attack[peaks.row]
    return found
