"""Values given to secrets in free text; the rule's own test has the examples."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.assigned_secrets import assigned_secrets, may_show_secret, without_assigned
from tables import table

WORDS = st.from_regex(r"[a-z][a-z0-9]{4,20}", fullmatch=True).filter(lambda word: word not in {"false", "string"})
FORMS = [
    "password: {}",
    "password = {}",
    "password={}",
    '"password": "{}"',
    "PASSWORD='{}'",
    "a: 1\napi_key: {}\nb: 2",
    "password := '{}'",
    "password => '{}'",
    "os.environ['DB_PASSWORD'] = '{}'",
    'config["token"]="{}"',
    "password: |\n  {}\nb: 2",
    "password: >-\n    {}",
    "load --from-literal=password={} --quiet",
    "load --set auth.password={}",
    "load --password {}",
    'load --token "{}" --quiet',
    "load --api-key {} | tee log",
    "- name: DB_PASSWORD\n  value: {}",
    '{"name": "DB_PASSWORD", "value": "{}"}',
    "{name: DB_PASSWORD, value: {}}",
    "<name>fs.s3a.secret.key</name>\n  <value>{}</value>",
    "<password>{}</password>",
    "ALTER ROLE app LOGIN PASSWORD '{}';",
    "create user app with login password '{}'",
    "CREATE USER app IDENTIFIED BY '{}'",
    'spark.read.option("password", "{}").load()',
    "System.setProperty('app.token', '{}');",
    "port 6379\nrequirepass {}\n",
    "machine example.org login app password {}",
    "machine example.org password {}",
    "default login app password {}",
    "//registry.example/:_authToken={}",
    "//registry.example/:_password={}",
    "npm config set //registry.example/:_authToken {}",
    "aws configure set aws_secret_access_key {}",
    "[default]\naws_secret_access_key = {}",
    "REDISCLI_AUTH={} redis-cli ping",
    "jdbc:sqlserver://db;user=app;password={};encrypt=true",
    "Server=tcp:db,1433;User ID=app;Password={};Encrypt=true",
    "load -password {}",
    'password "{}"',
    "auth_pass {}",
    "bindpw {}",
    "rootpw {}",
    "bind_pw {}",
    '{"auths": {"ghcr.io": {"identitytoken": "{}"}}}',
    "machine example.org\n  login app\n  password {}",
]
NO_VALUES = [
    "--password PASSWORD  the password",
    "use --password to log in",
    "give --password, or --token",
    "the wrong password 'x' was given",
    "- name: DB_PASSWORD\n  valueFrom: {secretKeyRef: {name: db, key: password}}",
    "<password></password>",
    "<password>${PASSWORD}</password>",
    "CREATE TABLE TOKENS (TOKEN VARCHAR DEFAULT '')",
    "required: ['password', 'email']",
    'text.replace("password", "x", 1)',
    "requirepass $PASSWORD",
    "login with user and password",
    "password: |\n  the password of the user",
    "os.environ['DB_PASSWORD'] = read(path)",
    "os.environ['DB_PASSWORD'] == 'other'",
    'request["NextToken"] = next_token',
    "CREATE TABLE users (login TEXT, password TEXT, email TEXT)",
    "token := parse(text)",
]


def no_reference(_key: str) -> bool:
    return False


@table("form", FORMS)
def test_a_literal_is_found_and_hidden_in_every_form(form: str) -> None:
    """The properties below try a sample of the forms only."""
    text = form.replace("{}", "hunter2x9")
    assert len(list(assigned_secrets(text, ()))) == 1
    assert without_assigned(text, "***", no_reference) == form.replace("{}", "***")


@given(WORDS, st.sampled_from(FORMS))
def test_a_literal_is_found_in_any_form(value: str, form: str) -> None:
    assert len(list(assigned_secrets(form.replace("{}", value), ()))) == 1


@given(WORDS, st.sampled_from(FORMS))
@FEW
def test_the_name_of_a_known_secret_is_not_a_value(value: str, form: str) -> None:
    assert list(assigned_secrets(form.replace("{}", value), {value})) == []


@given(WORDS, st.sampled_from(FORMS))
@FEW
def test_exactly_the_found_values_are_hidden(value: str, form: str) -> None:
    text = form.replace("{}", value)
    assert without_assigned(text, "***", no_reference) == form.replace("{}", "***")
    assert may_show_secret(text)


@table("text", NO_VALUES)
def test_text_without_assigned_secrets_is_accepted(text: str) -> None:
    assert list(assigned_secrets(text, ())) == []
    assert without_assigned(text, "***", no_reference) == text


def test_values_in_comments_are_not_reported_but_hidden() -> None:
    assert list(assigned_secrets("# password: hunter2", ())) == []
    assert without_assigned("# password: hunter2", "***", no_reference) == "# password: ***"


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    list(assigned_secrets(text, ()))


@table(
    "piece",
    [
        "a",
        "-",
        "a:",
        "a=",
        'a="',
        "password: a ",
        " ",
        "token=a=",
        "--token ",
        "login ",
        "name: token\n",
        "<token>",
        "TOKEN '",
    ],
)
def test_a_large_text_is_fast(piece: str) -> None:
    start = time.process_time()
    list(assigned_secrets(piece * (50_000 // len(piece)), ()))
    assert time.process_time() - start < 1


def test_the_line_is_counted_from_one() -> None:
    assert list(assigned_secrets("password: hunter2", ())) == [("password", 1)]
    assert list(assigned_secrets("\n# x\npassword: hunter2", ())) == [("password", 3)]


def test_positions_are_those_in_the_whole_text() -> None:
    text = "# one\n--token=hunter2 -v\npassword: hunter3\nDB_PASSWORD=hunter4\n"
    assert sorted(assigned_secrets(text, ())) == [("DB_PASSWORD", 4), ("password", 3), ("token", 2)]
    hidden = "# one\n--token=*** -v\npassword: ***\nDB_PASSWORD=***\n"
    assert without_assigned(text, "***", lambda _: False) == hidden
