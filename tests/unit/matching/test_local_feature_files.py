"""One file of local features a picture: skipped when done, made anew when anything changed, errors in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import write_jpeg
from facerec_app.core.errors import ConfigError
from facerec_app.services.local_feature_files import (
    extract_to_files,
    feature_file_of,
    listed_pictures,
    read_features,
)
from tests.unit.matching.matching_material import DEMO_SOURCES, shipped_extractor, small_picture


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    made = []
    for number, name in enumerate(("biden.jpg", "astronaut.png", "obama2.jpg")):
        write_jpeg(folder / f"{number}.jpg", small_picture(DEMO_SOURCES / name, 120))
        made.append(folder / f"{number}.jpg")
    return made


def test_interrupted_extraction_goes_on_where_it_stopped(pictures: list[Path], tmp_path: Path) -> None:
    answers: Iterator[bool] = iter([False, False, True])
    first = extract_to_files(shipped_extractor(), pictures, tmp_path / "out", cancelled=lambda: next(answers))
    assert (first.written, first.stopped) == (2, True)
    second = extract_to_files(shipped_extractor(), pictures, tmp_path / "out")
    assert (second.written, second.skipped, second.stopped) == (1, 2, False)


def test_file_that_was_cut_off_or_whose_picture_changed_is_made_anew(pictures: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    extract_to_files(shipped_extractor(), pictures[:2], out)
    cut = feature_file_of(pictures[0], out)
    cut.write_bytes(cut.read_bytes()[:200])
    write_jpeg(pictures[1], small_picture(DEMO_SOURCES / "obama3.jpg", 120))
    assert extract_to_files(shipped_extractor(), pictures[:2], out).written == 2


def test_bad_picture_is_one_line_and_the_others_are_done(pictures: list[Path], tmp_path: Path) -> None:
    pictures[0].write_bytes(b"no picture at all")
    done = extract_to_files(shipped_extractor(), [*pictures[:2], tmp_path / "missing.jpg"], tmp_path / "out")
    assert done.written == 1
    assert [str(error).count("\n") for error in done.errors] == [0, 0]
    assert "0.jpg is no picture" in str(done.errors[0])
    assert "missing.jpg" in str(done.errors[1])


def test_features_come_back_as_they_were(pictures: list[Path], tmp_path: Path) -> None:
    extract_to_files(shipped_extractor(), pictures[:1], tmp_path / "out")
    again = read_features(feature_file_of(pictures[0], tmp_path / "out"))
    assert again.version == shipped_extractor().version
    assert len(again) > 20
    np.testing.assert_allclose(np.linalg.norm(again.descriptors, axis=1), 1.0, atol=1e-4)
    with pytest.raises(ConfigError, match="features extract"):
        read_features(pictures[0])


def test_list_names_pictures_beside_itself(tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    listing.write_text("# mine\n\na.jpg\nsub/b c.png\n", encoding="utf-8")
    assert listed_pictures(listing) == [tmp_path / "a.jpg", tmp_path / "sub" / "b c.png"]
    listing.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="names no pictures"):
        listed_pictures(listing)


def test_file_with_garbled_content_is_refused_in_one_line_and_made_anew(pictures: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    extract_to_files(shipped_extractor(), pictures[:1], out)
    garbled = feature_file_of(pictures[0], out)
    good = bytearray(garbled.read_bytes())
    for name in (b"version.npy", b"picture_sha256.npy", b"scores.npy"):
        begin = good.index(name) + len(name) + 20  # behind the sizes, in what is packed
        good[begin : begin + 40] = b"\xff" * 40
    garbled.write_bytes(good)
    with pytest.raises(ConfigError, match="no file of local features"):
        read_features(garbled)
    assert extract_to_files(shipped_extractor(), pictures[:1], out).written == 1
