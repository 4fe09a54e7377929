"""people faces, on the demonstration's free photographs."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Facerec


def test_faces_are_listed_filtered_and_sorted_by_likeness(facerec: Facerec, demo_dir: Path) -> None:
    assert "No face fits" in facerec("people", "faces").stdout
    facerec("import", demo_dir / "people")
    facerec("enrol", "Barack Obama", demo_dir / "sources" / "obama2.jpg")
    listed = facerec("people", "faces", "--sort", "oldest", "--json").json
    assert (listed["faces"], listed["page"], listed["pages"]) == (3, 1, 1)
    assert sorted(face["name"] for face in listed["shown"]) == ["Barack Obama", "Barack Obama", "Grace Hopper"]
    newest = facerec("people", "faces", "--json").json["shown"][0]
    assert newest["source"].endswith("obama2.jpg")
    alike = facerec("people", "faces", "--like", newest["face_id"][:8], "--json").json["shown"]
    assert [face["name"] for face in alike] == ["Barack Obama", "Barack Obama", "Grace Hopper"]
    assert alike[1]["probability"] > 0.9 > alike[2]["probability"] + 0.8
    facerec("people", "exclude", newest["face_id"])
    unused = facerec("people", "faces", "--use", "unused", "--person", "OBAMA", "--json").json
    assert [face["face_id"] for face in unused["shown"]] == [newest["face_id"]]
    printed = facerec("people", "faces", "--source", "grace", "--since", "2020-01-31").stdout
    assert "Grace Hopper" in printed
    assert "Obama" not in printed
    refused = facerec("people", "faces", "--page", "2")
    assert refused.code == 2
    assert refused.stderr.startswith("error: Page 2 was asked for")
