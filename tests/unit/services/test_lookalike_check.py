"""A new face is refused only when it is clearly somebody else who is enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.errors import AlreadyEnrolledError, NearDuplicateError


@pytest.fixture
def application(tmp_path: Path) -> Iterator[ComposedApplication]:
    app = ComposedApplication(Settings(database_dir=tmp_path, detector="yunet", threads=1))
    yield app
    app.close()


def test_people_are_enrolled_one_after_another_and_only_the_wrong_name_is_refused(
    application: ComposedApplication, test_data_dir: Path
) -> None:
    service, photos = application.enrolment(), test_data_dir / "photos"
    for folder in sorted((photos / "known").iterdir()):
        report = service.enrol_files(folder.name.replace("_", " "), [folder])
        assert not report.refused, "nobody of these is taken for another"
    picture = photos / "scenes" / "obama1.jpg"
    (row,) = service.enrol_files("Somebody New", [picture]).rows
    assert isinstance(row.error, AlreadyEnrolledError)
    assert "already enrolled as Barack Obama" in str(row.error)
    assert {person.name for person in application.people().everybody()}.isdisjoint({"Somebody New"})
    assert service.enrol_files("Barack Obama", [picture]).enrolled == 1
    (again,) = service.enrol_files("Barack Obama", [picture], insist=True).rows
    assert isinstance(again.error, NearDuplicateError), "insisting is about who it is, not about the same picture"
    assert service.enrol_files("Somebody New", [picture], insist=True).enrolled == 1
