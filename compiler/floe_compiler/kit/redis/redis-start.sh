#!/bin/sh
# Starts the server with the configuration in $CONFIGURATION and with its users, whose passwords are files in $SECRETS. The
# server gets only digests of the passwords, from its standard input: they are in no argument and in no file.
#
# Clients are the user `default`. They may do everything with data, and nothing that manages the server. The exporter of
# metrics is the user `metrics`, if it has a password; it reads statistics and no data.
set -eu
umask 077

digest() {
  password="$(cat "$SECRETS/$1")"
  if [ -z "$password" ]; then
    echo "the password in $SECRETS/$1 is empty" >&2
    exit 1
  fi
  printf %s "$password" | sha256sum | cut -d ' ' -f 1
}

clients="$(digest password)"
users="user default reset on #$clients ~* &* +@all -@admin -@dangerous +info +flushdb"
if [ -e "$SECRETS/metrics-password" ]; then
  metrics="$(digest metrics-password)"
  users="$users
user metrics reset on #$metrics -@all +ping +info +slowlog|get +slowlog|len +latency|latest +latency|histogram"
fi

exec redis-server "$CONFIGURATION" - <<END
$users
END
