"""Where the five landmarks lie in an aligned crop."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from facerec_app.core.types import Float32Array

ARCFACE_112: Float32Array = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Left eye, right eye, nose, left and right mouth corner (as seen in the picture) in a 112x112 crop, px.

The template of Deng et al., "ArcFace", CVPR 2019, which SFace (Zhong et al., IEEE TIP 2021) and OpenCV's
FaceRecognizerSF use as well.
"""

TEMPLATES: Mapping[str, Float32Array] = MappingProxyType({"arcface_112": ARCFACE_112})
"""Templates by the name that a recognition profile uses."""


def scaled_template(template: Float32Array, from_size_px: int, to_size_px: int) -> Float32Array:
    """Return a ``(5, 2)`` template for crops of another size.

    Pixel centres are at whole numbers, so sizes scale about the point (-0.5, -0.5).
    """
    return np.asarray((template + 0.5) * (to_size_px / from_size_px) - 0.5, np.float32)
