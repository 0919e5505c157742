"""What kernels of JupyterLab have that those of reports have not: edited code is taken up.

An extension of IPython, which `kernels/python3/kernel.json` names; Papermill never sees it.
IPython's `autoreload` writes a class anew into the old one, which a frozen class with slots does
not bear: it stands here in the old one's place, wherever that is named.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from typing import Any

from IPython.extensions import autoreload

from analysis.telling import wording

OURS = ("analysis", "reporting")


def load_ipython_extension(shell: Any) -> None:
    """Set a kernel up as it starts."""

    def take_the_place(old: type, new: type) -> None:
        ours = [one for name, one in list(sys.modules.items()) if name.split(".")[0] in OURS]
        for names in (shell.user_ns, *map(vars, ours)):
            names.update({name: new for name, one in list(names.items()) if one is old})
        for one in gc.get_referrers(old):
            if type(one) is old:
                with suppress(TypeError):  # its fields are others now: it stays what it was
                    object.__setattr__(one, "__class__", new)

    autoreload.UPDATE_RULES.insert(0, (_has_slots, take_the_place))
    shell.run_line_magic("load_ext", "autoreload")
    shell.run_line_magic("autoreload", "2 --full")
    shell.events.register("pre_run_cell", Texts().take_up)


def _has_slots(old: Any, new: Any) -> bool:
    return isinstance(old, type) and isinstance(new, type) and "__slots__" in vars(old)


class Texts:
    """The files of texts, and when the youngest was written."""

    def __init__(self) -> None:
        self.written = self._youngest()

    def take_up(self, _info: Any) -> None:
        """Have edited texts read anew, before a cell is run."""
        if (written := self._youngest()) != self.written:
            self.written = written
            wording.catalogue.cache_clear()
            wording.chapter_texts.cache_clear()

    def _youngest(self) -> int:
        files = [*wording.FOLDER.glob("*.yml"), *wording.CHAPTERS.glob("*/*.yml")]
        return max(file.stat().st_mtime_ns for file in files)
