#!/usr/bin/env bash
# Bootstraps the realm $REALM: the tables in the database, and the root principal with the secret in the file
# $ROOT_SECRET. A realm that is bootstrapped already is left as it is, since Polaris 1.7 with success.
set -euo pipefail
umask 077

# The tool takes the secret as an argument, which every process of the pod could read, or in a file of this form.
secret="$(<"$ROOT_SECRET")"
if [[ -z "$secret" ]]; then
  echo "the root principal's secret is empty" >&2
  exit 1
fi
credentials="$(mktemp)"
trap 'rm -f "$credentials"' EXIT
printf "'%s':\n  client-id: '%s'\n  client-secret: '%s'\n" "$REALM" "$ROOT_ID" "${secret//\'/\'\'}" >"$credentials"

"${ADMIN_TOOL:-/opt/jboss/container/java/run/run-java.sh}" bootstrap --credentials-file "$credentials"
