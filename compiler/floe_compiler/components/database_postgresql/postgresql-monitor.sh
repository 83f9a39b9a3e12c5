#!/usr/bin/env bash
# Gives the server the role $MONITOR, which may read all statistics and no data. May run any number of times, and sets the
# role's password to the one in the file $PASSWORD, so that the server and the secret stay equal.
#
# The server is found by psql's own variables PGHOST, PGPORT and PGUSER, its password in the file $ADMINISTRATOR.
set -euo pipefail

PGPASSWORD="$(<"$ADMINISTRATOR")"
export PGPASSWORD PGCONNECT_TIMEOUT=10 PGDATABASE=postgres

password="$(<"$PASSWORD")"
if [[ -z "$password" ]]; then
  echo "the password of $MONITOR is empty" >&2
  exit 1
fi
# As for the owners of databases: passwords reach neither the arguments of a process nor the server's log.
role="$MONITOR" password="$password" \
  psql --no-psqlrc --quiet --no-align --tuples-only --output=/dev/null --set=ON_ERROR_STOP=1 <<'SQL'
\getenv role role
\getenv password password
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L CONNECTION LIMIT 5', :'role', :'password') \gexec
SELECT format('GRANT pg_monitor TO %I', :'role') \gexec
SQL
echo "$MONITOR may read statistics"
