"""Cuts are told from motion and light on real films."""

from pathlib import Path

import numpy as np

from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.tracking.scene_cut import SceneCutDetector


def cuts_of(video: Path) -> list[int]:
    source, detector = VideoFileSource(video), SceneCutDetector()
    try:
        return [frame.index for frame in iter(source.read, None) if detector.is_cut(frame.pixels_rgb)]
    finally:
        source.close()


def test_every_cut_of_a_dark_concert_film_is_found_and_nothing_else(test_data_dir: Path) -> None:
    assert cuts_of(test_data_dir / "video" / "hamilton_640x360.mp4") == [20, 82, 211]


def test_a_street_with_people_walking_has_no_cut(test_data_dir: Path) -> None:
    assert cuts_of(test_data_dir / "video" / "opera_1920x1080.mp4") == []


def test_a_change_of_light_is_no_cut() -> None:
    picture = np.random.default_rng(0).integers(0, 100, (90, 160, 3)).astype(np.uint8)
    detector = SceneCutDetector()
    assert not detector.is_cut(picture)
    assert not detector.is_cut((picture * 2 + 20).astype(np.uint8))
    assert not detector.is_cut(np.zeros_like(picture))
