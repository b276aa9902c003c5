"""A store of an earlier version opens with all that it held, and has a place for what it lacked."""

from __future__ import annotations

import os
import stat

import pytest
from sqlalchemy import inspect

from whynet.experiment.compare import compare
from whynet.recipe import Recipe
from whynet.runs import schema
from whynet.runs.fit import fit
from whynet.runs.store import Store


@pytest.fixture
def older(store: Store, small: Recipe) -> Store:
    """A store as version 1 made it, with a run and a kept comparison."""
    fit(small, store, tier="eager", name="old")
    store.keep("comparison", "kept", {"verdict": {"en": "x", "ko": "x"}})
    with store.database.write() as connection:
        for table in (schema.arms, schema.phases):
            table.drop(connection)
        connection.execute(schema.store.update().values(value=1))
    return Store(store.folder)


def test_version_1_gets_the_tables_of_comparisons(older: Store, small: Recipe) -> None:
    assert {one.name for one in older.runs()} == {"old", "kept"}
    with older.database.read() as connection:
        assert {"whynet_phases", "whynet_arms"} <= set(inspect(connection).get_table_names())
        assert schema.version(connection, "") == schema.VERSION == 2
    assert older.open("last").history.steps > 0
    assert not older.comparison("last").arms()
    compare(small, {"optimizer.lr": [0.1, 0.2]}, 2, store=older, workers=0)
    assert len(older.comparison("last").arms()) == 4


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to root")
def test_version_1_in_a_folder_that_may_only_be_read_is_read(older: Store) -> None:
    older.folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert {one.name for one in Store(older.folder).runs()} == {"old", "kept"}
    finally:
        older.folder.chmod(stat.S_IRWXU)
