"""The renderer that needs nothing but wheels: pandoc with one Lua filter, and Typst."""

from reporting.embedded.render import render, version

__all__ = ["render", "version"]
