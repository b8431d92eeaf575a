"""Finds the country that a cell names: by its ISO 3166-1 code, or by its name in one of the languages listed here."""

from __future__ import annotations

import gettext
from functools import cache, lru_cache
from typing import Any, cast

import pycountry

LANGUAGES = ("de", "fr", "es", "it", "nl", "pt", "pl", "cs", "sv", "da", "nb", "fi", "hu", "tr")
"""Beside English; the names are those of the iso-codes project."""

_COMMON_COUNTRIES = {
    # Names that people write and ISO 3166-1 does not know.
    "uk": "GB",
    "u.k.": "GB",
    "great britain": "GB",
    "britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "u.s.": "US",
    "u.s.a.": "US",
    "uae": "AE",
    "russia": "RU",
    "turkey": "TR",
    "holland": "NL",
    "the netherlands": "NL",
    "ivory coast": "CI",
    "cape verde": "CV",
    "swaziland": "SZ",
    "macedonia": "MK",
    "burma": "MM",
    "macau": "MO",
    "brunei": "BN",
    "palestine": "PS",
    "vatican": "VA",
    "vatican city": "VA",
    "micronesia": "FM",
    "east timor": "TL",
    "democratic republic of the congo": "CD",
    "dr congo": "CD",
    "kosovo": "XK",  # a code that ISO leaves to users; phone numbers and the EU know it
    "xk": "XK",
    "grossbritannien": "GB",
    "england und wales": "GB",
    "schottland": "GB",
    "vereinigte staaten von amerika": "US",
    "russland": "RU",
    "moldawien": "MD",
    "weißrussland": "BY",
    "belarus": "BY",
    "elfenbeinküste": "CI",
    "südkorea": "KR",
    "nordkorea": "KP",
    "südafrika": "ZA",
    "vae": "AE",
    "bosnien": "BA",
    "syrien": "SY",
    "laos": "LA",
    "taiwan": "TW",
    "angleterre": "GB",
    "grande-bretagne": "GB",
    "états-unis": "US",
    "estados unidos de américa": "US",
    "ee. uu.": "US",
    "ee.uu.": "US",
    "stati uniti d'america": "US",
    "gran bretagna": "GB",
    "gran bretaña": "GB",
    "inghilterra": "GB",
    "engeland": "GB",
    "south korea": "KR",
}


@lru_cache(maxsize=4096)
def find_country(text: str) -> str:
    """The alpha-2 code of a country, or empty where the text names none, or two in two languages."""
    folded = text.strip().casefold()
    common = _COMMON_COUNTRIES.get(folded) or _COMMON_COUNTRIES.get(folded.replace("ß", "ss"))
    if common:
        return common
    try:
        return cast("str", cast("Any", pycountry.countries.lookup(text.strip())).alpha_2)
    except LookupError:
        return _translated().get(folded, "")


@cache
def _translated() -> dict[str, str]:
    """Names in other languages; one that means two countries is left out."""
    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        translate = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True).gettext
        for country in pycountry.countries:
            for kind in ("name", "common_name", "official_name"):
                name = getattr(country, kind, None)
                if name:
                    found.setdefault(translate(name).casefold(), set()).add(country.alpha_2)
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}
