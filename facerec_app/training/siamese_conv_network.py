"""The small convolutional twin network of Koch et al. in plain NumPy: a baseline to compare with, not for live use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.core.validation import require_finite
from facerec_app.training.siamese_conv_options import KERNELS_PX

_BATCH = 16
_SMALLEST_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class SiameseConvWeights:
    """What the network has learnt.

    Attributes:
        input_px: side of the grey pictures.
        arrays: ``convolution_0_kernel (10, 10, 1, F)``, ``convolution_0_bias (F,)``, ... ``convolution_3_...``,
            ``dense_kernel``, ``dense_bias``, ``output_kernel (dense, 1)``, ``output_bias (1,)``, all float32.
    """

    input_px: int
    arrays: dict[str, Float32Array]

    def __post_init__(self) -> None:
        """Refuse what cannot be such a network.

        Raises:
            WeightsRejectedError: if an array is missing, of the wrong shape or not finite.
        """
        side, channels = self.input_px, 1
        expected: dict[str, tuple[int, ...]] = {}
        for number, kernel_px in enumerate(KERNELS_PX):
            filters = self._outputs(f"convolution_{number}_bias")
            expected[f"convolution_{number}_kernel"] = (kernel_px, kernel_px, channels, filters)
            side, channels = side - kernel_px + 1, filters
            side = side // 2 if number < len(KERNELS_PX) - 1 else side
        dense = self._outputs("dense_bias")
        expected |= {"dense_kernel": (side * side * channels, dense), "output_kernel": (dense, 1), "output_bias": (1,)}
        for name, shape in expected.items():
            if name not in self.arrays or self.arrays[name].shape != shape:
                raise WeightsRejectedError(f"The twin network's '{name}' is missing or not of shape {shape}.")
        if not all(np.isfinite(array).all() for array in self.arrays.values()):
            raise WeightsRejectedError("The twin network's weights hold values that are not usable numbers.")

    def _outputs(self, bias: str) -> int:
        if bias not in self.arrays or self.arrays[bias].ndim != 1:
            raise WeightsRejectedError(f"The twin network's '{bias}' is missing or no row of numbers.")
        return int(self.arrays[bias].shape[0])

    @property
    def version(self) -> str:
        """Short hash over every weight and the input size."""
        return f"siamese-conv-{hashlib.sha256(self.to_bytes()).hexdigest()[:12]}"

    def to_bytes(self) -> bytes:
        """Return the content of a safetensors file; the same weights give the same bytes."""
        tensors = {name: np.ascontiguousarray(array, np.float32) for name, array in sorted(self.arrays.items())}
        return bytes(save({**tensors, "input_px": np.array([self.input_px], np.int64)}))

    @staticmethod
    def from_file(file: Path) -> SiameseConvWeights:
        """Read what ``to_bytes`` gave.

        Raises:
            WeightsMissingError: if there is no such file.
            WeightsRejectedError: if it is damaged or no twin network.
        """
        try:
            tensors = load(file.read_bytes())
            input_px = int(tensors.pop("input_px")[0])
        except OSError as exc:
            raise WeightsMissingError(
                f"The twin network {file} cannot be read ({exc.strerror}); train one with train_siamese_conv."
            ) from exc
        except (SafetensorError, KeyError, IndexError, ValueError, TypeError) as exc:
            raise WeightsRejectedError(f"'{file}' is damaged or no twin network; train one again.") from exc
        return SiameseConvWeights(input_px, tensors)


def grey_inputs(crops_rgb: UInt8Array, input_px: int) -> Float32Array:
    """Return ``(N, input_px, input_px)`` float32 grey pictures, each of mean 0 and deviation 1.

    Args:
        crops_rgb: ``(N, S, S, 3)`` uint8 aligned faces.
        input_px: side of the result.
    """
    inputs = np.empty((len(crops_rgb), input_px, input_px), np.float32)
    for row, crop in enumerate(crops_rgb):
        grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (input_px, input_px), interpolation=cv2.INTER_AREA).astype(np.float32)
        inputs[row] = (small - small.mean()) / max(float(small.std()), _SMALLEST_DEVIATION)
    return inputs


class SiameseConvNetwork:
    """Two pictures through the same convolutions; ``|h1 - h2|`` of what describes them into one sigmoid.

    Koch, Zemel and Salakhutdinov, "Siamese Neural Networks for One-shot Image Recognition", ICML Deep Learning
    workshop 2015, section 3.1 and figure 4.

    Args:
        weights: trained by ``train_siamese_conv``.
    """

    def __init__(self, weights: SiameseConvWeights) -> None:
        self.weights = weights

    def describe(self, crops_rgb: UInt8Array) -> Float32Array:
        """Return ``(N, dense)`` float32 descriptions, each value 0..1, of ``(N, S, S, 3)`` uint8 aligned crops."""
        inputs = grey_inputs(crops_rgb, self.weights.input_px)
        dense = len(self.weights.arrays["dense_bias"])
        parts = [self._described(inputs[begin : begin + _BATCH]) for begin in range(0, len(inputs), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, dense), np.float32)

    def log_odds(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return ``(P,)`` float32 log odds that two descriptions ``(P, dense)`` are of one person.

        Raises:
            InferenceError: if a description is not finite.
        """
        arrays = self.weights.arrays
        scores = (np.abs(left - right) @ arrays["output_kernel"] + arrays["output_bias"])[..., 0]
        require_finite(scores, "The result of the twin network")
        return np.asarray(scores, np.float32)

    def score_crops(self, left_rgb: UInt8Array, right_rgb: UInt8Array) -> Float32Array:
        """Return ``(P,)`` float32 log odds for two ``(P, S, S, 3)`` uint8 sets of aligned crops."""
        return self.log_odds(self.describe(left_rgb), self.describe(right_rgb))

    def _described(self, inputs: Float32Array) -> Float32Array:
        arrays = self.weights.arrays
        maps = inputs[..., None]
        for number in range(len(KERNELS_PX)):
            kernel, bias = (arrays[f"convolution_{number}_{part}"] for part in ("kernel", "bias"))
            maps = np.maximum(_convolved(maps, kernel) + bias, 0.0)
            if number < len(KERNELS_PX) - 1:
                maps = _halved(maps)
        hidden = maps.reshape(len(maps), -1) @ arrays["dense_kernel"] + arrays["dense_bias"]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(hidden, -60, 60))), np.float32)


