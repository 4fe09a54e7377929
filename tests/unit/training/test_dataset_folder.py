"""Whose folder it is, and going on after an end at any moment."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from facerec_app.core.errors import ConfigError
from facerec_app.training.dataset_folder import PICTURES_NAME, RECORD_NAME, DatasetFolder, PictureLine

IDENTITY = {"task": "faces", "settings": {"seed": 1, "shares": (0.8, 0.2)}}


def line(folder: DatasetFolder, name: str, data: bytes) -> PictureLine:
    file = folder.write_file(f"training/{name}.png", data)
    return PictureLine(f"{name}.jpg", f"sha-{name}", "training", (file,), facts={"size_px": 3})


def opened(path: Path, identity: dict[str, object] | None = None) -> DatasetFolder:
    folder = DatasetFolder(path, identity or dict(IDENTITY))
    folder.open()
    return folder


def test_a_finished_set_has_a_record_with_the_hash_of_every_file(tmp_path: Path) -> None:
    folder = opened(tmp_path / "set")
    lines = [line(folder, name, name.encode()) for name in "ab"]
    for made in lines:
        folder.add(made)
    folder.finish(lines, [folder.write_file("pairs.csv", b"left,right\n")], {"training": {"faces": 2}})
    folder.close()
    record = json.loads((tmp_path / "set" / RECORD_NAME).read_text(encoding="utf-8"))
    assert record["complete"] is True
    assert set(record["files"]) == {"training/a.png", "training/b.png", "pairs.csv", PICTURES_NAME}
    assert record["settings"] == {"seed": 1, "shares": [0.8, 0.2]}
    assert {entry.name for entry in (tmp_path / "set").iterdir() if not entry.name.startswith(".")} == {
        "training", "pairs.csv", PICTURES_NAME, RECORD_NAME,
    }  # fmt: skip


def test_what_is_done_is_known_again_and_a_line_cut_off_or_a_changed_file_is_not(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    made = {name: line(folder, name, name.encode()) for name in "abc"}
    for each in made.values():
        folder.add(each)
    folder.close()
    journal = tmp_path / PICTURES_NAME
    journal.write_bytes(journal.read_bytes()[:-20])  # killed while writing the third line
    (tmp_path / "training" / "b.png").write_bytes(b"changed")
    again = opened(tmp_path)
    assert again.done("a.jpg", "sha-a") == made["a"]
    assert again.done("a.jpg", "another picture") is None
    assert again.done("b.jpg", "sha-b") is None
    assert again.done("c.jpg", "sha-c") is None
    again.close()


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="new or empty"):
        opened(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["holiday.jpg"]


def test_another_set_is_refused_and_says_in_what_it_differs(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(ConfigError, match="settings differ"):
        opened(tmp_path, {**IDENTITY, "settings": {"seed": 2}})


def test_two_programs_do_not_make_one_set(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(ConfigError, match="Another program"):
        opened(tmp_path)
    first.close()
    opened(tmp_path).close()


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "of something else"}'])
def test_a_record_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD_NAME).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="new folder"):
        opened(tmp_path)


def test_names_that_are_no_text_or_hold_ends_of_lines_are_noted_and_known_again(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    file = folder.write_file("training/0001.png", b"face")
    lines = [
        PictureLine(name, f"sha-{number}", "training", (file,), facts={})
        for number, name in enumerate((os.fsdecode(b"J\xf6rg.jpg"), "two\u2028lines.jpg", "last.jpg"))
    ]
    for made in lines:
        folder.add(made)
    folder.close()
    again = opened(tmp_path)
    assert [again.done(made.picture, made.sha256) for made in lines] == lines
    again.finish(lines, [], {})
    again.close()
