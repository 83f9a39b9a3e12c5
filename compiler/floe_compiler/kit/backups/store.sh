# Read by the scripts for rclone's image, which has busybox's sh. Hands the keys to rclone, which takes them from variables
# only: the file $KEYS/SECRET_ACCESS_KEY becomes RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY, or that of another remote, $REMOTE.
# With an identity, there is none.
# shellcheck shell=sh
set -eu

for file in "$KEYS"/*; do
  [ -f "$file" ] || continue
  key="$(cat "$file")"
  if [ -z "$key" ]; then
    echo "the key in $file is empty" >&2
    exit 1
  fi
  export "RCLONE_CONFIG_${REMOTE:-STORE}_${file##*/}=$key"
done
