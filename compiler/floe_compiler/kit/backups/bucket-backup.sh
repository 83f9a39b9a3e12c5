#!/bin/sh
# Makes $DESTINATION/current what the bucket $BUCKET is. Files that the bucket no longer has, or has changed, move to
# $DESTINATION/before/<time>. If $RETENTION is set, such as 30d, those folders are deleted when they are older.
set -eu
. "${0%/*}/store.sh"
KEYS="$BUCKET_KEYS" REMOTE=BUCKET
. "${0%/*}/store.sh"

# Of a folder that is not there, rclone says 3.
list() {
  rclone lsf --max-depth 1 "$1" || [ "$?" = 3 ]
}

list "bucket:$BUCKET" >/tmp/files
if [ ! -s /tmp/files ]; then
  list "store:$DESTINATION/current" >/tmp/copied
  if [ -s /tmp/copied ]; then
    echo "the bucket $BUCKET is empty, but not its copy in $DESTINATION, which stays as it is: is its volume lost?" >&2
    exit 1
  fi
  echo "the bucket $BUCKET is still empty"
  exit 0
fi

now="$(date -u +%Y%m%dT%H%M%SZ)"
rclone sync --checksum --backup-dir "store:$DESTINATION/before/$now" "bucket:$BUCKET" "store:$DESTINATION/current"
echo "copied $BUCKET to $DESTINATION"

if [ -n "${RETENTION:-}" ]; then
  oldest="$(date -u -d "@$(($(date +%s) - ${RETENTION%d} * 86400))" +%Y%m%dT%H%M%SZ)"
  list "store:$DESTINATION/before" >/tmp/folders
  awk -v oldest="$oldest" '{ sub("/$", "") } $0 < oldest' /tmp/folders >/tmp/old
  while read -r folder; do
    rclone purge "store:$DESTINATION/before/$folder"
    echo "deleted $DESTINATION/before/$folder"
  done </tmp/old
fi
