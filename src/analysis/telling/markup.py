"""The gate between text from data and markup: every name is escaped once, where it enters.

A text of the catalogue is Markdown and stands as it is; what it is filled with is text from data.
What has been filled already is `Filled` and passes the gate as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Markup = Callable[[str], str]

MARKS = re.compile(r"[\\`*_{}\[\]<>#|@$~^&\"']|-(?=-)|\.(?=\.)|(?<=!)(?=\[)")
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")


class Filled(str):
    """A sentence that is markup already: its names were escaped when it was filled."""


def markdown(text: str) -> str:
    """Escape what Markdown, in either renderer, would read as markup."""
    if isinstance(text, Filled):
        return text
    return MARKS.sub(lambda mark: "\\" + mark[0], plain(text))


def plain(text: str) -> str:
    """Text of one line: control characters and line breaks are shown as a blank."""
    return text if isinstance(text, Filled) else UNSEEN.sub(" ", text)
