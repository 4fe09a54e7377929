"""What a comparison says, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from facerec_app.services.picture_comparison import PairVerdict, PictureAgreement, SceneVerdict

_MOST_PARTS = 3


def verdict_words(verdict: PairVerdict) -> str:
    """Return the verdict as a heading."""
    return {
        PairVerdict.SAME: _tr("Very likely the same person"),
        PairVerdict.PROBABLY_SAME: _tr("Probably the same person"),
        PairVerdict.OPEN: _tr("Cannot be told"),
        PairVerdict.PROBABLY_DIFFERENT: _tr("Probably two people"),
        PairVerdict.DIFFERENT: _tr("Very likely two people"),
    }[verdict]


def share_words(probability: float) -> str:
    """Return a probability; nothing is certain either way."""
    if probability < 0.01:
        return _tr("<1% the same")
    return _tr("{0:.0%} the same").format(min(probability, 0.99))


def agreement_words(agreement: PictureAgreement) -> str:
    """Return which parts agree, in one or two sentences."""
    sentences = []
    if agreement.faces is not None:
        count = agreement.faces.match.inliers
        names = _part_names()
        parts = [names.get(part, part) for part in list(agreement.faces.parts)[:_MOST_PARTS]]
        if count:
            where = ", ".join(parts)
            few = _tr("{0} places in the faces agree, most around {1}; two people's faces can do as much.")
            many = _tr("{0} places in the faces agree, most around {1}.")
            sentences.append((many if agreement.faces.is_more_than_chance else few).format(count, where))
        else:
            sentences.append(_tr("No places in the faces agree."))
    outside = agreement.elsewhere.inliers
    scene = {
        SceneVerdict.SAME: _tr("{0} places outside the faces agree: one scene."),
        SceneVerdict.OPEN: _tr("{0} places outside the faces agree: like things, perhaps one scene."),
        SceneVerdict.NOTHING: _tr("{0} places outside the faces agree, no more than two scenes do by chance."),
    }[agreement.scene]
    sentences.append(scene.format(outside))
    return " ".join(sentences)


def honest_note() -> str:
    """Return what a comparison is not good for."""
    return _tr(
        "Do not rely on it for twins, children or faces that are small, blurred or turned away; it is no proof of who "
        "somebody is. Places that agree show alike textures: pose and light move them more than the person does."
    )


def _part_names() -> dict[str, str]:
    return {
        "eyes": _tr("the eyes"),
        "nose": _tr("the nose"),
        "mouth": _tr("the mouth"),
        "forehead and hair": _tr("forehead and hair"),
        "chin and neck": _tr("chin and neck"),
        "cheeks and ears": _tr("cheeks and ears"),
    }


def _tr(text: str) -> str:
    return QCoreApplication.translate("CompareWords", text)
