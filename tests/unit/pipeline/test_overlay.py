"""Names and boxes drawn into a frame."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import FaceDetections, Frame, FrameResult, IdentityDecision, Verdict
from facerec_app.pipeline.overlay import draw_result

ABOVE_THE_FIRST = (slice(60, 98), slice(60, 180))


def shown(boxes: list[list[float]]) -> FrameResult:
    count = len(boxes)
    frame = Frame(np.full((240, 320, 3), 90, np.uint8), 0, 0.0, "picture")
    landmarks = np.full((count, 5, 2), 120, np.float32)
    detections = FaceDetections(np.array(boxes, np.float32), landmarks, np.ones(count, np.float32))
    decision = IdentityDecision(1, Verdict.KNOWN, "p1", 0.97, 0.5, "")
    return FrameResult(frame, detections, np.arange(count), (decision,) * count, {}, 1, {"p1": "Grace Hopper"})


def test_no_box_crosses_the_name_of_another_face() -> None:
    first, through_its_name = [60.0, 100.0, 140.0, 200.0], [100.0, 20.0, 300.0, 220.0]
    alone = draw_result(shown([first]))[ABOVE_THE_FIRST]
    both = draw_result(shown([first, through_its_name]))[ABOVE_THE_FIRST]
    is_label = (alone != 90).any(axis=2)
    assert is_label.mean() > 0.2
    np.testing.assert_array_equal(both[is_label], alone[is_label])
