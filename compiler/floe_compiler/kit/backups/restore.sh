#!/usr/bin/env bash
# Replaces everything that the user owns in a database with what is in $DUMPS/backup.dump, in one transaction: if anything
# fails, nothing has changed. It also removes what is not in the backup, such as tables of a later migration.
#
# The database is found by libpq's own variables PGHOST, PGPORT, PGDATABASE and PGUSER, its password in the file $PASSWORD_FILE.
set -euo pipefail

PGPASSWORD="$(<"$PASSWORD_FILE")"
export PGPASSWORD PGCONNECT_TIMEOUT=10

dump="$DUMPS/backup.dump"
# Only the owner of an extension may comment on it, and that may be the superuser.
pg_restore --list "$dump" >"$DUMPS/contents"
sed --in-place '/ COMMENT - EXTENSION /d' "$DUMPS/contents"
# As a file: if a pipe broke, psql would take its end for the end of the backup, and commit half of it.
pg_restore --no-owner --no-privileges --use-list="$DUMPS/contents" --file="$DUMPS/restore.sql" "$dump"

# Programs that still use the database have locks: fail then, instead of waiting for them.
psql --no-psqlrc --no-password --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --single-transaction \
  --command="SET LOCAL lock_timeout = '60s'; SET LOCAL client_min_messages = 'warning'" \
  --command='DROP OWNED BY CURRENT_USER' \
  --file="$DUMPS/restore.sql"
echo "restored $PGDATABASE"
