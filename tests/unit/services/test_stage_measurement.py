"""Times of the stages."""

from __future__ import annotations

from pathlib import Path

import cv2

from facerec_app.services.stage_measurement import STAGES, measure_stages, speed_by_stage, speed_of
from tests.unit.services.demo_application import VIDEO, application_with_people


def test_every_stage_of_every_frame_is_timed_and_the_video_written(tmp_path: Path) -> None:
    app = application_with_people(tmp_path / "gallery")
    video = tmp_path / "out.mp4"
    times = measure_stages(app.open_source(str(VIDEO)), app.make_pipeline(), frames=6, first_index=80, video=video)
    app.close()
    assert [set(frame) for frame in times] == [set(STAGES)] * 6
    assert all(frame["decode"] > 0 and frame["detect"] > 0 and frame["encode"] > 0 for frame in times)
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 6
    speeds = speed_by_stage(times)
    assert list(speeds) == [*STAGES, "all stages"]
    assert speeds["all stages"].median_ms >= speeds["detect"].median_ms


def test_the_rare_long_waits_show_in_the_second_figure() -> None:
    speed = speed_of([1.0] * 90 + [50.0] * 10)
    assert (speed.median_ms, speed.p95_ms) == (1.0, 50.0)
    assert speed_of([]) == speed_of([0.0])


def test_a_stage_that_was_not_run_in_a_frame_took_no_time_there() -> None:
    speeds = speed_by_stage([{"detect": 2.0}, {"detect": 4.0, "embed": 8.0}, {"detect": 3.0}])
    assert speeds["embed"].median_ms == 0.0
    assert speeds["all stages"].p95_ms == 12.0
