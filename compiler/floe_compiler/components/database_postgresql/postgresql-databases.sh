#!/usr/bin/env bash
# Gives every database that is named in an argument, `database=role`, its owner. May run any number of times, and sets
# the role's password to the one in the file $PASSWORDS/<database>, so that the server and the secret stay equal.
#
# The server is found by psql's own variables PGHOST, PGPORT and PGUSER, its password in the file $ADMINISTRATOR.
set -euo pipefail

PGPASSWORD="$(<"$ADMINISTRATOR")"
export PGPASSWORD PGCONNECT_TIMEOUT=10 PGDATABASE=postgres

for argument in "$@"; do
  database="${argument%%=*}"
  role="${argument#*=}"
  password="$(<"$PASSWORDS/$database")"
  if [[ -z "$password" ]]; then
    echo "the password of $role is empty" >&2
    exit 1
  fi
  # Values travel as variables of the environment, not as arguments, which every process in the pod could read.
  # Statements with a password must not reach the server's log either, not even those that fail.
  database="$database" role="$role" password="$password" \
    psql --no-psqlrc --quiet --no-align --tuples-only --output=/dev/null --set=ON_ERROR_STOP=1 <<'SQL'
\getenv database database
\getenv role role
\getenv password password
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec

-- The owner, not a grant: from PostgreSQL 15 on, only the owner may create tables in the schema "public".
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'database', :'role') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
SQL
  echo "database $database is owned by $role"
done
