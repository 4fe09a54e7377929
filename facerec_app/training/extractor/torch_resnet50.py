"""ResNet50 in PyTorch, layer for layer the one that ``keras.applications`` builds.

The network is the first version of the residual network (He et al. 2015, "Deep Residual Learning for Image
Recognition", https://arxiv.org/abs/1512.03385) with the details of ``keras.applications.ResNet50``: the stride sits in
the first 1x1 convolution of a stage, convolutions carry biases, the batch normalisation's epsilon is 1.001e-5, and the
first convolution and pooling pad explicitly (3 and 1 pixels, the pooling with zeros). Module names are the Keras layer
names, so weights map one to one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

BATCH_NORM_EPSILON = 1.001e-5
STAGES: tuple[tuple[str, int, int, int], ...] = (
    ("conv2", 64, 3, 1),
    ("conv3", 128, 4, 2),
    ("conv4", 256, 6, 2),
    ("conv5", 512, 3, 2),
)
"""Name, filters of the inner convolutions, number of blocks and stride of each stage."""

EXPANSION = 4
FEATURE_VALUES = 2048


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Conv2d:
    """Return a convolution with bias, initialised for a ReLU network (He et al. 2015)."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=True)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    """Return a batch normalisation with Keras's epsilon and a running average that settles within 10 steps."""
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON, momentum=0.1)


