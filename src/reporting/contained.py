"""A page that holds all it shows: it is parsed, what it would load is refused, and it says so.

The policy that a page carries (Content-Security-Policy) lets a browser show what lies in the page
and nothing else: its styles, its pictures and fonts as data addresses, and of scripts only those
that the renderer wrote into it, each by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reporting.errors import ReportError

LOADING = {
    *("src", "srcset", "imagesrcset", "href", "xlink:href", "data", "poster", "action"),
    *("formaction", "background", "cite", "codebase", "archive", "manifest", "longdesc", "ping"),
}
LINKS = {("a", "href"), ("area", "href"), ("blockquote", "cite"), ("q", "cite")}
LINKED = ("http", "https", "mailto", "doi", "")
FILE = re.compile(r"data:text/csv[;,]", re.IGNORECASE)
"""A file of numbers that lies in the page; other data addresses are none that a link may name."""
NEVER = {"base", "object", "embed", "iframe", "frame", "frameset", "applet", "portal"}
IN_STYLES = re.compile(
    r"""@import\s*(?:url\(\s*)?["']?([^"')\s;]+)|url\(\s*["']?([^"')\s]+)""", re.IGNORECASE
)
CSS_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?|\\(.)", re.IGNORECASE)
HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
SPOKEN = ("alt", "title", "aria-label", "content")
"""Attributes that hold texts."""
LONGEST_TOLD = 120


@dataclass
class Loaded:
    """What one page would load or run.

    Attributes
    ----------
    faults : list of str
        Addresses and tags that do not lie in the page.
    scripts : list of str
        The text of each script in the page.
    data_scripts : bool
        Whether a script lies in a data address.
    """

    faults: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data_scripts: bool = False


def check_self_contained(html: Path) -> Loaded:
    """Refuse a page that loads anything from outside itself; ordinary links are fine.

    Returns
    -------
    Loaded
        What it runs: the scripts that lie in it.

    Raises
    ------
    ReportError
        The first thing that it would load.
    """
    loaded = read_page(html.read_text(encoding="utf-8"))
    if loaded.faults:
        first = loaded.faults[0][:LONGEST_TOLD]
        raise ReportError(
            f"{html.name} must hold everything it shows, but it loads {first}; "
            "stage one clean form of each cell, without text/html"
        )
    return loaded


def check_no_paths(html: Path, folders: Iterable[Path]) -> None:
    """Refuse a page with an attribute that names a folder of this machine; a text may say it.

    Raises
    ------
    ReportError
        The attribute.
    """
    reader = _Attributes()
    reader.feed(html.read_text(encoding="utf-8"))
    places = [f"{folder.absolute()}/" for folder in folders if folder.absolute() != folder.parent]
    for tag, name, value in reader.found:
        if name not in SPOKEN and any(place in unquote(value) for place in places):
            raise ReportError(
                f"{html.name} must name no folder of this machine, but <{tag} {name}> holds "
                f"{value[:LONGEST_TOLD]}; see which renderer writes it"
            )


class _Attributes(HTMLParser):
    """Gathers every attribute of a page."""

    CDATA_CONTENT_ELEMENTS = ("script", "style")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value or "") for name, value in attrs]


def carry_policy(html: Path, loaded: Loaded | None = None) -> None:
    """Write the page's policy into its head; what it loads need not be read twice."""
    html.write_text(with_policy(html.read_text(encoding="utf-8"), loaded), encoding="utf-8")


def with_policy(page: str, loaded: Loaded | None = None) -> str:
    """The page with its policy as the first thing in its head."""
    head = HEAD.search(page)
    if head is None:
        raise ReportError("a page must have a head, but this one has none; render it again")
    policy = escape(policy_of(page, loaded), quote=False)
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    return f"{page[: head.end()]}\n{tag}{page[head.end() :]}"


