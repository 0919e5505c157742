"""The gate between text from data and markup: every name is escaped once, where it enters.

A text of the catalogue is Markdown and stands as it is; what it is filled with is text from data.
What has been filled already is `Filled` and passes the gate as it stands. In Markdown a sign that
could be read as markup becomes a character reference (`*` is `&#42;`), which no renderer reads as
anything but the sign, and in which no check, shortcode or citation of either one is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from analysis.names import without_marks

Markup = Callable[[str], str]

# Signs that may be markup wherever they stand; then those that are so only in some places: "--"
# and "...", "1." and "a)" that begin a list, "p." (an abbreviation glues what follows it), an
# address, a first or a last sign.
MARKS = re.compile(
    r"""[\\`*_{}\[\]<>#|@$~^&"']
    | -(?=-|\s|$) | (?<=-)- | \.(?=\.) | (?<=\.)\. | (?<=www)\. | (?<=\b\w)\.(?=\s)
    | (?<=\b\w\w)\.(?=\s) | (?<=\b\w{3})\.(?=\s) | (?<=\b\w{4})\.(?=\s) | (?<=^\w)\) | (?<=^\w\w)\)
    | :(?=[^\s\d]|$) | !$ | ^(?!=\ \d)[!-/:-@] """,
    re.VERBOSE,
)
QUOTED = re.compile(r"""[\\"'&<>{}`]""")
UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)
LONE = re.compile("[\ud800-\udfff\ufffe\uffff\ufdd0-\ufdef]")


class Filled(str):
    """A sentence that is markup already: its names were escaped when it was filled."""


def markdown(text: str) -> str:
    """Escape what Markdown, in either renderer, would read as markup."""
    if isinstance(text, Filled):
        return text
    return MARKS.sub(lambda mark: f"&#{ord(mark[0])};", plain(text).strip(" "))


def attribute(text: str) -> str:
    """Escape what the value of an attribute, such as an alternative text, would be read as."""
    return QUOTED.sub(lambda sign: f"&#{ord(sign[0])};", one_line(text))


def plain(text: str) -> str:
    """Text of one line: control characters and line breaks are shown as a blank."""
    return text if isinstance(text, Filled) else one_line(text)


def tidy(text: str) -> str:
    """Text of several lines, each as `one_line` shows it."""
    return "\n".join(map(one_line, text.split("\n")))


def one_line(text: str) -> str:
    """The text as it is shown: without the marks of names, control characters as a blank.

    Marks that turn the direction of writing are control characters too: behind them a text shows
    another order of letters than it has.
    """
    return LONE.sub("\N{REPLACEMENT CHARACTER}", UNSEEN.sub(" ", without_marks(text)))
