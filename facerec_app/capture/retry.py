"""How long to wait between attempts to bring a lost source back."""

from __future__ import annotations

import time
from collections.abc import Iterator


def retry_delays_s(
    give_up_after_s: float | None, *, first_s: float = 0.5, longest_s: float = 8.0, factor: float = 2.0
) -> Iterator[float]:
    """Yield growing delays in seconds until the time is up; at least one, and for ever if there is no limit.

    Args:
        give_up_after_s: time from the first call, None for no limit; the last delay is cut to it.
        first_s: first delay.
        longest_s: the delays grow by ``factor`` up to this.
        factor: of growth.
    """
    started_s = time.monotonic()
    delay_s = first_s
    if give_up_after_s is not None and give_up_after_s < first_s:
        yield give_up_after_s
        return
    while give_up_after_s is None or time.monotonic() - started_s < give_up_after_s:
        if give_up_after_s is not None:
            left_s = give_up_after_s - (time.monotonic() - started_s)
            yield min(delay_s, max(0.0, left_s))
        else:
            yield delay_s
        delay_s = min(delay_s * factor, longest_s)