def _convolved(maps: Float32Array, kernel: Float32Array) -> Float32Array:
    """Return the convolution without padding of ``(N, H, W, C)`` with ``(k, k, C, F)``."""
    side = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(maps, (side, side), axis=(1, 2))
    return np.asarray(np.tensordot(windows, kernel, axes=([3, 4, 5], [2, 0, 1])), np.float32)


def _halved(maps: Float32Array) -> Float32Array:
    """Return the maximum of each 2x2 field of ``(N, H, W, C)``; an odd last row or column is left out."""
    count, height, width, channels = maps.shape
    even = maps[:, : height // 2 * 2, : width // 2 * 2]
    return np.asarray(even.reshape(count, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4)), np.float32)


class DescribedFaces:
    """Faces described once, to score one against many by their rows (one-shot trials).

    Args:
        network: describes and scores.
        crops_rgb: ``(N, S, S, 3)`` uint8 aligned crops, one a picture.
    """

    def __init__(self, network: SiameseConvNetwork, crops_rgb: UInt8Array) -> None:
        self._network = network
        self._described = network.describe(crops_rgb)

    def score_candidates(self, probe: int, candidates: np.typing.NDArray[np.int64]) -> Float32Array:
        """Return ``(N,)`` float32 log odds of one face with each of the others."""
        left = np.repeat(self._described[probe][None], len(candidates), axis=0)
        return self._network.log_odds(left, self._described[candidates])
