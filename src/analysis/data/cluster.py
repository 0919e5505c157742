"""Ibis's Spark, with what its cached tables lack: sent tables come first, and none stays behind.

This module imports Spark; `analysis.data.spark` does so once it has seen that Spark is there.
"""

from __future__ import annotations

import contextlib

import ibis
from ibis.backends.pyspark import Backend


class Cluster(Backend):
    """A Spark session whose cached tables may be made of sent ones and are dropped at the end."""

    def _create_cached_table(self, name: str, expr: ibis.Table) -> ibis.Table:
        self._run_pre_execute_hooks(expr)
        return super()._create_cached_table(name, expr)

    def _drop_cached_table(self, name: str) -> None:
        try:
            super()._drop_cached_table(name)
        except RuntimeError:
            # Python is ending: no thread can be begun, which calls that can be resumed need
            with contextlib.suppress(Exception):
                self._session.client.disable_reattachable_execute()
                super()._drop_cached_table(name)
