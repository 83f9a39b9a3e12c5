#!/bin/sh
# Fetches the backup $BACKUP from $SOURCE into the file $DUMPS/backup.dump: the name of a backup, or `newest`.
set -eu
. "${0%/*}/store.sh"

name="$BACKUP"
if [ "$name" = newest ]; then
  # Into a file: a pipe would hide that rclone has failed.
  rclone lsf --files-only --include '*.dump' "store:$SOURCE" >/tmp/backups
  name="$(sort /tmp/backups | tail -n 1)"
  if [ -z "$name" ]; then
    echo "there is no backup in $SOURCE" >&2
    exit 1
  fi
fi

mkdir -p "$DUMPS"
rclone copyto "store:$SOURCE/$name" "$DUMPS/backup.dump"
if [ ! -f "$DUMPS/backup.dump" ]; then
  echo "there is no backup $name in $SOURCE" >&2
  exit 1
fi
echo "fetched $name"
