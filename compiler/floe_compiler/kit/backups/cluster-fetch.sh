#!/bin/sh
# Fetches the newest complete base backup of a cluster of CloudNativePG from $SOURCE into $DUMPS: what barman-cloud-backup
# has written, and of the log of changes the files that the backup needs to be consistent.
set -eu
. "${0%/*}/store.sh"

# Into files: a pipe would hide that rclone has failed.
rclone lsf --files-only --recursive --include '*/backup.info' "store:$SOURCE/base" >/tmp/backups
backup=''
sort -r /tmp/backups >/tmp/newest
while read -r info; do
  rclone copyto "store:$SOURCE/base/$info" /tmp/backup.info
  if grep -qx 'status=DONE' /tmp/backup.info; then
    backup="${info%%/*}"
    break
  fi
done </tmp/newest
if [ -z "$backup" ]; then
  echo "there is no complete backup in $SOURCE/base" >&2
  exit 1
fi

mkdir -p "$DUMPS/base" "$DUMPS/wals"
rclone copy "store:$SOURCE/base/$backup" "$DUMPS/base"
begin="$(sed -n 's/^begin_wal=//p' /tmp/backup.info)"
end="$(sed -n 's/^end_wal=//p' /tmp/backup.info)"
rclone lsf --files-only --recursive "store:$SOURCE/wals" >/tmp/wals
# A file of the log has 24 digits and a suffix, and is in a folder that is called as its first 16 digits.
awk -F/ -v begin="$begin" -v end="$end" \
  '{ name = substr($2, 1, 24) } name >= begin && name <= end' /tmp/wals >/tmp/needed
rclone copy --files-from /tmp/needed "store:$SOURCE/wals" "$DUMPS/wals"
echo "fetched $backup"
