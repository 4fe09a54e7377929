"""Reports as JSON and as a page that stands alone; lists of people; verification figures end to end on features."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, NotEnoughDataError, OutputWriteError
from facerec_app.evaluation.evaluation_report import (
    Curve,
    EvaluationReport,
    PictureGroup,
    PictureRow,
    ReportPlot,
    ReportTable,
    percent,
    percent_range,
)
from facerec_app.evaluation.people_lists import all_people, pictures_of_list, read_people_list
from facerec_app.evaluation.report_page import report_page, require_writable, write_text_file
from facerec_app.evaluation.report_plots import draw_plot
from facerec_app.evaluation.verification_report import verification_report, verification_result
from facerec_app.evaluation.verification_run import VerificationRun
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.training.verification_metrics import PersonBootstrap
from tests.unit.evaluation.evaluation_material import made_faces

HOSTILE = "<script>alert('x')</script>&"
LINE = np.linspace(0.001, 1.0, 30)


def report() -> EvaluationReport:
    return EvaluationReport(
        "verification", HOSTILE, (HOSTILE,), (ReportTable(HOSTILE, ("a", "b"), ((HOSTILE, "1"),), HOSTILE),),
        (ReportPlot("A plot", "x, px", "y, %", (Curve("one", LINE, LINE), Curve("two", LINE, LINE**2)), "log"),),
        (PictureGroup("Pictures", (PictureRow((Path("gone.jpg"),), (HOSTILE,), HOSTILE),)),),
        {"value": float("nan"), "array": np.array([1, 2]), "nested": {"x": np.float32(0.5)}},
        {"data": "0" * 64}, ("a remark",),
    )  # fmt: skip


def test_a_page_needs_nothing_else_and_escapes_every_name() -> None:
    page = report_page(report(), "1.2")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 7
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == 2
    assert all(source.startswith("data:image/") for source in sources)
    assert "http:" not in re.sub(r'"data:[^"]*"', "", page)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_a_plot_made_again_is_the_same_file() -> None:
    (plot,) = report().plots
    assert draw_plot(plot) == draw_plot(plot)
    assert draw_plot(plot, "png").startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_plots_of_nearly_nothing_can_be_drawn() -> None:
    for scale in ("linear", "log", "probit"):
        lonely = ReportPlot("t", "x", "y", (Curve("one", np.array([0.5]), np.array([0.5])),), scale, scale)
        assert draw_plot(lonely)
    assert draw_plot(ReportPlot("t", "x", "y", (Curve("bars", LINE, LINE, bars=True),), marks=((0.5, "here"),)))


def test_json_holds_no_value_that_is_no_number() -> None:
    values = json.loads(json.dumps(report().to_json(), allow_nan=False))
    assert values["value"] is None
    assert values["array"] == [1, 2]
    assert values["evaluation"] == "verification"
    assert values["schema"] == 1


def test_shares_are_written_for_people() -> None:
    assert percent(0.98765) == "98.77 %"
    assert percent(float("nan")) == percent(None) == "-"
    assert percent_range((0.01, 0.023), 1) == "1.0 to 2.3 %"


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OutputWriteError, match="missing"):
        require_writable(tmp_path / "missing" / "report.html")
    with pytest.raises(OutputWriteError, match="folder"):
        require_writable(tmp_path)
    with pytest.raises(OutputWriteError):
        write_text_file(tmp_path / "missing" / "report.json", "{}")
    require_writable(tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_lists_of_people(tmp_path: Path) -> None:
    people = tmp_path / "people.txt"
    people.write_text("# known\nAnn\nBob # twice\nAnn\n", encoding="utf-8")
    assert read_people_list(people) == ("Ann", "Bob")
    for text, said in (("", "empty"), ("../etc\n", "path"), ("..\n", "path")):
        people.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            read_people_list(people)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_people_list(tmp_path / "nothing.txt")


def test_folders_without_pictures_or_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folders with pictures"):
        all_people(tmp_path)
    with pytest.raises(ConfigError, match="There is no folder"):
        all_people(tmp_path / "missing")
    (tmp_path / "Ann").mkdir()
    (tmp_path / "Ann" / "1.jpg").write_bytes(b"")
    assert all_people(tmp_path) == ("Ann",)
    with pytest.raises(ConfigError, match=r"1 of the 2 people of list.txt .* Bob"):
        pictures_of_list(tmp_path, ["Ann", "Bob"], "list.txt")


def test_verification_over_all_pairs_of_people() -> None:
    faces = made_faces([4] * 12 + [1] * 5, spread=0.9)
    faces.rows.found[3] = False
    run = VerificationRun(faces, None, PersonBootstrap(50))
    scorer = CosineScorer(middle=0.4, slope=12.0)
    network, cosine = run.measured(scorer.log_odds, 0.0), run.measured(CosineScorer(0.0, 1.0).log_odds, 0.4)
    result = verification_result(run, network, cosine)
    values = json.loads(json.dumps(verification_report(result, Path(), {}, ()).to_json(), allow_nan=False))
    # The network here is cosine on another scale: the same verdicts.
    assert values["accuracy_minus_cosine"] == pytest.approx(0.0)
    assert values["accuracy_minus_cosine_interval"] == [0.0, 0.0]
    scores = scorer.log_odds(faces.rows.vectors[run.all_rows[:, 0]], faces.rows.vectors[run.all_rows[:, 1]])
    seen = faces.rows.found[run.all_rows].all(axis=1)
    genuine = ((scores >= 0) & seen)[run.all_same].mean()
    impostor = ((scores < 0) & seen)[~run.all_same].mean()
    assert values["accuracy_mean"] == pytest.approx(0.5 * (genuine + impostor))
    assert values["fnmr_at_threshold"] == pytest.approx(1 - genuine)
    assert values["not_detected_pictures"] == ["p00/3.jpg"]
    assert "1e-4" in values["tar_note"]
    assert values["pairs"] == values["all_pairs"] == 53 * 52 // 2


def test_people_who_make_no_pairs_are_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="no pairs of both kinds"):
        VerificationRun(made_faces([3]))
    with pytest.raises(NotEnoughDataError, match="no pairs of both kinds"):
        VerificationRun(made_faces([1, 1, 1]))


def test_few_people_have_error_bars_too() -> None:
    run = VerificationRun(made_faces([3, 2, 2, 1]))
    network, cosine = (run.measured(CosineScorer(middle=0.3).log_odds, 0.0) for _ in range(2))
    figures = network.figures
    assert np.isfinite(figures.accuracy_stderr)
    assert np.isfinite(verification_result(run, network, cosine).difference_interval).all()


def test_pictures_in_which_too_few_faces_are_found_are_said_in_one_line() -> None:
    faces = made_faces([2, 1, 1])
    faces.rows.found[1:] = False
    with pytest.raises(NotEnoughDataError, match="found in 1 of 4 pictures"):
        VerificationRun(faces)


def test_threshold_that_was_chosen_on_the_same_people_is_said_to_be() -> None:
    run = VerificationRun(made_faces([3] * 8), None, PersonBootstrap(50))
    network, cosine = (run.measured(CosineScorer(middle=0.3).log_odds, 0.0) for _ in range(2))
    for foreign, words in ((True, "chosen on other people"), (False, "these same people")):
        result = verification_result(run, network, cosine, is_threshold_foreign=foreign)
        assert words in verification_report(result, Path(), {}, ()).sentences[0]