def _convolve(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    """Return the layer's output, as a matrix product where that is faster.

    PyTorch's convolutions are slow on small maps: for conv5 at 2x2 a product of the same numbers takes a third of the
    time, forwards and backwards (measured in bf16). Shapes are those of ``layer(maps)``.
    """
    kernel, side = layer.kernel_size[0], maps.shape[-1]
    if side > 3 if kernel == 3 else side > 8 and layer.out_channels > layer.in_channels:
        out: Tensor = layer(maps)
        return out
    rows = maps.permute(0, 2, 3, 1)
    if kernel == 3:
        height, width = rows.shape[1:3]
        padded = functional.pad(rows, (0, 0, 1, 1, 1, 1))
        shifts = [(top, left) for top in range(3) for left in range(3)]
        rows = torch.cat([padded[:, top : top + height, left : left + width] for top, left in shifts], dim=3)
    else:
        rows = rows[:, :: layer.stride[0], :: layer.stride[0]]
    matrix = layer.weight.permute(0, 2, 3, 1).reshape(layer.out_channels, -1)
    return functional.linear(rows, matrix, layer.bias).permute(0, 3, 1, 2)


class ResidualBlock(nn.Module):
    """One bottleneck block; its layers are registered in the parent under their Keras names.

    Args:
        layers: the parent's table of layers, filled by this block.
        name: Keras's block name, such as ``conv4_block2``.
        inputs: channels that come in.
        filters: channels of the inner convolutions; ``4 * filters`` go out.
        stride: step of the first 1x1 convolution.
        has_shortcut: whether the bypass has a convolution of its own.
    """

    def __init__(self, name: str, inputs: int, filters: int, stride: int, has_shortcut: bool) -> None:
        super().__init__()
        self.name = name
        outputs = EXPANSION * filters
        self.conv1 = _convolution(inputs, filters, 1, stride)
        self.bn1 = _batch_norm(filters)
        self.conv2 = _convolution(filters, filters, 3, padding=1)
        self.bn2 = _batch_norm(filters)
        self.conv3 = _convolution(filters, outputs, 1)
        self.bn3 = _batch_norm(outputs)
        nn.init.zeros_(self.bn3.weight)  # the block starts as the identity (Goyal et al. 2017, arXiv:1706.02677)
        self.conv0: nn.Conv2d | None = None
        self.bn0: nn.BatchNorm2d | None = None
        if has_shortcut:
            self.conv0 = _convolution(inputs, outputs, 1, stride)
            self.bn0 = _batch_norm(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        """Return ``(N, 4 * filters, H / stride, W / stride)``, never negative."""
        shortcut = maps
        if self.conv0 is not None and self.bn0 is not None:
            shortcut = self.bn0(_convolve(self.conv0, maps))
        inner = functional.relu(self.bn1(_convolve(self.conv1, maps)))
        inner = functional.relu(self.bn2(_convolve(self.conv2, inner)))
        return functional.relu(self.bn3(_convolve(self.conv3, inner)) + shortcut)


class ResNet50(nn.Module):
    """The convolutional part of ResNet50 up to a chosen block.

    Args:
        cut_layer: the last block's output to compute, such as ``conv5_block2_out``; later blocks are not built.
    """

    def __init__(self, cut_layer: str = "conv5_block2_out") -> None:
        super().__init__()
        self.cut_layer = cut_layer
        self.conv1_conv = _convolution(3, 64, 7, stride=2, padding=3)
        self.conv1_bn = _batch_norm(64)
        self.blocks = nn.Sequential(*_blocks_until(cut_layer))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the cut layer's maps.

        Args:
            pictures: ``(N, 3, H, W)`` float, RGB, normalised.

        Returns:
            ``(N, C, H / 32, W / 32)``, the cut layer after its ReLU.
        """
        return self.maps(pictures, {self.cut_layer})[self.cut_layer]

    def maps(self, pictures: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Return the maps of the named blocks' outputs, such as ``conv4_block2_out``."""
        maps = functional.relu(self.conv1_bn(self.conv1_conv(pictures)))
        maps = functional.max_pool2d(maps, 3, 2, padding=1)  # Keras pads zeros; nothing here is negative
        found: dict[str, Tensor] = {}
        for block in self.blocks:
            maps = block(maps)
            if f"{block.name}_out" in layers:
                found[f"{block.name}_out"] = maps
        return found

    def keras_layers(self) -> Iterator[tuple[str, nn.Conv2d | nn.BatchNorm2d]]:
        """Yield every layer with weights under its Keras name."""
        yield "conv1_conv", self.conv1_conv
        yield "conv1_bn", self.conv1_bn
        for block in self.blocks:
            for number in (0, 1, 2, 3):
                convolution = getattr(block, f"conv{number}")
                norm = getattr(block, f"bn{number}")
                if convolution is not None and norm is not None:
                    yield f"{block.name}_{number}_conv", convolution
                    yield f"{block.name}_{number}_bn", norm


def _blocks_until(cut_layer: str) -> Iterator[ResidualBlock]:
    """Yield the blocks from ``conv2_block1`` to the one whose output is ``cut_layer``."""
    inputs = 64
    for stage, filters, count, stride in STAGES:
        for number in range(1, count + 1):
            first = number == 1
            name = f"{stage}_block{number}"
            yield ResidualBlock(name, inputs, filters, stride if first else 1, has_shortcut=first)
            inputs = EXPANSION * filters
            if f"{name}_out" == cut_layer:
                return
    msg = f"ResNet50 has no layer {cut_layer!r}; choose one of the form conv5_block2_out"
    raise ValueError(msg)


class FaceStudent(nn.Module):
    """ResNet50, global average pooling and a dense projection to the teachers' values.

    Args:
        cut_layer: the block whose output is pooled and served.
        projection_values: length of the teachers' target.
    """

    def __init__(self, cut_layer: str = "conv5_block2_out", projection_values: int = 256) -> None:
        super().__init__()
        self.backbone = ResNet50(cut_layer)
        self.projection = nn.Linear(FEATURE_VALUES, projection_values)
        nn.init.normal_(self.projection.weight, std=FEATURE_VALUES**-0.5)
        nn.init.zeros_(self.projection.bias)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return pooled features ``(N, 2048)`` float32, and their projection ``(N, P)`` float32.

        Args:
            pictures: ``(N, 3, H, W)`` float in about -1 to 1, RGB.
        """
        return self.pool(self.backbone(pictures))

    def pool(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return pooled features and their projection of the cut layer's maps."""
        pooled = maps.float().mean(dim=(2, 3))
        with torch.autocast("cpu", enabled=False):
            return pooled, self.projection(pooled)
