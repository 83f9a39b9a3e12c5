#!/bin/bash
# Runs the server, and has it read its certificate again when that was renewed: postgresql-tls.sh FOLDER ARGUMENT...
#
# The kubelet changes the files below FOLDER at once, by a link. A server that is still starting is told in the next
# round. Tested with PostgreSQL 15.

certificate=$1/tls.crt
shift

(
  known=$(readlink -f "$certificate")
  while sleep "${CERTIFICATE_CHECK_SECONDS:-60}"; do
    now=$(readlink -f "$certificate")
    if [ "$now" != "$known" ] && pg_ctl reload -s; then
      known=$now
    fi
  done
) &

exec docker-entrypoint.sh "$@"
