"""Credentials in commands and files: each is found and hidden, and similar text is not."""

from __future__ import annotations

import shlex
import time

import pytest

from floe_compiler.model.assigned_secrets import may_show_secret
from floe_compiler.model.credentials import secret_in
from floe_compiler.model.login_forms import HASH, login_at_end, logins_in
from floe_compiler.report.secrecy import HIDDEN, hide_in_message, hide_in_text
from tables import table

VALUE = "hunter2pw"
COMMANDS = (
    "mysql -u root -p{} -e 'select 1'",
    "mysqldump -h db -p'{}' shop",
    "/usr/bin/mariadb -p{} shop",
    "mariadb-dump -p{} shop",
    "sshpass -p {} ssh loader@host",
    "sshpass -p'{}' scp a b",
    "mongosh -u app -p {} shop",
    "mongodump --username app --password {} shop",
    "redis-cli -h cache -a {} ping",
    "valkey-cli --pass '{}' ping",
    "docker login -u app -p {} ghcr.io",
    "helm registry login -u app -p {} ghcr.io",
    "az login --service-principal -u app -p {} --tenant t",
    "skopeo copy --src-creds=app:{} a b",
    "cqlsh -u app -p {} host",
    "sqlcmd -S db -U sa -P {} -Q 'select 1'",
    "zip -P {} a.zip a",
    "7z x -p{} a.7z",
    "ldapsearch -D cn=app -w {} -b dc=acme",
    "curl -sSu app:{} https://host",
    "curl --user app:{} https://host",
    "curl -x proxy:3128 --proxy-user 'app:{}' https://host",
    "http --auth app:{} GET host",
    "etcdctl --user root:{} get a",
    "openssl rsa -passin pass:{} -in key.pem",
    "keytool -list -storepass {}",
    "htpasswd -bc users app {}",
    "htpasswd -nbB app {}",
    "sqlplus -s app/{}@db",
    "smbclient //host/share -U app%{}",
    "mc alias set store https://store:9000 app {}",
)
TEXTS = (
    "db.acme.example:5432:shop:app:{}",
    "*:*:*:app:{}",
    "echo 'localhost:5432:*:app:{}' > ~/.pgpass",
    "jdbc:oracle:thin:app/{}@//db:1521/shop",
    "echo {} | docker login -u app --password-stdin ghcr.io",
    "echo 'app:{}' | chpasswd",
    "a && mysql -uroot \\\n  -p{} shop",
    'command: ["redis-cli", "-a", "{}", "ping"]',
    "args: [mysql, -p{}]",
)
HASHES = (
    "app:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00",
    "app:$2y$05$" + "aB1./" * 10 + "abc",
    "app:$6$salt$" + "aB1./" * 17 + "a:19000:0:99999:7:::",
    "app:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVkS2V5c3RvcmVk:c2VydmVyS2V5",
)
NONE = (
    "mysql -u root -p -e 'select 1'",
    "mysql -P 3306 --port=3306 --protocol tcp",
    "mysql -p$MYSQL_PASSWORD shop",
    "mysql -p${MYSQL_PASSWORD} shop",
    'mysql -p"$(cat /run/secrets/password)" shop',
    "sshpass -e ssh host",
    "sshpass -p PASSWORD ssh host",
    "sshpass -f /run/secrets/password ssh host",
    "redis-cli -p 6379 ping; echo -a ping",
    "redis-cli -a $REDIS_PASSWORD ping",
    "docker run -p 8080:80 image",
    "docker login -u app --password-stdin ghcr.io",
    "psql -h db -p 5432 -U app shop",
    "curl -o a -H x:y https://host",
    "curl -u $USER:$PASSWORD https://host",
    "curl -u app: https://host",
    "openssl enc -pass env:PASSWORD",
    "openssl rsa -passin file:/run/secrets/password",
    "htpasswd -i users app",
    "sqlplus /nolog",
    "zip -r a.zip a",
    "the mysqlclient package -pages",
    "http://host -a",
    "host:5432:shop:app:$PASSWORD",
    "ghcr.io/acme/a:1.0.0",
    "arn:aws:iam::123456789012:role/app",
    "00:11:22:33:44:55",
    "fe80:1:2:3:4",
    "12:30:00:00:00",
    "a:1:b:c:d",
    "host:\u0665\u0664\u0663\u0662:shop:app:shown",  # more digits than a port has
    "echo ready | tee log",
    "cost is $1$ and $2$",
    "jdbc:oracle:thin:@//db:1521/shop",
)


@table("form", [*COMMANDS, *TEXTS])
def test_exactly_the_credential_is_found_and_hidden(form: str) -> None:
    text = form.replace("{}", VALUE)
    assert secret_in(text)
    assert may_show_secret(text)
    assert hide_in_text(text) == form.replace("{}", HIDDEN)
    assert VALUE not in hide_in_message(f'no such key "{text}"')


@table("form", COMMANDS)
def test_a_credential_is_found_in_a_list_of_arguments_too(form: str) -> None:
    words = shlex.split(form.replace("{}", VALUE))
    ((position, kind),) = [
        (position, kind) for position in range(len(words)) if (kind := login_at_end(tuple(words[: position + 1])))
    ]
    assert VALUE in words[position]
    assert kind.startswith("a password for ")


@table("form", [*COMMANDS, *TEXTS])
@table("instead", ["$PASSWORD", "${PASSWORD}", "$(PASSWORD)", "{{ password }}", "<password>"])
def test_placeholders_are_not_credentials(form: str, instead: str) -> None:
    assert list(logins_in(form.replace("{}", instead))) == []


@pytest.mark.parametrize("text", HASHES)
def test_the_hash_of_a_password_can_be_guessed(text: str) -> None:
    assert secret_in(text) == HASH
    assert HIDDEN in hide_in_text(text)


@table("text", NONE)
def test_texts_without_a_credential_are_unchanged(text: str) -> None:
    assert list(logins_in(text)) == []
    assert login_at_end(tuple(text.split())) == ""


@table(
    "piece",
    ["mysql ", "mysql -p", "curl -u a:", "a:", "*:", "docker login ", "echo a", "$6$", "sshpass\\\n", "htpasswd -b "],
)
def test_a_long_text_takes_a_time_in_proportion_to_its_length(piece: str) -> None:
    start = time.process_time()
    list(logins_in(piece * (40_000 // len(piece))))
    assert time.process_time() - start < 1
