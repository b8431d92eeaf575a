"""What people say of a suspect, on top of its score: a word is worth more than any sign, and stays in 0 to 100."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from releasewatch.domain.defaults import MOST_SUSPECT
from releasewatch.domain.suspects import Reason, Suspect, suspicion

WORD = "word"


def with_words(suspects: Sequence[Suspect], words: Mapping[int, str]) -> list[Suspect]:
    """Suspects with what was said of them by number, ranked anew.

    | word | points |
    | --- | --- |
    | confirmed | all that are missing to 100 |
    | suspect | half of those that are missing |
    | cleared | all of them are taken away; no more plausible |

    The text names nobody and repeats no reason of theirs: a score is read on any channel.
    """
    found = [_with_word(one, words[one.candidate.number]) if one.candidate.number in words else one for one in suspects]
    return sorted(found, key=suspicion)


def _with_word(suspect: Suspect, word: str) -> Suspect:
    missing = MOST_SUSPECT - suspect.score
    points = {"confirmed": missing, "cleared": -suspect.score}.get(word, missing // 2)
    text = {"confirmed": "somebody confirmed it", "cleared": "somebody cleared it"}.get(word, "somebody suspects it")
    reasons = (Reason(WORD, points, text), *suspect.reasons)
    return replace(suspect, reasons=reasons, plausible=word != "cleared")


def own_score(suspect: Suspect) -> int:
    """The points without what people said: what a link keeps, so that a word does not raise itself."""
    return sum(reason.points for reason in suspect.reasons if reason.kind != WORD)


def reasons_text(suspect: Suspect) -> str:
    """The reasons in one line, the weightiest first: what a link keeps as its reason."""
    return "; ".join(f"{one.text} ({one.points})" for one in suspect.reasons if one.kind != WORD)
