"""When people may be called: the settings, with what is known of the countries where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.calling_hours import CallingHours, Countries, read_clock
from releasewatch.integrations.calendars import find_holiday, find_zone_of_country, find_zones_of_country

if TYPE_CHECKING:
    from releasewatch.config.schema import Calling


def hours_of(calling: Calling) -> CallingHours:
    """`[calling]` as the domain has it."""
    usual = CallingHours()
    return CallingHours(
        read_clock(calling.hours_from) or usual.opens,
        read_clock(calling.hours_to) or usual.closes,
        countries=Countries(find_zone_of_country, find_holiday, find_zones_of_country),
    )
