#!/bin/sh
# Tests connections until all are as they should be, or the time is over: probe.sh CALLER SECONDS PROBE...
#
# Policies apply to a new pod only after some seconds, so what fails is tried again. Tested with busybox 1.35, as any
# user and on a read-only root. The probes, in this order:
#
#   name HOST             the host has an address
#   tcp HOST:PORT         the server accepts connections
#   http URL              the server answers with a success
#   postgresql HOST:PORT  the server is a PostgreSQL that accepts connections
#   outside HOST:PORT     as tcp, but only reported: a server outside the cluster
#   foreign HOST:PORT     the same: a Service of the cluster that others keep
#   later HOST:PORT       the same: a server that may be applied after its caller
#   denied HOST:PORT      the connection does not come about; tested when all others are fine

caller=$1 seconds=$2
shift 2
try=3

connect() {
  timeout $try nc -w $try "${1%:*}" "${1##*:}" -e true 2>&1
}

# Some shells say that what took too long was terminated.
why() {
  case $1 in '' | *erminated*) echo "no answer in $try seconds" ;; *) echo "$1" ;; esac
}

# Prints the reason if a probe fails.
attempt() {
  case $1 in
    name\ *)
      case $(connect "${1#* }:53") in *"bad address"*) echo "it has no address"; return 1 ;; esac
      ;;
    http\ *)
      reason=$(timeout $try wget -q -O /dev/null "${1#* }" 2>&1) && return
      why "$reason"
      return 1
      ;;
    postgresql\ *)
      address=${1#* }
      # A login as `user`, as pg_isready sends it: whatever a server that is up answers, it does not say 57P03.
      answer=$(printf '\0\0\0\27\0\3\0\0user\0postgres\0\0' |
        timeout $try nc -w $try "${address%:*}" "${address##*:}" 2>&1 | tr -d '\0')
      case $answer in
        *57P03*) echo "it is starting or shutting down" ;;
        [RE]*) return ;;
        nc:* | '' | *erminated*) why "$answer" ;;
        *) echo "it does not answer as PostgreSQL does" ;;
      esac
      return 1
      ;;
    denied\ *)
      if reason=$(connect "${1#* }"); then
        echo "it accepts connections that nothing declares: does the cluster enforce network policies?"
        return 1
      fi
      case $reason in *"bad address"*) echo "$reason"; return 1 ;; esac
      ;;
    *)
      reason=$(connect "${1#* }") && return
      why "$reason"
      return 1
      ;;
  esac
}

end=$(($(date +%s) + seconds))
while :; do
  reasons='' required='' denied='' left=$#
  while [ "$left" -gt 0 ]; do
    probe=$1 left=$((left - 1))
    shift
    if [ "${probe%% *}" = denied ] && [ "$required" ]; then
      reasons="$reasons
not tested: $probe"
      set -- "$@" "$probe"
    elif reason=$(attempt "$probe"); then
      echo "fine: $probe"
    else
      set -- "$@" "$probe"
      case $probe in
        outside\ * | foreign\ * | later\ *)
          reasons="$reasons
not reached, which is only reported: $caller -> $probe: $reason"
          continue
          ;;
        denied\ *) denied=yes ;;
        *) required=yes ;;
      esac
      reasons="$reasons
FAILED: $caller -> $probe: $reason"
    fi
  done
  if [ -z "$required$denied" ] || [ "$(date +%s)" -ge "$end" ]; then break; fi
  sleep 5
done
[ -z "$reasons" ] || echo "${reasons#?}"
[ -z "$required$denied" ]
