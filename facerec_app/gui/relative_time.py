"""Moments as people speak of them."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

_MINUTE_S, _HOUR_S = 60, 3600


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return "just now", "5 min ago", "today 14:03", "yesterday 9:12" or a short date.

    Args:
        moment: with a time zone.
        now: the present, with a time zone, if not the clock's.
    """
    present = (now if now is not None else datetime.now().astimezone()).astimezone()
    there = moment.astimezone()
    elapsed_s = (present - there).total_seconds()
    if elapsed_s < _MINUTE_S:
        return _tr("just now")
    if elapsed_s < _HOUR_S:
        return _tr("{0} min ago").format(int(elapsed_s // _MINUTE_S))
    clock = QLocale().toString(QTime(there.hour, there.minute), "H:mm")
    days = (present.date() - there.date()).days
    if days == 0:
        return _tr("today {0}").format(clock)
    if days == 1:
        return _tr("yesterday {0}").format(clock)
    return short_date(there)


def short_date(moment: datetime) -> str:
    """Return a date as "3 May 2026" in the user's language."""
    there = moment.astimezone()
    return QLocale().toString(QDate(there.year, there.month, there.day), "d MMM yyyy")


def _tr(text: str) -> str:
    return QCoreApplication.translate("RelativeTime", text)
