"""What `[mail]` may say, and that no password is ever shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from releasewatch.config import load_config
from releasewatch.config.settings import Sources, list_settings
from releasewatch.errors import ConfigError, InvalidCallError
from releasewatch.wiring.mail import chat_of, mail_server
from tests.support.http_server import Reply, running_server

NOW = datetime(2026, 11, 1, 10, tzinfo=UTC)

GOOD = """[mail]
host = "mail.example.org"
from = "Calls <calls@example.org>"
user = "calls"
password = "env:RELEASEWATCH_SMTP_PASSWORD"
ca_file = "ca.pem"
"""


def load(folder, text):
    (folder / "releasewatch.toml").write_text(text, "utf-8")
    return load_config(folder, None, {})


def test_a_server_with_a_login(tmp_path):
    config = load(tmp_path, GOOD)
    server = mail_server(config.tables.mail, config.root, {"RELEASEWATCH_SMTP_PASSWORD": "s3same"})
    assert (server.place, server.security, server.ca_file) == ("mail.example.org:587", "starttls", tmp_path / "ca.pem")
    assert server.password is not None
    assert server.password.reveal() == "s3same"
    assert "s3same" not in repr(server)
    shown = {one.key: one.value for one in list_settings(config, Sources({}, tmp_path))}
    assert shown["mail.password"] == "env:RELEASEWATCH_SMTP_PASSWORD"
    with pytest.raises(InvalidCallError, match="RELEASEWATCH_SMTP_PASSWORD is not set"):
        mail_server(config.tables.mail, config.root, {})


def test_without_a_table_there_is_no_server(tmp_path):
    config = load(tmp_path, "")
    with pytest.raises(InvalidCallError, match="No mail server is set"):
        mail_server(config.tables.mail, config.root, {})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('host = "mail.example.org"\n', "", "mail.host is missing"),
        ('from = "Calls <calls@example.org>"\n', "", "mail.from is missing"),
        ("mail.example.org", "smtp://mail.example.org", "without port and user"),
        ("Calls <calls@example.org>", "calls", "wanted an address"),
        ("Calls <calls@example.org>", "a@example.org, b@example.org", "wanted an address"),
        ("env:RELEASEWATCH_SMTP_PASSWORD", "s3same", "a secret must not stand here"),
        ("env:RELEASEWATCH_SMTP_PASSWORD", "env:SMTP_PASSWORD", "begins with RELEASEWATCH_"),
        ('user = "calls"\n', "", "user and password go together"),
        ('ca_file = "ca.pem"', "port = 0", "from 1 to 65535"),
        ('ca_file = "ca.pem"', 'security = "none"', "without TLS everybody"),
        ('ca_file = "ca.pem"', 'security = "ssl"', "security"),
        ('ca_file = "ca.pem"', "hots = 1", "hots"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(tmp_path, old, new, says):
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert says in caught.value.message
    assert "s3same" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("more", ['host = "localhost"', 'host = "127.0.0.1"', 'host = "relay"\nplain_smtp = true'])
def test_without_tls_to_this_machine_or_where_that_is_said(tmp_path, more):
    text = f'[mail]\n{more}\nfrom = "calls@example.org"\nsecurity = "none"\n'
    assert load(tmp_path, text).tables.mail.security == "none"


def test_a_chat_is_named_by_a_variable_and_is_told_a_line(tmp_path):
    config = load(tmp_path, '[chat]\nkind = "teams"\nurl = "env:RELEASEWATCH_CHAT_URL"\n')
    with running_server() as server:
        server.handler = lambda _: Reply(b"", 202)
        found = chat_of(config.tables.chat, {"RELEASEWATCH_CHAT_URL": f"{server.url}/s3same"}, NOW)
        found.post("INC-1: 3 to call")
    (asked,) = server.asked
    assert (found.name, asked.path, b"INC-1: 3 to call" in asked.body) == ("teams", "/s3same", True)
    with pytest.raises(InvalidCallError, match="RELEASEWATCH_CHAT_URL is not set"):
        chat_of(config.tables.chat, {}, NOW)
    with pytest.raises(InvalidCallError, match="No chat is set"):
        chat_of(load(tmp_path, "").tables.chat, {}, NOW)
    for text, says in (
        ('url = "https://chat.example.org/s3same"', "a secret must not stand here"),
        ('kind = "teams"', "chat.url is missing"),
        ('kind = "irc"', "kind"),
    ):
        with pytest.raises(ConfigError, match=says) as caught:
            load(tmp_path, f"[chat]\n{text}\n")
        assert "s3same" not in caught.value.message
