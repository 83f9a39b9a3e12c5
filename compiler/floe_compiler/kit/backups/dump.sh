#!/usr/bin/env bash
# Dumps a database into the file $DUMPS/<time>.dump, named by the time in UTC, so that the newest has the last name. Then
# reads the whole file: the list of its contents is at its head, and would also be there if the rest was cut off.
#
# The database is found by libpq's own variables PGHOST, PGPORT, PGDATABASE and PGUSER, its password in the file $PASSWORD_FILE.
set -euo pipefail

PGPASSWORD="$(<"$PASSWORD_FILE")"
export PGPASSWORD PGCONNECT_TIMEOUT=10

mkdir -p "$DUMPS"
dump="$DUMPS/$(date -u +%Y%m%dT%H%M%SZ).dump"
# A migration in progress has locks: fail then, instead of waiting for it until the Job's deadline.
pg_dump --no-password --format=custom --lock-wait-timeout=300s --file="$dump"
pg_restore --file=/dev/null "$dump"
echo "dumped $PGDATABASE: ${dump##*/}, $(stat --format=%s "$dump") bytes"
