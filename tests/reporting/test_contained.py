"""A page holds all it shows: what it would load is found by parsing, and its policy says so."""

from __future__ import annotations

import base64
import hashlib

import pytest
from bs4 import BeautifulSoup

from reporting.contained import carry_policy, check_self_contained, policy_of, read_page
from reporting.errors import ReportError

LOADED = (
    '<script src="https://a.example/x.js"></script>',
    "<SCRIPT SRC=//a.example/x.js></SCRIPT>",
    '<script src="lib/x.js"></script>',
    '<link rel="stylesheet" href="//a.example/x.css">',
    '<link rel=preconnect href="https://a.example">',
    '<img src="https://a.example/x.png">',
    '<img src="h&#116;tps://a.example/x.png">',
    '<img src=" \n https://a.example/x.png">',
    '<img src="ht\ntps://a.example/x.png">',
    '<img srcset="x.png 1x, https://a.example/x.png 2x">',
    '<image xlink:href="https://a.example/x.png">',
    '<use href="https://a.example/x.svg#a">',
    '<video poster="https://a.example/x.png"></video>',
    '<object data="https://a.example/x"></object>',
    '<embed src="data:text/html,x">',
    '<iframe srcdoc="x"></iframe>',
    '<base href="https://a.example/">',
    '<form action="https://a.example/"></form>',
    '<button formaction="https://a.example/">x</button>',
    '<meta http-equiv="refresh" content="0;url=https://a.example/">',
    '<a href="javascript:x()">x</a>',
    '<a href="java\nscript:x()">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<a ping="https://a.example/" href="#x">x</a>',
    '<p onclick="x()">x</p>',
    "<style>p { background: url(http://a.example/x.png) }</style>",
    "<style>@import 'https://a.example/x.css';</style>",
    "<style>@import url(//a.example/x.css);</style>",
    "<style>p { background: u\\72l(https://a.example/x.png) }</style>",
    "<style>p { background: url(/* x */'x.png') }</style>",
    '<p style="background: url(https://a.example/x.png)">x</p>',
    "<img src=\"data:image/svg+xml,<svg><image href='https://a.example/x.png'/></svg>\">",
    '<img src="data:image/svg+xml,%3Csvg%3E%3Cscript%3Ex()%3C/script%3E%3C/svg%3E">',
)
HELD = (
    '<a href="https://doi.org/10.1">a</a> <a href="#x">b</a> <a href="mailto:a@b.example">c</a>',
    '<img src="data:image/png;base64,AAAA">',
    "<img src=\"data:image/svg+xml,<svg><path d='M0 0'/><use href='#a'/></svg>\">",
    "<style>p { background: url(data:image/png;base64,AAAA); clip-path: url(#a) }</style>",
    "<p>&lt;script src=https://a.example&gt; url(https://a.example/x) on a page is text</p>",
    "<!-- <script src='https://a.example/x.js'></script> -->",
    "<script>const held = 1;</script>",
)


@pytest.mark.parametrize("text", LOADED)
def test_what_is_loaded_is_refused(tmp_path, text):
    page = tmp_path / "report.html"
    page.write_text(f"<html><head></head><body>{text}</body></html>")
    with pytest.raises(ReportError, match="must hold everything it shows, but it loads"):
        check_self_contained(page)


@pytest.mark.parametrize("text", HELD)
def test_what_lies_in_the_page_is_fine(tmp_path, text):
    page = tmp_path / "report.html"
    page.write_text(f"<html><head></head><body>{text}</body></html>")
    check_self_contained(page)


def test_svg_in_base64_is_looked_into():
    svg = base64.b64encode(b"<svg><image href='https://a.example/x.png'/></svg>").decode()
    found = read_page(f'<img src="data:image/svg+xml;base64,{svg}">').faults
    assert found == ["<image href> https://a.example/x.png"]


def test_policy_allows_no_script_where_there_is_none():
    policy = policy_of("<html><head></head><body></body></html>")
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert "http" not in policy


def test_policy_allows_the_scripts_of_the_page_by_their_hashes():
    script = "const held = '<b>';"
    sha = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = policy_of(
        f"<head></head><script>{script}</script><script src='data:text/js,1'></script>"
    )
    assert f"script-src 'sha256-{sha}' data:" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_policy_comes_first_in_the_head(tmp_path):
    page = tmp_path / "report.html"
    page.write_text('<!DOCTYPE html>\n<html>\n<head lang="en">\n<title>x</title></head></html>')
    carry_policy(page)
    head = BeautifulSoup(page.read_text(), "html.parser").head
    first = head.find(True)
    assert first["http-equiv"] == "Content-Security-Policy"
    assert first["content"].startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_page_without_a_head_is_refused(tmp_path):
    (tmp_path / "report.html").write_text("<p>x</p>")
    with pytest.raises(ReportError, match="must have a head"):
        carry_policy(tmp_path / "report.html")
