"""Every profile on real films: a gallery enrolled with one is recognised with another, and nobody gets a wrong name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.models.model_store import ModelStore
from facerec_app.services.application import Application
from tests.e2e.test_real_videos import TRUTH, named_faces, results_of, scene_of

ENROLLED_WITH = "sface"
CONCERT = "video/hamilton_640x360.mp4"
OTHERS = sorted(set(ModelStore().manifest.profiles) - {ENROLLED_WITH})


@dataclass(frozen=True)
class Known:
    """A gallery with the five public figures of ``photos/known``, embedded by one profile only.

    Attributes:
        folder: where it lies.
        named: whom that profile names on the concert film.
    """

    folder: Path
    named: frozenset[str]


@pytest.fixture(scope="module")
def known(test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("known") / "gallery"
    app = compose(Settings(database_dir=folder, profile=ENROLLED_WITH))
    assert len(app.enrolment().import_folder(test_data_dir / "photos" / "known").people) == 5
    results = results_of(app, test_data_dir / CONCERT)
    app.close()
    return Known(folder, frozenset(name for result in results for name, _ in named_faces(result)))


@pytest.fixture(scope="module", params=OTHERS)
def app(request: pytest.FixtureRequest, known: Known) -> Iterator[Application]:
    made = compose(Settings(database_dir=known.folder, profile=request.param))
    yield made
    made.close()


def test_on_a_concert_film_every_profile_names_whom_the_default_names_and_nobody_wrongly(
    app: Application, known: Known, test_data_dir: Path
) -> None:
    """Also somebody in a dim audience whom the film shows from the side."""
    truth = json.loads((TRUTH / "hamilton_640x360.json").read_text(encoding="utf-8"))
    wrong: list[str] = []
    names: set[str] = set()
    for result in results_of(app, test_data_dir / CONCERT):
        people = scene_of(truth, result.frame.index)["people"]
        for name, x in named_faces(result):
            names.add(name)
            if not any(p["person"] == name and p["x_range_px"][0] <= x <= p["x_range_px"][1] for p in people):
                wrong.append(f"frame {result.frame.index}: {name} at x={x:.0f}")
    assert not wrong
    expected = {p["person"] for scene in truth["scenes"] for p in scene["people"] if p.get("must_be_named")}
    assert expected <= known.named
    assert known.named >= {"Barack Obama"}
    assert names >= known.named


def test_in_a_street_of_strangers_no_profile_names_anybody(app: Application, test_data_dir: Path) -> None:
    results = results_of(app, test_data_dir / "video" / "opera_1920x1080.mp4")
    assert sum(len(result.detections) for result in results) > 200
    assert [named_faces(result) for result in results if named_faces(result)] == []
