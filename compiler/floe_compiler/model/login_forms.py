"""Credentials that the program or the file around them tells: `mysql -pSECRET`, a line of `.pgpass`.

The options are those of the programs' manuals. Programs that ask for a password after `-p` alone take one only when it
is attached (`mysql`); others take the next word, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from floe_compiler.model.keyword_patterns import KeywordPattern

WORDS_BEFORE = 20
"""How many words of a command before another one may say what it means."""

# Variables, templates, options and paths stand for a value that comes from elsewhere; so does `PASSWORD`.
_LITERAL = r"""(?![-$<{%*/!]|[A-Z_]*(?:PASS|PASSWORD|SECRET|TOKEN)\b)[^\s"',;|&)\]]{1,256}"""
_VALUE = rf"(?P<secret>{_LITERAL})"
_UNTIL_AT = rf"(?P<secret>{_LITERAL.replace('[^', '[^@')})(?=@)"
_WORD = r"""[^\s"',${<%-][^\s"',]{0,255}"""
# How an option is written below: a blank stands for what is between two words of a shell, or of a list on one line; `~`
# for that or nothing, and `=` for that or the sign.
_BETWEEN = r"""(?:(?:[ \t]|\\\n)+["']?|["'][ \t]*,[ \t]*["']|,[ \t]+)"""
_NOTATION = {
    " ": _BETWEEN,
    "~": rf"""(?:{_BETWEEN}|["']?)""",
    "=": rf"""(?:=["']?|{_BETWEEN})""",
    "VALUE": _VALUE,
    "LOGIN": rf"[^\s:\"'$]{{1,64}}:{_VALUE}",
    "UNTIL_AT": _UNTIL_AT,
    "WORD": _WORD,
    "END": r"""(?=["']?[ \t]*(?:$|[>|;&\]]))""",
}
_PROGRAMS = (
    ("mysql mariadb", r"mysql(?:dump|admin|import|check|show|sh)?|mariadb(?:-\w+)?", r"-p[\"']?VALUE"),
    ("sshpass mongo", r"sshpass|mongo(?:sh|dump|restore|export|import)?", r"(?:-p~|--password=)VALUE"),
    ("-cli", r"(?:redis|valkey|keydb)-cli", r"(?:-a|--pass) VALUE"),
    (
        "login",
        r"(?:docker|podman|nerdctl|buildah|crane|skopeo|oras|helm|az|argocd)(?: WORD)?? login",
        r"(?:-p|--password)=VALUE",
    ),
    ("skopeo podman buildah", r"skopeo|podman|buildah", r"--(?:src-|dest-)?creds=LOGIN"),
    ("cqlsh rabbitmqadmin beeline twine", r"cqlsh|rabbitmqadmin|beeline|twine", r"-p VALUE"),
    ("sqlcmd bcp zip", r"sqlcmd|bcp|zip|unzip", r"-P~VALUE"),
    ("7z", r"7z[ar]?", r"-p[\"']?VALUE"),
    ("ldap", r"ldap(?:search|add|modify|delete|whoami|passwd)", r"-w~VALUE"),
    ("curl", r"curl", r"(?:-[A-Za-z]*[uU]~|--(?:proxy-)?user=)LOGIN"),
    ("http xh", r"https?|xh", r"(?:-a|--auth)=LOGIN"),
    ("etcdctl", r"etcdctl", r"--user=LOGIN"),
    ("openssl", r"openssl", r"-pass(?:in|out)? pass:VALUE"),
    ("keytool jarsigner", r"keytool|jarsigner", r"-(?:src|dest)?(?:store|key)pass VALUE"),
    ("htpasswd", r"htpasswd", r"-(?:\w*(?:n\w*b|b\w*n)\w*|[A-Za-mo-z0-9]*b[A-Za-mo-z0-9]* WORD) WORD VALUEEND"),
    ("sqlplus", r"sqlplus", r"[\w.]{1,64}/UNTIL_AT"),
    ("smbclient rpcclient", r"smbclient|rpcclient", r"-U~[^\s%\"'$]{1,64}%VALUE"),
    ("mc", r"mc (?:alias set|config host add)", r"WORD WORD WORD VALUE"),
)
"""What a command has one of, its names, and its option with a secret."""
HASH = "the hash of a password"
_PART = r"[\w.-]{1,253}"
# host:port:database:user:password; a port has four digits at least, as those of databases do.
_PGPASS = (
    rf"(?:^|(?<=[\s\"']))(?:\*|(?=[\w.-]*[a-z]){_PART}):(?:\*|[0-9]{{4,5}}):(?:\*|{_PART}):(?=[\w.-]*[A-Za-z]){_PART}:"
    r"(?P<secret>(?![$<{%*/])[^\s:\"']{1,256})(?=[\s\"']|$)"
)
_PIPED = (
    rf"\becho[ \t]+(?:-n[ \t]+)?[\"']?(?:[\w.-]{{1,64}}:)?(?![\w.-]{{1,64}}:){_VALUE}[\"']?[ \t]*\|"
    r"[^\n|;&]{0,200}(?:--password-stdin|\bchpasswd\b)"
)
_AROUND = (
    # Of `crypt` in the C library, of Apache, and the verifiers of PostgreSQL.
    (HASH, "$apr1$ $1$", r"(?P<secret>\$(?:apr1|1)\$[\w./]{1,8}\$[\w./]{22})"),
    (HASH, "$2", r"(?P<secret>\$2[abxy]\$\d\d\$[\w./]{53})"),
    (HASH, "$5$ $6$ $y$ $argon2", r"(?P<secret>\$(?:5|6|y|argon2id?)\$[\w./,=$+-]{1,256}\$[\w./+]{43,86})"),
    (HASH, "SHA", r"(?P<secret>\{S?SHA(?:256|512)?\}[A-Za-z0-9+/]{24,256}={0,2})"),
    (HASH, "SCRAM-SHA-256$", r"(?P<secret>SCRAM-SHA-256\$\d{1,9}:[\w+/=]{1,256}\$[\w+/=:]{1,256})"),
    ("a line of .pgpass", " ".join(f":{first}" for first in "*0123456789"), _PGPASS),
    ("a user and a password for Oracle", "jdbc:oracle", rf"jdbc:oracle:\w{{1,9}}:[\w.]{{1,64}}/{_UNTIL_AT}"),
    ("a password for the standard input of a program", "--password-stdin chpasswd", _PIPED),
)
"""Kinds of secrets, what a text with one has one of, and their forms."""


class Login(NamedTuple):
    """A credential in a text: its kind, and where its secret part begins and ends."""

    kind: str
    start: int
    end: int

    def after(self, offset: int) -> Login:
        """Return the credential of a line in a text, in which the line begins at `offset`."""
        return Login(self.kind, self.start + offset, self.end + offset)


def logins_in(text: str) -> Iterator[Login]:
    """Yield each credential in a text that the program or the file around it tells."""
    logins: list[tuple[int, Login]] = []
    offset = 0
    for line in _joined_lines(text):
        if in_line := _in_line(line):
            logins += [(rank, login.after(offset)) for rank, login in in_line]
        offset += len(line) + 1
    yield from (login for _, login in sorted(logins, key=lambda pair: pair[0]))


def _joined_lines(text: str) -> list[str]:
    """Return the lines of a text; one that ends with a backslash is together with the next: no credential is in two."""
    return re.split(r"(?<!\\)\n", text) if "\\\n" in text else text.split("\n")


@lru_cache(maxsize=16384)  # most lines of a text are as they were before an edit, or in another text
def _in_line(line: str) -> tuple[tuple[int, Login], ...]:
    """Return the credentials in a line, each with the rank of its form."""
    return tuple(_ranked(line)) if _MAY_HAVE_ONE.search(line) else ()


def _ranked(line: str) -> Iterator[tuple[int, Login]]:
    for rank, (kind, form) in enumerate(_FORMS):
        yield from ((rank, Login(kind, *match.span("secret"))) for match in form.finditer(line))
    for rank, (names, option) in enumerate(_COMMANDS, len(_FORMS)):
        for program, start, end in _commands(names, line):
            kind = f"a password for {program}"
            yield from ((rank, Login(kind, *match.span("secret"))) for match in option.finditer(line, start, end))


def login_at_end(words: tuple[str, ...]) -> str:
    """Return the kind of credential that the last word of a command has, as the words before it tell; empty if none."""
    text = " ".join(words)
    begin = len(text) - len(words[-1]) if words else 0
    return next((login.kind for login in logins_in(text) if login.start >= begin), "")


def _commands(names: KeywordPattern, text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the program of each command, and where its words begin and end; each part of the text is in one at most."""
    end = 0
    while command := names.search(text, end):
        rest = _REST.match(text, command.end())
        end = max(command.end(), rest.end() if rest else 0)
        yield re.split(r"[\s\"',]", command["program"], maxsplit=1)[0], command.end(), end


def _pattern(notation: str) -> str:
    return re.sub(r"VALUE|LOGIN|UNTIL_AT|WORD|END|[ ~=]", lambda match: _NOTATION[match[0]], notation)


_FORMS = tuple((kind, KeywordPattern(form, tuple(words.split()), re.MULTILINE)) for kind, words, form in _AROUND)
_COMMANDS = tuple(
    (
        KeywordPattern(rf"""(?<![\w.-])(?P<program>{_pattern(names)})(?=[\s"',])""", tuple(words.split())),
        KeywordPattern(rf"""(?<=[\s"',\[]){_pattern(option)}""", flags=re.MULTILINE),
    )
    for words, names, option in _PROGRAMS
)
_MAY_HAVE_ONE = re.compile(
    r"mysql|mariadb|pass|mongo|-cli\b|login|skopeo|podman|buildah|cqlsh|rabbit|beeline|twine|sqlcmd|bcp|zip|7z|ldap|curl|http|xh"
    r"|etcdctl|openssl|keytool|jarsigner|sqlplus|client|\bmc\b|\$|SHA|:(?:[0-9]{4,5}|\*):|oracle"
)
_REST = re.compile(r"(?:[^|;&\n\\]|\\\n?){0,1000}")
"""The rest of a command, over lines that end with a backslash."""
