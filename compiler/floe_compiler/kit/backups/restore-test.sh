#!/usr/bin/env bash
# Restores $DUMPS/backup.dump into an empty server of its own, which only this pod can reach and which ends with it, and
# counts: it has every table of the backup, or the test fails.
#
# The server's files and its socket are in the folder $SERVER, which no other pod has: it asks for no password.
set -euo pipefail

dump="$DUMPS/backup.dump"
export PGDATA="$SERVER/data" PGHOST="$SERVER" PGUSER=postgres PGDATABASE=restored

mkdir -p "$SERVER"
initdb --username="$PGUSER" --encoding=UTF8 --locale=C --auth=trust --no-sync >"$SERVER/log"
# Nothing has to survive a crash here.
settings="-c listen_addresses= -c unix_socket_directories=$SERVER -c fsync=off -c shared_buffers=32MB"
pg_ctl start --wait --silent --log="$SERVER/log" --options="$settings" || {
  cat "$SERVER/log" >&2
  exit 1
}
trap 'pg_ctl stop --mode=immediate --silent' EXIT

createdb --maintenance-db=postgres "$PGDATABASE"
pg_restore --exit-on-error --no-owner --no-privileges --dbname="$PGDATABASE" "$dump"

pg_restore --list "$dump" >"$SERVER/contents"
expected="$(grep --extended-regexp '^[0-9]+; [0-9]+ [0-9]+ TABLE ' "$SERVER/contents" |
  grep --extended-regexp --invert-match --count ' TABLE (DATA|ATTACH) ' || true)"
# One line for each table, with its number of rows: those of a partitioned table are in its partitions. Tables of
# extensions come with these.
psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 >"$SERVER/rows" <<'SQL'
SELECT CASE class.relkind WHEN 'p' THEN 'SELECT 0' ELSE format('SELECT count(*) FROM %s', class.oid::regclass) END
FROM pg_class class JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
WHERE class.relkind IN ('r', 'p') AND namespace.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e')
\gexec
SQL
tables=0 rows=0
while read -r count; do
  tables=$((tables + 1)) rows=$((rows + count))
done <"$SERVER/rows"

if ((tables != expected)); then
  echo "the backup has $expected tables, but $tables were restored" >&2
  exit 1
fi
echo "restored $tables tables with $rows rows"
