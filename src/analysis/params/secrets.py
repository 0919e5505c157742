"""Secrets stand in the environment, never in a params file, however an address spells them.

An address is taken apart, and each part that may hold a secret must be a placeholder `${NAME}`:
the password before an `@`, and whatever a key names that sounds like a secret (`password`,
`sslpassword`, `access_token`, `PWD` …), in the query, in the path or within another value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

PLACEHOLDER = re.compile(r"\$\{\w+\}")
SECRET_KEY = re.compile(
    r"pass(?!(file|thr|eng|ive|age))|pwd|secret|token|credential|signature|authori[sz]ation|jwt"
    r"|bearer|(api|access|private|account|shared|storage|encryption)key|^(pw|key|sig|sas|auth)$"
)
PAIR = re.compile(r"([\w.\- ]+?)\s*=\s*(\$\{\w+\}|\"[^\"]*\"|'[^']*'|[^&;,\s]*)")
PORTS = re.compile(r"[^:]*(:\d+)?|\[[^\]]*\](:\d+)?")
DECODINGS = 3


def plain_secret(address: str) -> str:
    """What holds a secret in plain text in an address: 'its user', a key's name; empty: nothing.

    Parameters
    ----------
    address : str
        An address with `://`, or any text.
    """
    for text in _decoded(address):
        if _password_in_plain(text):
            return "its user"
        for key, value in _pairs(text):
            if names_secret(key) and value and not PLACEHOLDER.fullmatch(value):
                return key
    return ""


def names_secret(key: str) -> bool:
    """Whether a key names a secret, in any case and with any marks between its words."""
    return SECRET_KEY.search(re.sub(r"[^a-z0-9]", "", key.lower().rpartition(".")[2])) is not None


def secret_in(values: Any, place: str = "") -> tuple[str, str]:
    """Place and kind of a secret in an address within the values of a params file; else empty."""
    if isinstance(values, dict):
        inner = [secret_in(one, f"{place}.{key}".strip(".")) for key, one in values.items()]
    elif isinstance(values, list | tuple):
        inner = [secret_in(one, place) for one in values]
    else:
        found = plain_secret(values) if isinstance(values, str) and "://" in values else ""
        return (place, found) if found else ("", "")
    return next((one for one in inner if one[1]), ("", ""))


def _decoded(address: str) -> Iterator[str]:
    """The text as it stands, and as what it stands for, spelled out."""
    text = re.sub(r"[\x00-\x1f\x7f]", "", address)
    for _ in range(DECODINGS):
        yield text
        text = unquote_plus(text)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    rest = text.partition("://")[2] or text
    for found in PAIR.finditer(rest):
        yield found[1].strip(), found[2].strip("\"'")


def _password_in_plain(text: str) -> bool:
    """Whether what stands before an `@` holds a password that is no placeholder.

    A password may hold `/`, `?`, `#` and `@` itself, where somebody forgot to write them as %2F.
    """
    return any(_has_password(text[start.end() :]) for start in re.finditer("://", text))


def _has_password(rest: str) -> bool:
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, _ = host.rpartition("@")
    if at:
        _, colon, password = user.partition(":")
        return bool(colon and password) and not PLACEHOLDER.fullmatch(password)
    before, at, _ = rest.rpartition("@")
    if not at or ":" not in host:
        return False
    path = re.split(r"[?#;]", rest, maxsplit=1)[0]
    return "=" not in before or "@" in path or not all(map(PORTS.fullmatch, host.split(",")))
