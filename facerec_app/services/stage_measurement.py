"""Frames taken through every stage one after another, with the time of each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facerec_app.capture.video_file_sink import VideoFileSink
from facerec_app.core.protocols import FrameSource
from facerec_app.pipeline.overlay import draw_result
from facerec_app.pipeline.recognition_pipeline import RecognitionPipeline
from facerec_app.pipeline.stage_clock import StageClock

STAGES = ("decode", "detect", "align", "track", "embed", "match", "decide", "draw", "encode")
"""In the order of a frame's path; encoding only where a video is written."""


StageTimes = Mapping[str, float]
"""Milliseconds of each stage in one frame."""


@dataclass(frozen=True, slots=True)
class StageSpeed:
    """Milliseconds a frame of one stage: the median, and what 95 of 100 frames stay below.

    Stages that do not work on every frame (a face is embedded when it is new or due) show in the second figure only.
    """

    median_ms: float
    p95_ms: float


def measure_stages(
    source: FrameSource,
    pipeline: RecognitionPipeline,
    *,
    frames: int,
    first_index: int = 0,
    video: Path | None = None,
) -> list[StageTimes]:
    """Recognise, draw and encode frames of a source in one thread and return the milliseconds of each stage by frame.

    Args:
        source: read from the start; closed in the end.
        pipeline: new.
        frames: how many to measure, fewer if the source ends.
        first_index: frames before it are decoded only.
        video: where the annotated video goes; None leaves encoding out.

    Raises:
        FacerecError: if the source, a network or the encoder fails.
    """
    times: list[StageTimes] = []
    sink: VideoFileSink | None = None
    try:
        for _ in itertools.count():
            clock = StageClock()
            with clock.stage("decode"):
                frame = source.read()
            if frame is None or len(times) >= frames:
                break
            if frame.index < first_index:
                continue
            result = pipeline.process(frame)
            with clock.stage("draw"):
                picture = draw_result(result)
            if video is not None:
                if sink is None:
                    size = (frame.width_px, frame.height_px)
                    sink = VideoFileSink(video, frame_rate=source.frame_rate or 25.0, size_px=size)
                with clock.stage("encode"):
                    sink.write(picture)
            times.append({**result.stage_ms, **clock.stage_ms})
        if sink is not None:
            sink.close()
    finally:
        source.close()
        if sink is not None:
            sink.discard()
    return times


def speed_by_stage(times: Sequence[StageTimes]) -> dict[str, StageSpeed]:
    """Return the speed of each stage that was measured, in the order of a frame's path, and of all together."""
    known = {stage for frame in times for stage in frame}
    stages = [*(stage for stage in STAGES if stage in known), *sorted(known - set(STAGES))]
    speeds = {stage: speed_of([frame.get(stage, 0.0) for frame in times]) for stage in stages}
    return {**speeds, "all stages": speed_of([sum(frame.values()) for frame in times])}


def speed_of(times_ms: Sequence[float]) -> StageSpeed:
    """Return median and 95th percentile (nearest rank) of some times; zeros for none."""
    if not times_ms:
        return StageSpeed(0.0, 0.0)
    ordered = sorted(times_ms)
    return StageSpeed(ordered[len(ordered) // 2], ordered[min(math.ceil(len(ordered) * 0.95), len(ordered)) - 1])
