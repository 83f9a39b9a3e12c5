#!/bin/sh
# Runs the script in $1, which starts the server with the configuration in $CONFIGURATION, and has the server read its
# certificate in $CERTIFICATE again when that was renewed.
#
# The kubelet changes the files in that folder at once, by a link. The server is told by its user `certificates`, who may
# do nothing else, and whose password only this script knows. A server that is still starting is told in the next round.
# Tested with Redis 7.0.
set -eu
umask 077

digest() {
  sha256sum | cut -d ' ' -f 1
}

password="$(head -c 32 /dev/urandom | digest)"
cat >/tmp/redis.conf <<END
include $CONFIGURATION
user certificates reset on #$(printf %s "$password" | digest) -@all +config|set
END

(
  export REDISCLI_AUTH="$password"
  known="$(readlink -f "$CERTIFICATE/tls.crt")"
  while sleep "${CERTIFICATE_CHECK_SECONDS:-60}"; do
    now="$(readlink -f "$CERTIFICATE/tls.crt")"
    if [ "$now" != "$known" ] && redis-cli -p "$PORT" --tls --insecure -e --user certificates \
      CONFIG SET tls-cert-file "$CERTIFICATE/tls.crt" tls-key-file "$CERTIFICATE/tls.key" >/dev/null; then
      known="$now"
    fi
  done
) </dev/null &

CONFIGURATION=/tmp/redis.conf exec sh "$1"
