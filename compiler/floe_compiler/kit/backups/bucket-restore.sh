#!/bin/sh
# Copies $SOURCE back to the bucket $BUCKET: what it was when it was last copied, and the files that it had before, which an
# older backup of the catalog still names. Deletes nothing in the bucket.
set -eu
. "${0%/*}/store.sh"
KEYS="$BUCKET_KEYS" REMOTE=BUCKET
. "${0%/*}/store.sh"

rclone copy --checksum "store:$SOURCE/current" "bucket:$BUCKET"
echo "copied $SOURCE/current to $BUCKET"

# Of a folder that is not there, rclone says 3.
rclone lsf --max-depth 1 "store:$SOURCE/before" >/tmp/folders || [ "$?" = 3 ]
sort -r /tmp/folders >/tmp/newest-first
while read -r folder; do
  rclone copy --ignore-existing "store:$SOURCE/before/${folder%/}" "bucket:$BUCKET"
  echo "copied what was there before ${folder%/}"
done </tmp/newest-first
