# Verifies data contracts with Soda, one after the other: `soda contract verify` (soda-core 4) takes only one at a time.
# $1 is the data source's file, the others are contracts. All are verified; then the exit code says whether one failed.
# Soda exits with 0 if all checks passed, and with 2 if some only warned.
set -u

source=$1
shift
failed=0
for contract in "$@"; do
  soda contract verify --data-source "$source" --contract "$contract"
  status=$?
  if [ "$status" -ne 0 ] && [ "$status" -ne 2 ]; then
    echo "contract $contract failed: soda exited with $status" >&2
    failed=1
  fi
done
exit "$failed"
