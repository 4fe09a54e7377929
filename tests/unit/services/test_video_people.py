"""Who is in a video, and faces that a user points at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.errors import NoFaceError, SourceOpenError
from facerec_app.services.enrolment import EnrolmentRow, PictureToEnrol
from facerec_app.services.progress import Progress
from facerec_app.services.video_people import VideoPeople, clock, most_seen_person, spans_text
from tests.unit.services.demo_application import DEMO, VIDEO, application_with_people


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposedApplication]:
    app = application_with_people(tmp_path_factory.mktemp("gallery"))
    yield app
    app.close()


@pytest.fixture(scope="module")
def searched(application: ComposedApplication) -> tuple[VideoPeople, list[Progress]]:
    said: list[Progress] = []
    return application.enrolment().people_of_video(VIDEO, progress=said.append), said


def test_the_faces_of_a_video_are_grouped_by_person(
    application: ComposedApplication, searched: tuple[VideoPeople, list[Progress]]
) -> None:
    found, said = searched
    enrolled = application.gallery().index().snapshot
    named = []
    for person in found.people:
        centre = np.mean([look.embedding.vectors[0] for look in person.pictures], axis=0)
        cosines = enrolled.vectors @ (centre / np.linalg.norm(centre))
        best = int(np.argmax(cosines))
        named.append(enrolled.names[str(enrolled.person_ids[best])] if cosines[best] > 0.4 else None)
    known = [name for name in named if name is not None]
    assert "Barack Obama" in known
    assert len(known) == len(set(known)), "nobody is in two groups"
    assert not found.cancelled
    assert [p.looks for p in found.people] == sorted((p.looks for p in found.people), reverse=True)
    assert all(1 <= len(person.pictures) <= 8 for person in found.people)
    assert said[-1].total is not None
    assert [p.done for p in said] == sorted(p.done for p in said)


def test_spans_say_when_somebody_was_in_view(searched: tuple[VideoPeople, list[Progress]]) -> None:
    for person in searched[0].people:
        ends = [second for span in person.spans_s for second in span]
        assert ends == sorted(ends)
        assert spans_text(person).count("-") <= len(person.spans_s)
    assert (clock(7.9), clock(65), clock(3723)) == ("0:07", "1:05", "1:02:03")


def test_a_search_ends_when_asked_and_gives_what_it_found(application: ComposedApplication) -> None:
    looks: list[Progress] = []
    found = application.enrolment().people_of_video(VIDEO, progress=looks.append, cancelled=lambda: len(looks) >= 3)
    assert found.cancelled
    assert len(looks) == 3


def test_a_video_without_faces_and_a_file_that_is_none_say_so(application: ComposedApplication, tmp_path: Path) -> None:
    with pytest.raises(NoFaceError, match=r"nobody\.mp4"):
        most_seen_person(VideoPeople(Path("nobody.mp4"), (), 1.0, False))
    with pytest.raises(SourceOpenError):
        application.enrolment().people_of_video(tmp_path / "missing.mp4")


def test_rows_are_told_as_they_are_judged(application: ComposedApplication, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    rows: list[EnrolmentRow] = []
    report = application.enrolment().enrol_files("Joe Biden", [bad, DEMO / "sources" / "biden.jpg"], on_row=rows.append)
    assert tuple(rows) == report.rows
    assert [row.face_id is None for row in rows] == [True, False]


def test_one_of_several_faces_is_enrolled_when_pointed_at(
    application: ComposedApplication, test_data_dir: Path
) -> None:
    scene = test_data_dir / "photos" / "scenes" / "obama_and_biden.jpg"
    service = application.enrolment()
    pixels_rgb, boxes_xyxy = service.faces_in(scene)
    assert len(boxes_xyxy) >= 2
    assert pixels_rgb.ndim == 3
    x0, y0, x1, y1 = (float(v) for v in boxes_xyxy[np.argmin(boxes_xyxy[:, 0])])
    drawn = (x0 - 0.15 * (x1 - x0), y0 - 0.2 * (y1 - y0), x1 + 0.15 * (x1 - x0), y1 + 0.05 * (y1 - y0))
    report = service.enrol_files("Left One", [PictureToEnrol(scene, drawn, insist=True)])
    assert report.enrolled == 1, report.rows
    nothing = service.enrol_files("Corner", [PictureToEnrol(scene, (0.0, 0.0, 20.0, 20.0))])
    assert "around the whole face" in str(nothing.rows[0].error)


def test_default_detector_finds_the_landmarks_of_a_drawn_box(tmp_path: Path) -> None:
    app = ComposedApplication(Settings(database_dir=tmp_path))
    try:
        picture = DEMO / "sources" / "obama2.jpg"
        _, boxes_xyxy = app.enrolment().faces_in(picture)
        x0, y0, x1, y1 = (float(v) for v in boxes_xyxy[0])
        report = app.enrolment().enrol_files("Somebody", [PictureToEnrol(picture, (x0 - 9, y0 - 9, x1 + 9, y1 + 9))])
        assert report.enrolled == 1
    finally:
        app.close()


def test_pictures_of_a_telephone_enrol_as_upright_ones_do(application: ComposedApplication, tmp_path: Path) -> None:
    upright = Image.open(DEMO / "sources" / "obama2.jpg").convert("RGB")
    upright.thumbnail((480, 480))
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    for orientation, turn in turns.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright.transpose(turn).save(tmp_path / f"sideways-{orientation}.jpg", exif=exif, quality=95)
        turned = pillow_heif.from_pillow(upright.transpose(turn))
        turned.save(tmp_path / f"sideways-{orientation}.heic", quality=90, exif=exif.tobytes())
    pillow_heif.from_pillow(upright).save(tmp_path / "telephone.heic", quality=90)
    upright.save(tmp_path / "upright.jpg", quality=95)
    faces = {}
    for number, picture in enumerate(sorted(tmp_path.iterdir())):
        report = application.enrolment().enrol_files(f"Telephone {number}", [picture], insist=True)
        assert report.enrolled == 1, report.rows
        (faces[picture.name],) = application.people().faces(f"Telephone {number}")
    wanted = faces.pop("upright.jpg")
    assert len(faces) == 7
    for name, face in faces.items():
        assert face.size_px == pytest.approx(wanted.size_px, rel=0.05), name
        assert face.box_xyxy == pytest.approx(wanted.box_xyxy, abs=8), name
