"""The network in use: a promotion reaches running views, damage does no harm, people can be forgotten."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, ModelVersionMismatchError
from facerec_app.core.types import Verdict
from facerec_app.decision.identity_calibration import identity_calibration_to_bytes
from facerec_app.models.version_record import VersionData, VersionRecord
from facerec_app.models.version_store import POINTER_NAME, RECORD_NAME, WEIGHTS_NAME, VersionStore
from facerec_app.services.present_network import NetworkInUse, PresentNetwork
from facerec_app.services.versions import VersionService
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import similarity_weights_to_bytes
from tests.benchmarks.training_features import shipped_network
from tests.unit.services.demo_application import DEMO, application_with_people


def add_version(
    store: VersionStore, name: str, *, bias: float = 0.0, people: dict[str, tuple[str, ...]] | None = None,
    extractor_version: str | None = None,
) -> None:  # fmt: skip
    """Store a version whose log odds are those of the shipped network plus a bias."""
    weights, calibration = shipped_network()
    changed = replace(weights, distance_bias=weights.distance_bias + bias)
    fitting = replace(calibration, scorer_version=changed.version)
    of = {"ada": ("a1",)} if people is None else people
    record = VersionRecord(
        name, datetime(2026, 11, 1, tzinfo=UTC), extractor_version or weights.extractor_version, changed.version,
        "similarity", None, {}, 20, VersionData(of, "face", {"training": ("a1",)}, 0, 300), {},
    )  # fmt: skip
    store.add(record, similarity_weights_to_bytes(changed), identity_calibration_to_bytes(fitting))


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "versions")


@pytest.fixture
def present(store: VersionStore) -> PresentNetwork:
    weights, calibration = shipped_network()
    shipped = NetworkInUse(SimilarityNetwork(weights), calibration)
    return PresentNetwork(store, lambda: shipped, lambda: weights.extractor_version)


@pytest.fixture
def service(store: VersionStore, present: PresentNetwork) -> VersionService:
    return VersionService(store, present, lambda: shipped_network()[0].extractor_version)


def test_promotion_and_rollback_change_the_network_in_use_and_tell(
    store: VersionStore, present: PresentNetwork, service: VersionService
) -> None:
    heard: list[str | None] = []
    present.observe(lambda: heard.append(present.current().version_id))
    assert present.current().version_id is None
    for name in ("v1", "v2"):
        add_version(store, name, bias=len(name))
        service.promote(name)
    assert present.current().scorer.version == present.current().calibration.scorer_version
    assert service.rollback() == "v1"
    assert service.rollback() is None
    assert heard == ["v1", "v2", "v1", None]
    assert present.current() is present.current()


def damage_weights(store: VersionStore) -> None:
    (store.folder / "v1" / WEIGHTS_NAME).write_bytes(b"something else")


def damage_pointer(store: VersionStore) -> None:
    (store.folder / POINTER_NAME).write_bytes(b"{")


def lose_the_version(store: VersionStore) -> None:
    (store.folder / "v1").rename(store.folder.parent / "elsewhere")


@pytest.mark.parametrize(
    ("damage", "said"),
    [(damage_weights, "is damaged"), (damage_pointer, "shipped network"), (lose_the_version, "no version")],
)
def test_with_a_damaged_version_the_shipped_network_serves_and_this_is_said(
    store: VersionStore, present: PresentNetwork, service: VersionService, caplog: pytest.LogCaptureFixture,
    damage: Callable[[VersionStore], None], said: str,
) -> None:  # fmt: skip
    add_version(store, "v1")
    store.promote("v1")
    damage(store)
    with caplog.at_level(logging.WARNING):
        network = present.current()
    assert network.version_id is None
    assert said in network.notice
    assert "\n" not in network.notice
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert service.notice() == network.notice


def test_a_version_of_another_extractor_is_neither_used_nor_promoted(
    store: VersionStore, present: PresentNetwork, service: VersionService
) -> None:
    add_version(store, "v1", extractor_version="resnet50-other")
    with pytest.raises(ModelVersionMismatchError, match="trained on features of 'resnet50-other'"):
        service.promote("v1")
    store.promote("v1")  # as if the profile had been changed since
    assert present.current().version_id is None
    assert "resnet50-other" in present.current().notice


def test_the_list_says_what_is_in_use_and_what_is_damaged(store: VersionStore, service: VersionService) -> None:
    for name in ("v1", "v2", "v3"):
        add_version(store, name)
    service.promote("v2")
    damage_weights(store)
    states = service.list()
    assert [(state.version_id, state.is_present, bool(state.fault)) for state in states] == [
        ("v1", False, True), ("v2", True, False), ("v3", False, False),
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="in use"):
        service.remove("v2")
    assert service.remove("v3") == "v3"


def test_who_is_removed_is_forgotten_by_every_version(
    store: VersionStore, present: PresentNetwork, service: VersionService
) -> None:
    add_version(store, "v1", people={"ada": ("a1",)})
    add_version(store, "v2", people={"ada": ("a1",), "bo": ("b1",)})
    add_version(store, "v3", people={"ada": ("a1",), "bo": ("b1", "b2")})
    for name in ("v1", "v2", "v3"):
        service.promote(name)
    assert [record.version_id for record in service.trained_on("bo")] == ["v2", "v3"]
    assert service.forget_person("bo") == ("v2", "v3")
    assert present.current().version_id == "v1"
    assert service.forget_person("ada") == ("v1",)
    assert present.current().version_id is None
    assert not [path for path in store.folder.rglob("*") if path.is_file() and b"b1" in path.read_bytes()]


def test_versions_that_are_kept_lose_the_identifiers(store: VersionStore, service: VersionService) -> None:
    add_version(store, "v1", people={"ada": ("a1",), "bo-uuid": ("b1-uuid",)})
    service.promote("v1")
    assert service.keep_without("bo-uuid") == ("v1",)
    assert service.present_id() == "v1"
    assert store.record("v1").data.forgotten_people == 1
    assert not store.faults()
    assert not [path for path in store.folder.rglob("*") if path.is_file() and b"bo-uuid" in path.read_bytes()]


def test_people_removed_elsewhere_are_forgotten_those_merged_are_not(
    store: VersionStore, service: VersionService
) -> None:
    add_version(store, "v1", people={"merged": ("m1",)})
    add_version(store, "v2", people={"gone": ("g1",)})
    assert service.forget_all_but(["ada"], ["m1", "a1"]) == ("v2",)
    assert store.ids() == ("v1",)


def test_a_running_pipeline_takes_a_promoted_network(tmp_path: Path) -> None:
    app = application_with_people(tmp_path / "gallery")
    try:
        pipeline = app.make_still_pipeline()
        from facerec_app.capture.images import read_image
        from facerec_app.core.types import Frame

        frame = Frame(read_image(DEMO / "people" / "Grace_Hopper" / "grace_hopper.jpg"), 0, 0.0, "picture")
        assert [d.verdict for d in pipeline.process(frame).decisions] == [Verdict.KNOWN]
        store = VersionStore(app.settings.database.versions_dir)
        add_version(store, "v1", bias=-100.0, people={})
        heard: list[int] = []
        app.gallery().observe(lambda index: heard.append(len(index.snapshot)))
        app.versions().promote("v1")
        assert heard == [2], "views are told, so that they judge again"
        assert [d.verdict for d in pipeline.process(frame).decisions] == [Verdict.UNKNOWN]
        app.versions().rollback()
        assert [d.verdict for d in pipeline.process(frame).decisions] == [Verdict.KNOWN]
    finally:
        app.close()


def test_removing_a_person_removes_what_was_trained_on_them(tmp_path: Path) -> None:
    app = application_with_people(tmp_path / "gallery")
    try:
        person = app.people().everybody()[0]
        store = VersionStore(app.settings.database.versions_dir)
        add_version(store, "v1", people={person.person_id: ("f1",)})
        app.versions().promote("v1")
        app.feature_report().measure()
        assert app.people().trained_versions(person.name) == ("v1",)
        app.people().remove(person.name)
        assert app.versions().list() == ()
        assert app.versions().present_id() is None
        assert not app.feature_report().file.exists()
    finally:
        app.close()


def test_what_was_trained_on_somebody_merged_into_a_person_goes_with_that_person(tmp_path: Path) -> None:
    app = application_with_people(tmp_path / "gallery")
    try:
        one, two = app.people().everybody()
        (face,) = app.people().faces(one.name)
        add_version(VersionStore(app.settings.database.versions_dir), "v1", people={one.person_id: (face.face_id,)})
        app.people().merge(one.name, two.name)
        assert app.people().trained_versions(two.name) == ("v1",)
        app.people().remove(two.name)
        assert app.versions().list() == ()
    finally:
        app.close()


def test_statistics_of_features_are_measured_and_stored(tmp_path: Path) -> None:
    app = application_with_people(tmp_path / "gallery")
    try:
        service = app.feature_report()
        report = service.measure()
        vectors = app.gallery().index().snapshot.vectors
        assert np.allclose(report.mean, vectors.mean(axis=0), atol=1e-6)
        assert np.allclose(report.std, vectors.std(axis=0), atol=1e-6)
        assert report.faces == 2
        assert report.within_spread is None, "nobody has two faces"
        assert service.file.is_file()
    finally:
        app.close()


@pytest.mark.parametrize("kept", [False, True])
def test_a_version_whose_record_is_damaged_goes_with_whoever_is_removed(
    store: VersionStore, service: VersionService, kept: bool
) -> None:
    for name, person in (("v1", "ada"), ("v2", "grace")):
        add_version(store, name, people={person: (f"{person}-1",)})
    record = store.folder / "v1" / RECORD_NAME
    record.write_bytes(record.read_bytes()[:-3])  # it still tells who they are, but not for certain
    if kept:
        assert service.keep_without("ada") == ()
    else:
        assert service.forget_person("ada") == ("v1",)
    assert store.ids() == ("v2",)


@pytest.mark.parametrize("kept", [False, True])
def test_a_version_that_is_in_use_elsewhere_at_that_moment_is_not_taken_for_damaged(
    store: VersionStore, service: VersionService, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    for name, person in (("v1", "ada"), ("v2", "grace")):
        add_version(store, name, people={person: (f"{person}-1",)})
    read = Path.read_bytes

    def locked(path: Path) -> bytes:
        if path == store.folder / "v2" / RECORD_NAME:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", locked)
        assert (service.keep_without if kept else service.forget_person)("ada") == ("v1",)
    assert store.ids() == (("v1", "v2") if kept else ("v2",))
