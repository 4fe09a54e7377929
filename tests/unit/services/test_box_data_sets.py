"""Exporting corrected boxes: into a new or empty folder, and what other folders are answered with."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from facerec_app.capture.images import write_png
from facerec_app.core.errors import OutputWriteError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.gallery.box_corrections import BoxCorrections
from facerec_app.gallery.box_rows import CorrectedPicture
from facerec_app.services.box_data_sets import BoxDataSetService
from tests.unit.gallery.gallery_material import open_store


def test_the_present_folder_is_refused_in_one_line_and_a_way_through_others_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "party.png"
    write_png(file, np.zeros((90, 100, 3), np.uint8))
    data = file.read_bytes()
    faces = FaceAnnotations.of(np.array([[10, 12, 60, 80]], np.float32))
    picture = CorrectedPicture(
        hashlib.sha256(data).hexdigest(), str(file), len(data), 100, 90, faces, None, None, datetime.now(UTC)
    )
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with open_store(tmp_path / "gallery") as store:
        editing = SimpleNamespace(corrections=BoxCorrections(store.database))
        editing.corrections.save(picture)
        service = BoxDataSetService(store, cast(Any, editing))
        with pytest.raises(OutputWriteError, match="folder you are in"):
            service.export("coco", Path())
        assert service.export("coco", Path("nowhere/../out")).pictures == 1
        assert (tmp_path / "here" / "out" / "annotations.json").is_file()
