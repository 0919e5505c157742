"""No part of an address is overlooked: what an engine would not look at is refused."""

from __future__ import annotations

import pytest

from analysis.params.address import check_address, spark_settings

RIGHT_FORMS = {"sc://host:15002", "spark://host:7077", "pyspark://?spark.master="}


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("sc://host:15002", {"spark.remote": "sc://host:15002"}),
        (
            "sc://host:15002/;use_ssl=true;token=${ACME_TOKEN}",
            {"spark.remote": "sc://host:15002/;use_ssl=true;token=${ACME_TOKEN}"},
        ),
        ("spark://one:7077,two:7077", {"spark.master": "spark://one:7077,two:7077"}),
        ("pyspark://", {}),
        ("pyspark://?spark.master=local[2]", {"spark.master": "local[2]"}),
        (
            "pyspark://?spark.remote=sc://host:15002/;use_ssl=true&spark.sql.defaultCatalog=lake",
            {"spark.remote": "sc://host:15002/;use_ssl=true", "spark.sql.defaultCatalog": "lake"},
        ),
    ],
)
def test_address_of_spark_is_its_settings(url, settings):
    check_address(url)
    assert spark_settings(url) == settings


@pytest.mark.parametrize(
    ("url", "overlooked"),
    [
        ("pyspark://host:15002", "a host came after pyspark://"),
        ("pyspark://host:7077?spark.master=yarn", "a host came after pyspark://"),
        ("pyspark:///warehouse", "a path came after pyspark://"),
        ("pyspark://?master=local", "master is no setting of Spark"),
        ("pyspark://?spark.remote=host:15002", "spark.remote does not begin with sc://"),
        ("pyspark://?spark.remote=sc://h&spark.master=yarn", "both spark.remote and spark.master"),
        ("pyspark://?spark.remote=sc://me@host", "a user came before the host"),
        ("sc://", "without a host"),
        ("sc://me@host:15002", "a user came before the host"),
        ("sc://host:15002/shop", "the path '/shop' came"),
        ("sc://host:15002?token=${T}", "a ? came"),
        ("spark://host:7077/shop", "the path '/shop' came"),
        ("spark://host:7077?spark.ui.enabled=false", "a ? came"),
    ],
)
def test_part_that_spark_overlooks_is_refused_with_the_right_form(url, overlooked):
    with pytest.raises(ValueError, match="must have no part that Spark overlooks") as caught:
        check_address(url)
    assert overlooked in str(caught.value)
    assert all(form in str(caught.value) for form in RIGHT_FORMS)


@pytest.mark.parametrize("url", ["postgres://me@host/db#sales", "sc://host:15002#shop"])
def test_what_follows_a_hash_is_refused(url):
    with pytest.raises(ValueError, match="what follows its # would be"):
        check_address(url)


@pytest.mark.parametrize(
    "url", ["sc://host:15002/;token=hunter2", "pyspark://?spark.x.password=hunter2"]
)
def test_secret_of_a_cluster_is_refused_and_not_repeated(url):
    with pytest.raises(ValueError, match="secrets from the environment") as caught:
        check_address(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["polars://", "datafusion:///data"])
def test_engine_without_tables_is_refused(url):
    with pytest.raises(ValueError, match="holds none"):
        check_address(url)


@pytest.mark.parametrize(
    "url", ["postgres://me:${PW}@host:5432/db/schema", "duckdb://sales.duckdb"]
)
def test_address_of_other_engines_is_left_alone(url):
    check_address(url)
