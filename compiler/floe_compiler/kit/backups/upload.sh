#!/bin/sh
# Sends the dumps in the folder $DUMPS to $DESTINATION. Then deletes those that are older than $RETENTION there, if it is
# set: after a backup has succeeded, so that the last ones stay if backups fail for a long time.
set -eu
. "${0%/*}/store.sh"

# Never over an existing file. rclone compares what has arrived with what it has sent, and fails if they differ.
rclone copy --immutable --include '*.dump' "$DUMPS" "store:$DESTINATION"
echo "sent to $DESTINATION: $(ls "$DUMPS")"

if [ -n "${RETENTION:-}" ]; then
  rclone delete --include '*.dump' --min-age "$RETENTION" --use-server-modtime "store:$DESTINATION"
fi
