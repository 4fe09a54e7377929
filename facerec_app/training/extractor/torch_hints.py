"""Hints: the student's inner maps say, through one matrix each, what the teacher's inner maps say.

Romero et al. 2015, "FitNets: Hints for Thin Deep Nets", arXiv:1412.6550. A ResNet50 at 112 pixels and SFace have maps
of the same sizes (28, 14, 7), centred on the same pixels. Layers are paired where both have seen the same surroundings
of a pixel; a ResNet50 leaves out three of four places at the beginning of a stage, so pairs lie before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facerec_app.core.types import Float32Array
from facerec_app.models.model_store import ModelStore
from facerec_app.training.extractor.sface_maps import LAST_MAPS, SfaceMaps, dense_layer
from facerec_app.training.extractor.torch_precision import fast_values
from facerec_app.training.extractor.torch_resnet50 import FaceStudent


@dataclass(frozen=True, slots=True)
class Hint:
    """One pair of layers.

    Attributes:
        student: output of a block of the ResNet50.
        teacher: layer of SFace.
        inputs: channels of the student's layer.
        outputs: channels of the teacher's layer.
        stride: every so many places are compared, to save time where there are many.
    """

    student: str
    teacher: str
    inputs: int
    outputs: int
    stride: int = 1


HINTS = (
    Hint("conv2_block2_out", "conv_6_relu", 256, 256, stride=2),
    Hint("conv3_block3_out", "conv_10_relu", 512, 512),
    Hint("conv4_block2_out", "conv_13_relu", 1024, 1024),
    Hint("conv4_block4_out", LAST_MAPS, 1024, 1024),
)


class HintReaders(nn.Module):
    """One 1x1 convolution for each hint, and SFace's own dense layer behind the last of them.

    The readers are thrown away after training. Call ``settle`` once with maps of real faces before the first loss.

    Args:
        store: the shipped models, for SFace's dense layer.
    """

    def __init__(self, store: ModelStore) -> None:
        super().__init__()
        self.readers = nn.ModuleDict()
        for hint in HINTS:
            reader = nn.Conv2d(hint.inputs, hint.outputs, 1)
            nn.init.normal_(reader.weight, std=hint.inputs**-0.5)
            nn.init.zeros_(reader.bias)
            self.readers[hint.teacher] = reader
            self.register_buffer(f"{hint.teacher}_mean", torch.zeros(1, hint.outputs, 1, 1))
            self.register_buffer(f"{hint.teacher}_spread", torch.ones(1, hint.outputs, 1, 1))
        kernel, bias = dense_layer(store)
        self._dense_kernel, self._dense_bias = torch.from_numpy(kernel), torch.from_numpy(bias)

    def settle(self, maps: Mapping[str, Float32Array]) -> None:
        """Note mean and spread of each teacher channel, so that every channel counts the same."""
        for name, values in maps.items():
            self.get_buffer(f"{name}_mean").copy_(torch.from_numpy(values.mean(axis=(0, 2, 3), keepdims=True)))
            spread = np.maximum(values.std(axis=(0, 2, 3), keepdims=True), 1e-3)
            self.get_buffer(f"{name}_spread").copy_(torch.from_numpy(spread))

    def loss(self, student: Mapping[str, Tensor], teacher: Mapping[str, Float32Array]) -> tuple[Tensor, Tensor]:
        """Return how much of the teacher's maps is not explained, and the values that SFace would read from the last.

        Args:
            student: ``(N, C, H, W)`` maps by the student's layer.
            teacher: the same by the teacher's layer.

        Returns:
            The mean unexplained share of the variance over all hints, a scalar; and ``(N, 128)`` float32.
        """
        missed, read = [], torch.empty(0)
        for hint in HINTS:
            mean, spread = self.get_buffer(f"{hint.teacher}_mean"), self.get_buffer(f"{hint.teacher}_spread")
            step = hint.stride
            wanted = torch.from_numpy(teacher[hint.teacher][:, :, ::step, ::step])
            read = self.readers[hint.teacher](student[hint.student][:, :, ::step, ::step]).float()
            missed.append(functional.mse_loss(read, (wanted - mean) / spread))
        last = (read * spread + mean).flatten(1)
        return torch.stack(missed).mean(), functional.linear(
            fast_values(last), fast_values(self._dense_kernel), fast_values(self._dense_bias)
        ).float()


class HintedStudent(nn.Module):
    """A student, and the readers of its inner maps where hints are given.

    Args:
        student: the network that ships.
        readers: None to learn from the teachers' values alone.
    """

    def __init__(self, student: FaceStudent, readers: HintReaders | None = None) -> None:
        super().__init__()
        self.student = student
        self.readers = readers

    def forward(
        self, pictures: Tensor, teacher: Mapping[str, Float32Array]
    ) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor]:
        """Return the student's features and projection, and what ``HintReaders.loss`` returns of its inner maps.

        Args:
            pictures: ``(N, 3, 112, 112)`` float in about -1 to 1, RGB.
            teacher: SFace's maps of the same pictures.
        """
        if self.readers is None:
            msg = "a student without readers cannot take hints"
            raise ValueError(msg)
        backbone = self.student.backbone
        maps = backbone.maps(pictures, {backbone.cut_layer, *(hint.student for hint in HINTS)})
        missed, read = self.readers.loss(maps, teacher)
        return self.student.pool(maps[backbone.cut_layer]), missed, read


def hint_teacher() -> SfaceMaps:
    """Return SFace with the layers that hints are taken from."""
    return SfaceMaps(ModelStore(), [hint.teacher for hint in HINTS])