def policy_of(page: str, loaded: Loaded | None = None) -> str:
    """The policy of a page: nothing but what lies in it."""
    loaded = read_page(page) if loaded is None else loaded
    hashes = [hashlib.sha256(script.encode()).digest() for script in loaded.scripts if script]
    scripts = [f"'sha256-{base64.b64encode(one).decode()}'" for one in dict.fromkeys(hashes)]
    scripts += ["data:"] if loaded.data_scripts else []
    rules = ["default-src 'none'", "style-src 'unsafe-inline' data:", "img-src data:"]
    rules += ["font-src data:", " ".join(["script-src", *(scripts or ["'none'"])])]
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def read_page(page: str) -> Loaded:
    """Parse a page, and the pictures in it, for what they would load or run."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.loaded


class _Reader(HTMLParser):
    """Walks every tag of a page."""

    CDATA_CONTENT_ELEMENTS = ("script", "style")

    def __init__(self, *, in_picture: bool = False) -> None:
        super().__init__(convert_charrefs=True)
        self.loaded = Loaded()
        self.inside, self.text = "", ""
        self.in_picture = in_picture

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in NEVER or (tag == "script" and self.in_picture):
            self._fault(f"<{tag}>", given.get("src") or given.get("data") or given.get("href", ""))
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self._fault("<meta refresh>", given.get("content", ""))
        for name, value in given.items():
            if name.startswith("on"):
                self._fault(f"<{tag} {name}>", value)
            elif name == "style":
                self._check_style(value)
            elif name in LOADING:
                self._check_addresses(tag, name, value)
        if tag in ("script", "style"):
            self.inside, self.text = tag, ""

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside == "script":
            self.loaded.scripts.append(self.text)
        elif tag == self.inside == "style":
            self._check_style(self.text)
        self.inside = "" if tag == self.inside else self.inside

    def _check_addresses(self, tag: str, name: str, value: str) -> None:
        parts = value.split(",") if name.endswith("srcset") and "data:" not in value else [value]
        for address in (part.strip() for part in parts):
            if (tag, name) in LINKS:
                if _scheme(address) not in LINKED and not FILE.match(address):
                    self._fault(f"<{tag} {name}>", address)
            else:
                self._check_address(tag, name, address)

    def _check_address(self, tag: str, name: str, address: str) -> None:
        if address.startswith("#") or not address:
            return
        if _scheme(address) != "data":
            self._fault(f"<{tag} {name}>", address)
        elif tag == "script":
            self.loaded.data_scripts = True
        else:
            self._check_data(address)

    def _check_data(self, address: str) -> None:
        """A picture in the page is a page of its own, and must not load anything either."""
        kind, _, content = address.partition(",")
        if "svg" not in kind.lower():
            return
        raw = unquote(content)
        svg = base64.b64decode(raw).decode("utf-8", "replace") if ";base64" in kind else raw
        inner = _Reader(in_picture=True)
        inner.feed(svg)
        inner.close()
        self.loaded.faults += inner.loaded.faults

    def _check_style(self, text: str) -> None:
        for address in _addresses_in(text):
            if not address.startswith("#") and _scheme(address) != "data":
                self._fault("a style", address)

    def _fault(self, place: str, address: str) -> None:
        self.loaded.faults.append(f"{place} {address}".strip())


def _scheme(address: str) -> str:
    """The scheme of an address as a browser reads it: blanks and control characters are nothing."""
    plain = re.sub(r"[\x00-\x20]+", "", address)
    if plain.startswith(("//", "\\\\", "/\\", "\\/")):
        return "https"
    try:
        return urlsplit(plain).scheme.lower()
    except ValueError:
        return "unknown"


def _addresses_in(style: str) -> Iterator[str]:
    """Addresses that a style loads, its comments and escapes read first."""
    plain = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    plain = CSS_ESCAPE.sub(_unescaped, plain)
    for found in IN_STYLES.finditer(plain):
        yield (found[1] or found[2]).strip()


def _unescaped(sign: re.Match[str]) -> str:
    code = int(sign[1], 16) if sign[1] else ord(sign[2])
    return chr(code) if code <= sys.maxunicode else ""
