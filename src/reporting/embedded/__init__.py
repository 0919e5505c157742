"""The renderer that needs nothing but wheels: pandoc with one Lua filter, and Typst."""

from reporting.embedded.render import render, render_pdf, version

__all__ = ["render", "render_pdf", "version"]
