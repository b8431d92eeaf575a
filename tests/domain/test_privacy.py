"""What may be shown, by where it goes: the sentences of "Privacy by channel" one by one, then all cases at once."""

from __future__ import annotations

import itertools

import pytest

from releasewatch.domain.privacy import WORDS, Channel, Reveal, decide_level, usual_level

COUNTS, KEYS, NAMES, CONTACTS = Reveal

PIPE = Channel(is_terminal=False, in_ci=False, public_repo=False)
TERMINAL = Channel(is_terminal=True, in_ci=False, public_repo=False)
FILE = Channel(is_terminal=False, in_ci=False, public_repo=False, file=True)
CI = Channel(is_terminal=False, in_ci=True, public_repo=False)
CI_FILE = Channel(is_terminal=False, in_ci=True, public_repo=False, file=True)
CI_TERMINAL = Channel(is_terminal=True, in_ci=True, public_repo=False)
PUBLIC_CI = Channel(is_terminal=False, in_ci=True, public_repo=True)

CHANNELS = [Channel(*flags) for flags in itertools.product((False, True), repeat=4)]


@pytest.mark.parametrize(
    ("channel", "level"),
    [
        (PIPE, KEYS),
        (TERMINAL, NAMES),
        (FILE, CONTACTS),
        (CI, KEYS),
        (CI_FILE, KEYS),
        (CI_TERMINAL, KEYS),
        (PUBLIC_CI, COUNTS),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_a_channel_shows_when_nobody_asks(channel: Channel, level: Reveal) -> None:
    assert usual_level(channel) == level
    assert decide_level(channel, None, CONTACTS, KEYS) == level


@pytest.mark.parametrize("asked", [NAMES, CONTACTS])
def test_a_person_at_a_terminal_or_pipe_may_ask_for_more(asked: Reveal) -> None:
    assert decide_level(TERMINAL, asked, CONTACTS, KEYS) == asked
    assert decide_level(PIPE, asked, CONTACTS, KEYS) == asked


def test_contacts_in_ci_need_the_setting_and_the_word() -> None:
    for channel in (CI, CI_FILE, CI_TERMINAL):
        assert decide_level(channel, None, CONTACTS, CONTACTS) == KEYS
        assert decide_level(channel, CONTACTS, CONTACTS, KEYS) == KEYS
        assert decide_level(channel, CONTACTS, CONTACTS, NAMES) == NAMES
        assert decide_level(channel, CONTACTS, CONTACTS, CONTACTS) == CONTACTS


def test_settings_can_narrow_a_terminal() -> None:
    assert decide_level(TERMINAL, CONTACTS, KEYS, KEYS) == KEYS
    assert decide_level(FILE, None, NAMES, KEYS) == NAMES


CASES = list(itertools.product(CHANNELS, (None, *Reveal), Reveal, Reveal))


def test_a_public_log_shows_counts_whatever_is_asked_and_set() -> None:
    shown = [decide_level(*case) for case in CASES if case[0].in_ci and case[0].public_repo]
    assert shown
    assert set(shown) == {COUNTS}


def test_ci_never_shows_more_than_its_setting_and_a_person_never_more_than_theirs() -> None:
    for channel, asked, terminal, ci in CASES:
        level = decide_level(channel, asked, terminal, ci)
        assert level <= (max(ci, KEYS) if channel.in_ci else terminal), (channel, asked, terminal, ci)


def test_asking_for_more_never_shows_less() -> None:
    for channel, terminal, ci in itertools.product(CHANNELS, Reveal, Reveal):
        levels = [decide_level(channel, asked, terminal, ci) for asked in (None, NAMES, CONTACTS)]
        assert levels == sorted(levels), (channel, terminal, ci)


def test_each_level_has_its_word() -> None:
    assert [WORDS[word] for word in ("counts", "keys", "names", "contacts")] == list(Reveal)


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (PIPE, "a pipe"),
        (TERMINAL, "a terminal"),
        (FILE, "a file"),
        (CI_FILE, "CI"),
        (PUBLIC_CI, "the log of a public repository"),
    ],
)
def test_messages_name_the_channel(channel: Channel, name: str) -> None:
    assert channel.name == name
