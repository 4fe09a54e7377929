"""What ``facerec evaluate verification`` says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.decision.identity_calibration import PairCalibration
from facerec_app.evaluation.degradation_trial import DegradedResult
from facerec_app.evaluation.error_rates import (
    ErrorCurves,
    RateSupport,
    error_curves,
    fnmr_by_person,
    rate_support,
    rates_at,
)
from facerec_app.evaluation.evaluation_report import (
    Curve,
    EvaluationReport,
    PictureGroup,
    PictureRow,
    ReportPlot,
    ReportTable,
    bare_range,
    percent,
)
from facerec_app.evaluation.quality_strata import Stratum, stratified
from facerec_app.evaluation.reliability import (
    ReliabilityBin,
    calibration_cost,
    even_weights,
    expected_calibration_error,
    reliability_bins,
)
from facerec_app.evaluation.verification_run import (
    FALSE_ACCEPT_RATES,
    NO_FACE_SCORE,
    MeasuredScorer,
    VerificationFigures,
    VerificationRun,
    support_note,
    unsupported_rates,
)
from facerec_app.similarity.log_odds import probabilities_of
from facerec_app.training.calibration_quality import MiddleError, middle_error
from facerec_app.training.verification_metrics import PersonBootstrap, ScoredPairs, interval

_WORST_SHOWN = 12


@dataclass(frozen=True, slots=True, eq=False)
class VerificationResult:
    """The similarity network beside plain cosine.

    Attributes:
        run: the pictures and pairs.
        network, cosine: their figures.
        difference_interval: 95 % interval of the network's accuracy minus cosine's over resampled people.
        curves: error rates of network and cosine over all thresholds.
        support: impostors behind each false accept rate.
        reliability: of the calibrated pair probabilities at even odds.
        middle: their calibration error within 0.05 to 0.95.
        cost: Cllr and the part of it that calibration could remove, bits.
        strata: figures by picture quality.
        degraded: figures on pictures made worse on purpose, if asked for.
        is_threshold_foreign: whether the network's threshold was chosen on other people.
    """

    run: VerificationRun
    network: MeasuredScorer
    cosine: MeasuredScorer
    difference_interval: tuple[float, float]
    curves: tuple[ErrorCurves, ErrorCurves]
    support: dict[str, RateSupport]
    reliability: tuple[ReliabilityBin, ...]
    middle: MiddleError
    cost: tuple[float, float]
    strata: tuple[Stratum, ...]
    degraded: tuple[DegradedResult, ...] = ()
    is_threshold_foreign: bool = True

    @property
    def accuracy_difference(self) -> float:
        return self.network.figures.accuracy_mean - self.cosine.figures.accuracy_mean


def verification_result(
    run: VerificationRun,
    network: MeasuredScorer,
    cosine: MeasuredScorer,
    degraded: tuple[DegradedResult, ...] = (),
    calibration: PairCalibration | None = None,
    *,
    is_threshold_foreign: bool = True,
) -> VerificationResult:
    """Return everything that follows from the scores of network and cosine.

    Args:
        run: the pictures and pairs.
        network, cosine: measured on them.
        degraded: figures on pictures made worse.
        calibration: makes the network's log odds probabilities; None takes them as they are.
        is_threshold_foreign: whether the network's threshold was chosen on other people.
    """
    seen = _with_faces(network.everything)
    pairs = calibration if calibration is not None else PairCalibration()
    calibrated = ScoredPairs(pairs.log_odds(seen.scores), seen.same, seen.people)
    probabilities = probabilities_of(calibrated.scores).astype(np.float64)
    weights = even_weights(seen)
    strata = stratified(
        run.faces.rows, run.all_rows, network.everything, network.figures.threshold, PersonBootstrap(200)
    )
    return VerificationResult(
        run, network, cosine, interval(network.accuracy_draws - cosine.accuracy_draws),
        (error_curves(network.everything), error_curves(cosine.everything)),
        rate_support(network.everything, FALSE_ACCEPT_RATES),
        reliability_bins(probabilities, seen.same, weights),
        middle_error(probabilities, seen.same, weights, seen.people[:, 0]),
        calibration_cost(calibrated), strata, degraded, is_threshold_foreign,
    )  # fmt: skip


def _with_faces(pairs: ScoredPairs) -> ScoredPairs:
    kept = pairs.scores > NO_FACE_SCORE
    return ScoredPairs(pairs.scores[kept], pairs.same[kept], pairs.people[kept])


def verification_figures(result: VerificationResult) -> dict[str, Any]:
    """Return the figures for scripts; docs/evaluation.md lists the keys."""
    network, cosine, run = result.network.figures, result.cosine.figures, result.run
    fmr, fnmr = rates_at(result.network.everything, network.threshold)
    return {
        "accuracy_mean": network.accuracy_mean,
        "accuracy_stderr": network.accuracy_stderr,
        "accuracy_fold_stderr": network.accuracy_fold_stderr,
        "threshold_log_odds": network.threshold,
        "tar_at_far": dict(network.tar_at_far),
        "tar_at_far_stderr": dict(network.tar_at_far_stderr),
        "tar_at_far_interval": {key: list(value) for key, value in network.tar_at_far_interval.items()},
        "tar_note": support_note(unsupported_rates(network)),
        "far_support": {key: asdict(value) for key, value in result.support.items()},
        "fmr_at_threshold": fmr,
        "fnmr_at_threshold": fnmr,
        "fnmr_at_threshold_by_person": fnmr_by_person(result.network.everything, network.threshold),
        "equal_error_rate": result.curves[0].equal_error_rate,
        "cllr": result.cost[0],
        "cllr_calibration_loss": result.cost[1],
        "calibration_error_middle": asdict(result.middle),
        "calibration_error": expected_calibration_error(result.reliability),
        "reliability": [asdict(row) for row in result.reliability],
        "pairs": len(run.pairs.pairs) if run.pairs is not None else len(run.all_rows),
        "all_pairs": len(run.all_rows),
        "all_pairs_pictures": len(run.chosen),
        "people": len(run.everyone.people),
        "pictures": len(run.faces),
        "not_detected": len(run.faces.missing),
        "not_detected_pictures": list(run.faces.missing),
        "wrong_pairs": list(network.wrong_pairs),
        "by_quality": [asdict(row) for row in result.strata],
        "degraded": [asdict(row) for row in result.degraded],
        "cosine": {**asdict(cosine), "equal_error_rate": result.curves[1].equal_error_rate},
        "accuracy_minus_cosine": result.accuracy_difference,
        "accuracy_minus_cosine_interval": list(result.difference_interval),
    }


def verification_report(
    result: VerificationResult, root: Path, hashes: dict[str, str], remarks: tuple[str, ...]
) -> EvaluationReport:
    """Return the whole report."""
    tables = [_main_table(result)]
    if result.run.faces.missing:
        rows = tuple((name,) for name in result.run.faces.missing)
        tables.append(ReportTable("Pictures without a face (each of their pairs is an error)", ("picture",), rows))
    tables += _quality_tables(result.strata)
    if result.degraded:
        tables.append(_degraded_table(result.degraded))
    return EvaluationReport(
        "verification", "Verification: one person or two?", _sentences(result), tuple(tables), _plots(result),
        _worst(result, root), verification_figures(result), hashes, remarks,
    )  # fmt: skip


def _sentences(result: VerificationResult) -> tuple[str, ...]:
    run, network = result.run, result.network.figures
    what = f"{len(run.pairs.pairs)} pairs" if run.pairs is not None else f"all {len(run.all_rows):,} pairs"
    kind = "" if run.pairs is not None else "balanced "
    people = len(run.everyone.people)
    fmr, fnmr = rates_at(result.network.everything, network.threshold)
    by_person = percent(fnmr_by_person(result.network.everything, network.threshold))
    chosen = "chosen on other people" if result.is_threshold_foreign else "chosen on these same people, so too good"
    lines = [
        f"Of {what} of {people} people, {percent(network.accuracy_mean)} are judged rightly ({kind}accuracy, standard "
        f"error {percent(network.accuracy_stderr)}) at a threshold that was {chosen}.",
        f"At that threshold {percent(fnmr)} of all same-person pairs are rejected ({by_person} with every person "
        f"weighing the same) and {percent(fmr, 3)} of all two-person pairs accepted.",
    ]
    missing = len(run.faces.missing)
    lines.append(f"{missing or 'No'} picture{'' if missing == 1 else 's'} without a face found, of {len(run.faces)}.")
    return tuple(lines)


def _main_table(result: VerificationResult) -> ReportTable:
    network, cosine = result.network.figures, result.cosine.figures
    rows = [
        ("accuracy", f"{percent(network.accuracy_mean)} +- {percent(network.accuracy_stderr)}",
         f"{percent(cosine.accuracy_mean)} +- {percent(cosine.accuracy_stderr)}", ""),
        ("equal error rate", percent(result.curves[0].equal_error_rate),
         percent(result.curves[1].equal_error_rate), ""),
    ]  # fmt: skip
    for key in network.tar_at_far:
        support = result.support[key]
        mark = "" if support.enough else " (weak)"
        rows.append(
            (f"TAR at FAR {key}", _with_range(network, key), _with_range(cosine, key), f"{support.people_pairs}{mark}")
        )
    note = (
        "Ranges are 95 % intervals by person. The last column counts the pairs of people beyond the threshold: below "
        "30 (weak), the rule of 30 does not let the rate be told within 30 %."
    )
    missing = support_note(unsupported_rates(network))
    return ReportTable(
        "Accuracy and true accept rates", ("", "similarity network", "cosine", "impostors"), tuple(rows),
        f"{note} {missing}.".replace(" .", "") if missing else note,
    )  # fmt: skip


def _with_range(figures: VerificationFigures, key: str) -> str:
    if key not in figures.tar_at_far:
        return "-"
    return f"{percent(figures.tar_at_far[key])} ({bare_range(figures.tar_at_far_interval[key])})"


def _quality_tables(strata: tuple[Stratum, ...]) -> list[ReportTable]:
    if not strata:
        return []
    rows = tuple(
        (f"{row.measure} {row.bin}", f"{row.genuine:,}", str(row.people), percent(row.fnmr),
         bare_range(row.fnmr_interval), percent(row.fmr, 3))
        for row in strata
    )  # fmt: skip
    header = ("worse picture", "pairs", "people", "rejected", "95 %", "accepted")
    note = (
        "Same-person pairs, the people behind them and the share rejected; accepted is the share of two-person pairs. "
        "A pair counts in the bin of its worse picture; an empty bin has no row."
    )
    return [ReportTable("By picture quality", header, rows, note)]


def _degraded_table(degraded: tuple[DegradedResult, ...]) -> ReportTable:
    rows = tuple(
        (row.name, f"{row.median_size_px:.0f} px", percent(row.found, 1), percent(row.accepted, 1),
         bare_range(row.accepted_interval, 1), percent(row.false_accepted, 3))
        for row in degraded
    )  # fmt: skip
    return ReportTable(
        "Pictures made worse on purpose",
        ("change", "face width", "found", "recognised", "95 %", "others accepted"), rows,
        "One changed picture of each person against an unchanged other one, and against everybody else's; a face that "
        "is not found is not recognised.",
    )  # fmt: skip


def _plots(result: VerificationResult) -> tuple[ReportPlot, ...]:
    names = ("similarity network", "cosine")
    both = tuple(zip(names, result.curves, strict=True))
    own = result.curves[0]
    threshold = result.network.figures.threshold
    filled = [row for row in result.reliability if row.stated is not None]
    return (
        ReportPlot("Receiver operating characteristic", "false accept rate", "true accept rate",
                   tuple(Curve(name, curve.fmr[_inside(curve)], 1 - curve.fnmr[_inside(curve)])
                         for name, curve in both), x_scale="log"),
        ReportPlot("Detection error trade-off", "false match rate, %", "false non-match rate, %",
                   tuple(Curve(name, curve.fmr[_inside(curve)], curve.fnmr[_inside(curve)]) for name, curve in both),
                   x_scale="probit", y_scale="probit"),
        ReportPlot("Error rates by threshold", "threshold, log odds", "error rate",
                   (Curve("false match rate", own.thresholds, own.fmr),
                    Curve("false non-match rate", own.thresholds, own.fnmr)),
                   y_scale="log", marks=((threshold, "threshold in use"),)),
        _histogram(result.network.everything, threshold),
        ReportPlot("Reliability of pair probabilities", "stated probability", "observed share of same-person pairs",
                   (Curve("similarity network", np.array([row.stated for row in filled], np.float64),
                          np.array([row.observed for row in filled], np.float64)),),
                   diagonal=True,
                   note=_reliability_note(result)),
    )  # fmt: skip


def _reliability_note(result: VerificationResult) -> str:
    middle = result.middle
    return (
        f"Both kinds of pairs, and in them all people, weigh the same. {percent(middle.share)} of the weight lies "
        f"between 0.05 and 0.95, where stated and observed differ by {middle.error:.3f} ({middle.interval[0]:.3f} to "
        f"{middle.interval[1]:.3f}; {middle.by_chance:.3f} by chance alone). Cllr {result.cost[0]:.4f} bits, "
        f"{result.cost[1]:.4f} of them by calibration."
    )


def _inside(curve: ErrorCurves) -> Int64Array:
    """Rows where both rates are above zero and the false match rate above its last step: beyond, nothing is known."""
    return np.nonzero((curve.fmr > curve.fmr[curve.fmr > 0].min(initial=1.0)) & (curve.fnmr > 0))[0]


def _histogram(pairs: ScoredPairs, threshold: float) -> ReportPlot:
    seen = _with_faces(pairs)
    edges = np.linspace(float(seen.scores.min()), float(seen.scores.max()) + 1e-6, 61)
    middles = 0.5 * (edges[:-1] + edges[1:])

    def shares(scores: Float32Array) -> Curve:
        counts = np.histogram(scores, edges)[0] / max(len(scores), 1)
        label = "one person" if scores is genuine else "two people"
        return Curve(label, middles, counts.astype(np.float64), bars=True)

    genuine, impostor = seen.scores[seen.same], seen.scores[~seen.same]
    return ReportPlot(
        "Scores", "score, log odds", "share of pairs", (shares(genuine), shares(impostor)),
        marks=((threshold, "threshold in use"),),
    )  # fmt: skip


def _worst(result: VerificationResult, root: Path) -> tuple[PictureGroup, ...]:
    pairs, names = result.network.everything, result.run.faces.pictures
    threshold = result.network.figures.threshold
    groups = []
    for same, title in ((True, "Same person, rejected"), (False, "Two people, accepted")):
        rows = np.nonzero((pairs.same == same) & ((pairs.scores < threshold) == same) & (pairs.scores > NO_FACE_SCORE))[
            0
        ]
        order = rows[np.argsort(pairs.scores[rows] if same else -pairs.scores[rows], kind="stable")]
        shown: list[PictureRow] = []
        seen: set[tuple[int, int]] = set()
        for row in order.tolist():  # one pair for each pair of people: the same mistake again shows nothing new
            people = (int(pairs.people[row, 0]), int(pairs.people[row, 1]))
            if people in seen or len(shown) == _WORST_SHOWN:
                continue
            seen.add(people)
            files = tuple(names[index] for index in result.run.all_rows[row].tolist())
            shown.append(
                PictureRow(tuple(root / name for name in files), files, f"score {pairs.scores[row]:.2f} log odds")
            )
        if shown:
            groups.append(PictureGroup(f"{title}: {len(rows)} pairs, the worst of each person", tuple(shown)))
    return tuple(groups)
