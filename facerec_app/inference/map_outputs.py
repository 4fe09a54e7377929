"""The inner maps of a network that was made for crops of one size, for pictures of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facerec_app.core.errors import WeightsRejectedError

_SHRINKING = ("shrunk", "normalised")
"""The shipped network first shrinks its crops by a matrix of fixed size; maps are made from what comes before."""


def cut_at_layers(model: Any, layers: Sequence[str], name: str) -> Any:
    """Return a network of the runtime that ends in the named layers' maps; its input stays as it is.

    Args:
        model: with one input; it is changed and not to be used afterwards.
        layers: names of tensors inside it; their values become the outputs, in this order.
        name: of the network, for messages.

    Raises:
        WeightsRejectedError: if it has no such layer.
    """
    import openvino

    tensors = {found: output for node in model.get_ops() for output in node.outputs() for found in output.get_names()}
    missing = [layer for layer in layers if layer not in tensors]
    if missing:
        raise WeightsRejectedError(f"The network '{name}' has no layer '{missing[0]}'; run 'facerec models check'.")
    return openvino.Model([tensors[layer] for layer in layers], model.get_parameters())


def cut_to_maps(model: Any, layers: Sequence[str], name: str) -> Any:
    """Return a network of the runtime cut at the named layers, for one picture of any height and width.

    Args:
        model: with one input, ``(batch, S, S, 3)``; it is changed and not to be used afterwards.
        layers: names of tensors inside it; their maps become the outputs, in this order.
        name: of the network, for messages.

    Raises:
        WeightsRejectedError: if it has no such layer, or no other size than its own can be run.
    """
    import openvino

    tensors = {found: output for node in model.get_ops() for output in node.outputs() for found in output.get_names()}
    missing = [layer for layer in layers if layer not in tensors]
    if missing:
        raise WeightsRejectedError(f"The network '{name}' has no layer '{missing[0]}'; give a ResNet50 with that name.")
    shrunk, source = (tensors.get(tensor) for tensor in _SHRINKING)
    if shrunk is not None and source is not None:
        for target in list(shrunk.get_target_inputs()):
            target.replace_source_output(source)
    try:
        cut = openvino.Model([tensors[layer] for layer in layers], model.get_parameters())
        cut.reshape(openvino.PartialShape([1, -1, -1, 3]))
    except RuntimeError as exc:
        raise WeightsRejectedError(f"The network '{name}' makes no maps of pictures of other sizes.") from exc
    return cut
