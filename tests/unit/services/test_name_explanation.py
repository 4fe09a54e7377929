"""Why a face has its name, said as the name was found."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facerec_app.core.types import Embeddings
from tests.unit.services.demo_application import application_with_people


def test_looks_that_the_network_was_less_sure_of_speak_less_for_a_name(tmp_path: Path) -> None:
    app = application_with_people(tmp_path / "gallery")
    snapshot = app.gallery().index().snapshot
    names = [snapshot.names[person] for person in snapshot.person_ids.tolist()]
    explained = {}
    for norms in ((1.0, 0.6), (0.6, 1.0)):
        looks = Embeddings(snapshot.vectors[:2], snapshot.extractor_version, np.array(norms, np.float32))
        explained[norms] = app.name_explanation().explain(looks).standings
    app.close()
    assert [standings[0].name for standings in explained.values()] == names
    for first, second in explained.values():
        assert first.log_odds > 5
        assert second.log_odds < 0
        assert (first.looks_won, second.looks_won) == (1, 1)
