"""``facerec evaluate`` on a few real people, as a user runs it."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.similarity_weights import similarity_weights_from_bytes, similarity_weights_to_bytes
from facerec_app.training.siamese_conv_network import SiameseConvWeights
from facerec_app.training.siamese_conv_options import KERNELS_PX, SMALLEST_INPUT_PX
from tests.e2e.conftest import Facerec, Ran

PEOPLE = {"Angelina_Jolie": 3, "Tony_Blair": 3, "Gerhard_Schroeder": 3, "Abdoulaye_Wade": 3, "Abdullah": 3}
SINGLES = ["AJ_Cook", "Aaron_Guiel", "Aaron_Patterson"]
PAIRS = """1\t4
Angelina_Jolie\t1\t2
Tony_Blair\t1\t3
Gerhard_Schroeder\t2\t3
Tony_Blair\t1\t9
Angelina_Jolie\t1\tTony_Blair\t2
Angelina_Jolie\t3\tGerhard_Schroeder\t1
Gerhard_Schroeder\t2\tTony_Blair\t3
Gerhard_Schroeder\t2\tAngelina_Jolie\t2
"""


@pytest.fixture(scope="module")
def root(test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with real pictures, one of them without a face, and lists beside them."""
    folder = tmp_path_factory.mktemp("pictures")
    for person, count in {**PEOPLE, **dict.fromkeys(SINGLES, 1)}.items():
        (folder / person).mkdir()
        for number in range(1, count + 1):
            name = f"{person}/{person}_{number:04d}.jpg"
            shutil.copyfile(test_data_dir / "lfw" / name, folder / name)
    write_jpeg(folder / "Tony_Blair" / "Tony_Blair_0009.jpg", np.full((250, 250, 3), 90, np.uint8))
    (folder / "pairs.txt").write_text(PAIRS, encoding="utf-8")
    (folder / "known.txt").write_text("\n".join(PEOPLE), encoding="utf-8")
    (folder / "others.txt").write_text("\n".join(SINGLES), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def evaluate(facerec: Facerec, cache_home: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Facerec:
    """Run ``facerec evaluate COMMAND`` with YuNet, the faster detector, and one cache for all tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))

    def run(command: str, *arguments: object) -> Ran:
        given = () if command == "gallery" else ("--root", root, "--detector", "yunet")
        return facerec("--threads", "1", "evaluate", command, *arguments, *given)

    return run


def test_a_pair_list_gives_figures_and_a_missing_face_is_an_error(evaluate: Facerec, root: Path) -> None:
    values = evaluate("verification", "--pairs", root / "pairs.txt", "--json").json
    assert values["accuracy_mean"] == pytest.approx(7 / 8)
    assert (values["pairs"], values["pictures"], values["not_detected"]) == (8, 10, 1)
    assert values["not_detected_pictures"] == ["Tony_Blair/Tony_Blair_0009.jpg"]
    assert values["wrong_pairs"] == [
        "Tony_Blair/Tony_Blair_0001.jpg Tony_Blair/Tony_Blair_0009.jpg (same person): no face found"
    ]
    for key in ("pairs", "data", "preprocessing", "model:sface"):
        assert len(values["hashes"][key]) == 64
    assert values["hashes"]["similarity_version"].startswith("similarity-")
    assert set(values) >= {
        "evaluation", "schema", "accuracy_mean", "accuracy_stderr", "accuracy_fold_stderr", "threshold_log_odds",
        "tar_at_far", "tar_at_far_stderr", "tar_at_far_interval", "tar_note", "far_support", "fmr_at_threshold",
        "fnmr_at_threshold",
        "fnmr_at_threshold_by_person", "equal_error_rate", "cllr", "cllr_calibration_loss", "calibration_error",
        "calibration_error_middle", "reliability",
        "pairs", "all_pairs", "all_pairs_pictures", "people", "pictures", "not_detected", "not_detected_pictures",
        "wrong_pairs", "by_quality", "degraded", "cosine", "accuracy_minus_cosine", "accuracy_minus_cosine_interval",
        "hashes",
    }  # fmt: skip


def test_all_pairs_of_listed_people_with_page_and_worse_pictures(evaluate: Facerec, root: Path, tmp_path: Path) -> None:
    page, figures = tmp_path / "report.html", tmp_path / "report.json"
    ran = evaluate("verification", "--people", root / "known.txt", "--degrade", "--html", page, "--json", figures)
    assert ran.code == 0
    assert "judged rightly" in ran.stdout
    values = json.loads(figures.read_text(encoding="utf-8"))
    assert values["all_pairs"] == 16 * 15 // 2
    assert values["degraded"][0]["accepted"] == 1.0
    assert len(values["degraded"]) == 14
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/svg+xml") == 5
    assert "Tony_Blair_0009.jpg" in text


def test_identification_names_the_known_and_nobody_else(evaluate: Facerec, root: Path) -> None:
    ran = evaluate(
        "identification", "--people", root / "known.txt", "--fill", root / "others.txt", "--gallery", "3,6",
        "--draws", "2", "--json",
    )  # fmt: skip
    small, large = ran.json["galleries"]
    assert (small["people"], large["people"]) == (3, 6)
    assert small["stranger_people"] == 3
    # Five people with two pictures kept back each; one picture more, without a face, is a miss wherever it is drawn.
    assert large["probe_trials"] == 2 * 11
    wrong = large["decision"]["fnir"] * large["probe_trials"]
    assert large["decision"]["fpir"] == 0.0
    assert large["decision"]["wrong_name"] == 0.0
    assert 1 <= round(wrong) <= 6
    assert set(large["fnir_at_fpir"]) == {"10 %", "1 %", "0.1 %"}
    assert not large["fnir_at_fpir"]["1 %"]["enough"]


def test_identification_of_halves(evaluate: Facerec) -> None:
    ran = evaluate("identification", "--draws", "1", "--json")
    people = ran.json["people"]
    assert people["probes"] + people["fillers"] + people["strangers"] == len(PEOPLE) + len(SINGLES)


def test_retrieval_writes_ranked_results(evaluate: Facerec, root: Path, tmp_path: Path) -> None:
    table, sheet = tmp_path / "ranked.csv", tmp_path / "sheet.png"
    ran = evaluate("retrieval", "--people", root / "known.txt", "--csv", table, "--sheet", sheet, "--json")
    assert set(ran.json["scorers"]) == {"present", "cosine"}
    assert ran.json["scorers"]["cosine"]["hit_rate_at_1"] == pytest.approx(15 / 16)
    with table.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * 16 * 15
    assert read_image(sheet).shape[1] > 600


def test_one_shot_and_comparison(evaluate: Facerec, root: Path) -> None:
    ran = evaluate("one-shot", "--people", root / "known.txt", "--ways", "4", "--trials", "50", "--json")
    assert ran.json["scorers"]["present"]["accuracy"] > 0.6
    ran = evaluate("compare", "shipped", "cosine", "--people", root / "known.txt", "--json")
    assert ran.json["sentence"].startswith("No difference beyond chance between shipped and cosine")


def test_a_twin_network_on_pixels_stands_beside_them(evaluate: Facerec, root: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    arrays, channels = {}, 1
    for number, side in enumerate(KERNELS_PX):
        arrays[f"convolution_{number}_kernel"] = generator.normal(0, 0.1, (side, side, channels, 4))
        arrays[f"convolution_{number}_bias"], channels = np.zeros(4), 4
    arrays |= {"dense_kernel": generator.normal(size=(4, 8)), "dense_bias": np.zeros(8)}
    arrays |= {"output_kernel": -np.ones((8, 1)), "output_bias": np.zeros(1)}
    weights = SiameseConvWeights(SMALLEST_INPUT_PX, {name: array.astype(np.float32) for name, array in arrays.items()})
    file = tmp_path / "twins.safetensors"
    file.write_bytes(weights.to_bytes())
    ran = evaluate(
        "one-shot", "--people", root / "known.txt", "--ways", "3", "--trials", "20", "--siamese-conv", file, "--json"
    )
    assert list(ran.json["scorers"]) == ["present", "cosine", "siamese-conv"]
    assert ran.json["scorers"]["siamese-conv"]["accuracy"] < ran.json["scorers"]["present"]["accuracy"]
    assert len(ran.json["hashes"]["weights:twins.safetensors"]) == 64


def test_the_users_own_people_are_reviewed(evaluate: Facerec, facerec: Facerec, root: Path, tmp_path: Path) -> None:
    people = tmp_path / "people"
    for person in ("Angelina_Jolie", "Tony_Blair"):
        shutil.copytree(root / person, people / person, ignore=shutil.ignore_patterns("*_0009.jpg"))
    shutil.copytree(root / "AJ_Cook", people / "AJ_Cook")
    facerec("import", people)
    page = tmp_path / "review.html"
    ran = evaluate("gallery", "--json", "-", "--html", page)
    values = ran.json
    assert (values["faces"], values["recognised"], values["mislabelled"]) == (7, 6, [])
    advice = {row["name"]: row["advice"] for row in values["people"]}
    assert next(text for name, text in advice.items() if "Cook" in name).startswith("Add another picture")
    assert page.is_file()


@pytest.mark.parametrize(
    ("command", "arguments", "code", "words"),
    [
        ("verification", ["--pairs", "missing.txt"], 2, ["missing.txt", "--pairs"]),
        ("verification", ["--people", "{root}/known.txt", "--pairs", "{root}/pairs.txt"], 2, ["not both"]),
        ("verification", ["--html", "{root}/missing/report.html"], 9, ["report.html"]),
        ("verification", ["--json", "{root}"], 9, ["folder"]),
        ("verification", ["--scorer", "dreams"], 2, ["'dreams'", "cosine"]),
        ("verification", ["--scorer", "{root}/none.safetensors"], 2, ["none.safetensors"]),
        ("verification", ["--people", "{root}/others.txt"], 7, ["two pictures"]),
        ("identification", ["--gallery", "ten"], 2, ["'ten'", "10,100,500"]),
        ("identification", ["--fill", "{root}/others.txt", "--gallery", "99"], 7, ["99"]),
        ("identification", ["--people", "{root}/known.txt", "--fill", "{root}/known.txt"], 2, ["strangers"]),
        ("one-shot", ["--people", "{root}/known.txt"], 7, ["20", "--ways"]),
        ("retrieval", ["--people", "{root}/others.txt"], 7, ["two pictures"]),
        ("gallery", [], 7, ["at least two"]),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(
    evaluate: Facerec, root: Path, command: str, arguments: list[str], code: int, words: list[str]
) -> None:
    ran = evaluate(command, *(argument.format(root=root) for argument in arguments))
    assert ran.code == code
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
    assert all(word in ran.stderr for word in words)


def test_weights_for_other_features_are_refused(evaluate: Facerec, root: Path, tmp_path: Path) -> None:
    store = ModelStore()
    shipped = similarity_weights_from_bytes(store.read("similarity-sface"), "similarity-sface")
    other = tmp_path / "other.safetensors"
    other.write_bytes(similarity_weights_to_bytes(replace(shipped, extractor_version="another-network")))
    ran = evaluate("retrieval", "--people", root / "known.txt", "--scorer", other)
    assert (ran.code, len(ran.stderr.splitlines())) == (4, 1)
    assert "another-network" in ran.stderr


def test_a_list_that_names_pictures_that_are_not_there(evaluate: Facerec, root: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("Tony_Blair\t1\t77\n", encoding="utf-8")
    ran = evaluate("verification", "--pairs", pairs)
    assert (ran.code, len(ran.stderr.splitlines())) == (2, 1)
    assert "Tony_Blair_0077.jpg" in ran.stderr


def test_a_damaged_cache_is_said_and_the_figures_are_the_same(evaluate: Facerec, root: Path, cache_home: Path) -> None:
    before = evaluate("verification", "--pairs", root / "pairs.txt", "--json")
    for file in (cache_home / "facerec" / "features").glob("*.npz"):
        file.write_bytes(file.read_bytes()[:100])
    after = evaluate("verification", "--pairs", root / "pairs.txt", "--json")
    assert after.json == before.json
    assert "computing again" in after.stderr
    assert before.stderr == ""
