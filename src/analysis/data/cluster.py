"""Ibis's Spark, with what its cached tables lack: sent tables come first, and none stays behind.

This module imports Spark; `analysis.data.spark` does so once it has seen that Spark is there.
"""

from __future__ import annotations

import contextlib

import ibis
from ibis.backends.pyspark import Backend


class Cluster(Backend):
    """A Spark session whose cached tables may be made of sent ones and are dropped at the end.

    They are checkpoints: a plan that Spark caches is spelled out again in every plan upon it, so
    that a few levels of joins of cached tables fill the driver's memory with the plan alone.
    """

    def _create_cached_table(self, name: str, expr: ibis.Table) -> ibis.Table:
        self._run_pre_execute_hooks(expr)
        self._session.sql(self.compile(expr)).localCheckpoint().createTempView(name)
        return self.table(name)

    def _drop_cached_table(self, name: str) -> None:
        try:
            self._session.catalog.dropTempView(name)
        except RuntimeError:
            # Python is ending: no thread can be begun, which calls that can be resumed need
            with contextlib.suppress(Exception):
                self._session.client.disable_reattachable_execute()
                self._session.catalog.dropTempView(name)
