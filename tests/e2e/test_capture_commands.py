"""capture without a window and selfies, on the demonstration's material."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facerec_app.capture.images import read_image
from tests.e2e.conftest import Facerec

DEMO_VIDEO = Path(__file__).parents[2] / "assets" / "demo" / "demo.mp4"


def test_a_video_gives_numbered_faces_that_can_be_enrolled_and_numbering_goes_on(
    facerec: Facerec, demo_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    video = demo_dir / "demo.mp4"
    made = facerec("capture", "Ada  Lovelace", video, "--every", "0.5", "--count", "2", "--json", "--detector", "yunet")
    assert made.code == 0, made.stderr
    folder = tmp_path / "faces" / "Ada Lovelace"
    assert [entry.name for entry in sorted(folder.iterdir())] == ["0001.jpg", "0002.jpg"]
    assert made.json["without_face"] > 0  # the demonstration begins without anybody
    first = (folder / "0001.jpg").read_bytes()

    facerec("capture", "--out", folder, video, "--count", "1", "--detector", "yunet")
    assert [entry.name for entry in sorted(folder.iterdir())] == ["0001.jpg", "0002.jpg", "0003.jpg"]
    assert (folder / "0001.jpg").read_bytes() == first
    assert facerec("enrol", "Ada Lovelace", folder / "0001.jpg").code == 0


def test_frames_with_several_faces_are_never_saved(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    picture = read_image(demo_dir / "sources" / "obama2.jpg")
    (tmp_path / "pictures").mkdir()
    Image.fromarray(np.concatenate([picture, picture], axis=1)).save(tmp_path / "pictures" / "twice.png")
    made = facerec(
        "capture", "--out", tmp_path / "faces", tmp_path / "pictures", "--count", "1", "--json", "--detector", "yunet"
    )
    assert made.code == 6
    assert made.json["faces"] == []
    assert made.json["with_several_faces"] == 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("a", "b", "c"),
        ("--out", "x", "a", "b"),
        ("name", "missing.mp4", "--count", "1"),
        ("a/b", "0", "--count", "1"),
        ("name", str(DEMO_VIDEO), "--every", "0", "--detector", "yunet"),
        ("name", str(DEMO_VIDEO), "--count", "0", "--detector", "yunet"),
    ],
)
def test_a_capture_that_cannot_be_meant_is_said_in_one_line(
    facerec: Facerec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = facerec("capture", *words)
    assert refused.code in {2, 3}
    assert refused.stderr.startswith("error:")
    assert len(refused.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "faces").exists()


def test_poor_faces_are_passed_over_unless_asked_for(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    picture = read_image(demo_dir / "sources" / "obama2.jpg")
    (tmp_path / "pictures").mkdir()
    Image.fromarray((picture * 0.06).astype(np.uint8)).save(tmp_path / "pictures" / "dark.png")
    command = ("capture", "--out", tmp_path / "faces", tmp_path / "pictures", "--count", "1", "--json")
    refused = facerec(*command, "--detector", "yunet")
    assert (refused.code, refused.json["poor"]) == (6, 1)
    taken = facerec(*command, "--detector", "yunet", "--any-quality")
    assert [Path(file).name for file in taken.json["faces"]] == ["0001.jpg"]


def test_selfies_become_faces_sideways_and_heic_ones_too_and_bad_ones_are_named(
    facerec: Facerec, demo_dir: Path, tmp_path: Path
) -> None:
    import pillow_heif

    folder, target = tmp_path / "selfies", tmp_path / "faces"
    (folder / "Grace").mkdir(parents=True)
    picture = Image.fromarray(read_image(demo_dir / "sources" / "obama2.jpg"))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise for viewing
    picture.transpose(Image.Transpose.ROTATE_90).save(folder / "sideways.jpg", exif=exif, quality=95)
    pillow_heif.from_pillow(picture).save(folder / "telephone.heic")
    shutil.copy(next(iter(sorted((demo_dir / "people").rglob("*hopper*")))), folder / "Grace")
    (folder / "broken.jpg").write_bytes(b"no picture")
    Image.new("RGB", (300, 200), (90, 120, 90)).save(folder / "meadow.png")

    made = facerec("selfies", folder, "--out", target)
    assert made.code == 8, made.stderr
    assert "3 faces written" in made.stdout
    assert len(made.stderr.strip().splitlines()) == 2
    assert "broken.jpg" in made.stderr
    assert "meadow.png" in made.stderr
    assert sorted(file.relative_to(target).as_posix() for file in target.rglob("*.jpg")) == [
        "0001.jpg", "0002.jpg", "Grace/0001.jpg",
    ]  # fmt: skip
    upright = read_image(target / "0001.jpg")
    assert upright.shape[0] > 100
    again = facerec("selfies", folder, "--out", target, "--json")
    assert again.json["faces"] == []
    assert again.json["known"] == 3

    # Killed between two pictures, with the last line cut off: that one is made again, under a new number.
    journal = target / "faces.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["face"] for line in lines} == {"0001.jpg", "0002.jpg", "Grace/0001.jpg"}
    journal.write_text("\n".join([*lines[:-1], lines[-1][:20]]), encoding="utf-8")
    assert len(facerec("selfies", folder, "--out", target, "--json").json["faces"]) == 1
    assert facerec("selfies", folder, "--out", folder / "faces").code == 2
