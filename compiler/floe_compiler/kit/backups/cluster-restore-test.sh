#!/usr/bin/env bash
# Restores the base backup in $DUMPS into a server of its own, which only this pod can reach and which ends with it: it
# has all of $DATABASES, and every row in them can be read, or the test fails.
#
# The settings in the backup are those of the pods of CloudNativePG, with folders that are not here, so others are used.
set -euo pipefail

export PGDATA="$SERVER/data" PGHOST="$SERVER" PGUSER=postgres
mkdir -p "$PGDATA"
for archive in "$DUMPS"/base/data*.tar.gz; do
  tar --extract --gzip --file="$archive" --directory="$PGDATA"
done
chmod 0700 "$PGDATA"
rm -rf "$PGDATA/pg_wal" "$PGDATA/postmaster.pid" "$PGDATA/standby.signal"
mkdir "$PGDATA/pg_wal"
: >"$PGDATA/postgresql.auto.conf"
: >"$PGDATA/recovery.signal"

echo 'local all all trust' >"$SERVER/pg_hba.conf"
: >"$SERVER/pg_ident.conf"
cat >"$SERVER/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$SERVER'
hba_file = '$SERVER/pg_hba.conf'
ident_file = '$SERVER/pg_ident.conf'
# Nothing has to survive a crash here.
fsync = off
shared_buffers = 32MB
# Else it would need as many connections as the server had.
hot_standby = off
restore_command = 'gunzip --stdout "$DUMPS/wals/\$(echo %f | cut -c 1-16)/%f.gz" >"%p"'
EOF
failed() {
  cat "$SERVER/log" >&2
  exit 1
}
# It is up before it has read the log of changes, and accepts connections only then. The Job has a deadline.
pg_ctl start --wait --silent --timeout=86400 --log="$SERVER/log" --options="-c config_file=$SERVER/postgresql.conf" ||
  failed
trap 'pg_ctl stop --mode=immediate --silent' EXIT
until pg_isready --quiet; do
  pg_ctl status >"$SERVER/status" || failed
  sleep 1
done

ask() {
  psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"
}
tables=0
for database in $DATABASES; do
  if [[ "$(ask --dbname=postgres --command="SELECT count(*) FROM pg_database WHERE datname = '$database'")" != 1 ]]; then
    echo "the backup has no database $database" >&2
    exit 1
  fi
  pg_dump --dbname="$database" --file=/dev/null
  tables=$((tables + $(ask --dbname="$database" --command="SELECT count(*) FROM pg_stat_user_tables")))
done
echo "restored $tables tables, and read every row"
