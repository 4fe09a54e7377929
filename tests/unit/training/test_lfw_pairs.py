"""Pair lists in LFW's format."""

from __future__ import annotations

from pathlib import Path

import pytest

from facerec_app.core.errors import ConfigError
from facerec_app.training.lfw_pairs import read_pair_list


def write(folder: Path, text: str) -> Path:
    file = folder / "pairs.txt"
    file.write_text(text, encoding="utf-8")
    return file


GENUINE, IMPOSTOR = "Ann_Lee\t1\t12\n", "Ann_Lee\t3\tBob_Ray\t1\n"


@pytest.mark.parametrize("header", ["", "1\t1\n", "1\n"])
def test_a_header_may_be_there_or_not(tmp_path: Path, header: str) -> None:
    pairs = read_pair_list(write(tmp_path, header + GENUINE + IMPOSTOR))
    assert pairs.folds == 1
    assert [(pair.left, pair.right, pair.same) for pair in pairs.pairs] == [
        ("Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0012.jpg", True),
        ("Ann_Lee/Ann_Lee_0003.jpg", "Bob_Ray/Bob_Ray_0001.jpg", False),
    ]
    assert pairs.people == ["Ann_Lee", "Bob_Ray"]


def test_folds_are_counted_off_in_order(tmp_path: Path) -> None:
    pairs = read_pair_list(write(tmp_path, "2\t1\n" + (GENUINE + IMPOSTOR) * 2))
    assert pairs.folds == 2
    assert [pair.fold for pair in pairs.pairs] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no pairs"),
        ("2\t1\n" + GENUINE, "declares 2 folds"),
        ("10\t0\n" + GENUINE, "declares 10 folds of 0"),
        (GENUINE + "Ann_Lee\t1\n", "Line 2"),
        ("Ann_Lee\tone\t2\n", "Line 1"),
        ("../x\t1\t2\n", "path"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_pair_list(write(tmp_path, text))


def test_a_missing_list_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="check the name given to --pairs"):
        read_pair_list(tmp_path / "none.txt")


def test_the_real_lists_are_read_whole(test_data_dir: Path) -> None:
    everything = read_pair_list(test_data_dir / "lfw_pairs.txt")
    assert (everything.folds, len(everything.pairs)) == (7, 4200)
    judged = read_pair_list(test_data_dir / "splits" / "test_pairs.txt")
    assert (judged.folds, len(judged.pairs), sum(pair.same for pair in judged.pairs)) == (1, 600, 300)
    training = set((test_data_dir / "splits" / "train_people.txt").read_text().split())
    assert not training & set(judged.people)
