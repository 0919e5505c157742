"""A secret in plain text is refused in any spelling, not repeated, and never stored."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.problems import without_secrets
from analysis.errors import ParamsError
from analysis.params import read_params, read_settings
from analysis.params.address import check_address
from analysis.params.secrets import names_secret, plain_secret
from reporting.project import ROOT

SPELLINGS = (
    "postgres://me:hunter22@db/sales",
    "postgres://me:hunter22@db:5432/sales?sslmode=require",
    "postgres://:hunter22@db/sales",
    "postgres://me:x${PW}hunter22@db/sales",
    "postgres://me:${PW}hunter22@db/sales",
    "postgres://me:hunter22/x@db/sales",
    "postgres://me:hunter22?x@db/sales",
    "postgres://me:hunter22@x@db/sales",
    "postgres://me:12/hunter22@db/sales",
    "postgres://me%3Ahunter22@db/sales",
    "postgres://me:%68unter22@db/sales",
    "postgres://me@db/sales?password=hunter22",
    "postgres://me@db/sales?PassWord=hunter22",
    "postgres://me@db/sales?pass%77ord=hunter22",
    "postgres://me@db/sales?sslmode=require&sslpassword=hunter22",
    "postgres://me@db/sales?pwd=hunter22",
    "postgres://me@db/sales?passwd = hunter22",
    "postgres://me@db/sales?options=-c%20password%3Dhunter22",
    "mssql://db/sales?odbc_connect=DRIVER%3D%7Bx%7D%3BPWD%3Dhunter22",
    "mssql://db/sales?odbc_connect=UID%253Dme%253BPWD%253Dhunter22",
    "snowflake://me@org/db?authenticator=oauth&token=hunter22",
    "snowflake://me@org/db?private_key=hunter22",
    "databricks://host?access_token=hunter22",
    "databricks://host?accessToken=hunter22",
    "bigquery://project/data?credentials_json=hunter22",
    "duckdb://md:sales?motherduck_token=hunter22",
    "sc://host:15002/;token=hunter22",
    "sc://host:15002/;use_ssl=true;TOKEN=hunter22",
    "pyspark://?spark.remote=sc://host:15002/;token=hunter22",
    "pyspark://?spark.hadoop.fs.s3a.secret.key=hunter22",
    "pyspark://?spark.hadoop.fs.s3a.access.key=hunter22",
    "pyspark://?spark.ssl.keyPassword=hunter22",
    "https://me:hunter22@host/sales.csv",
    "https://host/sales.csv?sig=hunter22",
    "https://host/sales.csv?X-Amz-Signature=hunter22",
    "post\ngres://me:hun\tter22@db/sales",
)
ALLOWED = (
    "postgres://me:${PW}@db:5432/db/schema",
    "postgres://me@db/sales?sslkey=/home/me/key.pem&passfile=/home/me/.pgpass",
    "postgres://${ME}:${PW}@db/sales?sslpassword=${KEY}",
    "duckdb://sales.duckdb",
    "duckdb:///srv/a@b/sales.duckdb",
    "sc://host:15002/;use_ssl=true;token=${ACME_TOKEN}",
    "sc://host:15002/;user_id=me@acme.example",
    "spark://one:7077,two:7077",
    "pyspark://?spark.remote=sc://host:15002/;use_ssl=true&spark.sql.defaultCatalog=lake",
    "postgres://me:${PW}@[::1]:5432/sales",
    "https://doi.org/10.2307/2281868",
)


@pytest.mark.parametrize("address", SPELLINGS)
def test_secret_in_any_spelling_is_refused_and_not_repeated(address):
    assert plain_secret(address)
    with pytest.raises(ValueError, match="url must take its secrets from the environment") as found:
        check_address(address)
    assert "hunter22" not in str(found.value)


@pytest.mark.parametrize("address", ALLOWED)
def test_address_without_a_secret_is_left_alone(address):
    assert plain_secret(address) == ""


WORD = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12)


@given(user=WORD, secret=WORD)
def test_any_password_before_the_host_is_refused(user, secret):
    for written in (secret, quote(secret, safe="")):
        address = f"postgres://{quote(user, safe='')}:{written}@db/sales"
        assert plain_secret(address) or written.startswith("${")


@given(st.sampled_from(("password", "Access-Token", "api_key", "CLIENT.SECRET", "pwd")), WORD)
def test_any_key_that_names_a_secret_is_refused(key, secret):
    assert names_secret(key)
    address = f"postgres://me@db/sales?a=b&{quote(key)}={quote(secret, safe='')}"
    assert plain_secret(address)


@pytest.mark.parametrize("address", SPELLINGS[:-1])
def test_no_part_of_a_params_file_takes_a_secret(tmp_path, address):
    values = yaml.safe_load((ROOT / "params" / "cdnow.yml").read_text())
    connection = {"connection": {"url": address, "tables": {"transactions": {"table": "t"}}}}
    files = {"files": {"transactions": {"file": address}}}
    for data in (connection, files, {"package": "cdnow", "citation": address}):
        path = tmp_path / "cdnow.yml"
        path.write_text(yaml.safe_dump(values | {"data": data}))
        with pytest.raises(ParamsError, match="secrets from the environment") as found:
            read_params(path)
        assert "hunter22" not in str(found.value)


@pytest.mark.parametrize(
    "data",
    [
        {"connection": "me:hunter22@db"},
        {"connection": {"url": "me:hunter22@db", "tables": {}}},
        {"connection": {"url": "postgres://me@db/x", "password": "hunter22", "tables": {}}},
        {"connection": {"url": 12, "password": ["hunter22"], "tables": "hunter22"}},
    ],
)
def test_fault_of_a_connection_does_not_repeat_what_came(tmp_path, data):
    values = yaml.safe_load((ROOT / "params" / "cdnow.yml").read_text())
    path = tmp_path / "cdnow.yml"
    path.write_text(yaml.safe_dump(values | {"data": data}))
    with pytest.raises(ParamsError) as found:
        read_params(path)
    assert "hunter22" not in str(found.value)


def test_override_with_a_secret_is_refused():
    given_by_set = read_settings("data.connection.url=postgres://me:hunter22@db/sales")
    with pytest.raises(ParamsError, match="secrets from the environment") as found:
        read_params(ROOT / "params" / "cdnow.yml", given_by_set)
    assert "hunter22" not in str(found.value)


@pytest.mark.parametrize(
    "address", ["x://me:hunter22@db", "x?access_token=hunter22", "PWD=hunter22"]
)
def test_message_of_an_engine_is_told_without_its_secrets(address):
    assert "hunter22" not in without_secrets(f"cannot reach {address} now")
