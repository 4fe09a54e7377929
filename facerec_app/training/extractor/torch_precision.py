"""The arithmetic of training: bf16 where the processor has it, else float32.

Without its instructions PyTorch computes bf16 all the same, by turning values back and forth: on a processor with AVX2
alone a step took twelve times as long as in float32.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor

from facerec_app.inference.openvino_session import processor_has_bf16


def fast_arithmetic() -> AbstractContextManager[None]:
    """Return a context in which layers compute in bf16 if that is faster."""
    context: AbstractContextManager[None] = torch.autocast("cpu", dtype=torch.bfloat16, enabled=processor_has_bf16())
    return context


def fast_values(values: Tensor) -> Tensor:
    """Return values in the type in which a large product of them is fastest."""
    return values.bfloat16() if processor_has_bf16() else values.float()
