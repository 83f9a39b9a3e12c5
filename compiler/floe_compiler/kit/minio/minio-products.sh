#!/usr/bin/env bash
# Makes a user for each data product that has a policy, and removes the users of products that have none any longer.
# May run any number of times. Users that it did not make are left alone: its own have a policy of their own name.
#
#   STORE_URL        the server
#   ADMINISTRATOR    a folder with the files `username` and `password` of the server
#   POLICIES         a folder with a policy for each user: <user>.json
#   CLIENTS          a folder with the secret key of each user, in a file with the user's name
#
# The image has bash and mc, but neither sed nor grep nor jq.
set -euo pipefail
shopt -s nullglob

readonly ATTEMPTS="${ATTEMPTS:-60}" PAUSE="${PAUSE:-5}"

# Keys travel through standard input: arguments can be read by every process of the pod.
keys() {
  local password
  password="$(<"$2")"
  printf '%s\n%s\n' "$1" "$password"
}

store() {
  mc --quiet --no-color --config-dir "$HOME/.mc" "$@"
}

# With the signature given, mc does not ask the server yet.
keys "$(<"$ADMINISTRATOR/username")" "$ADMINISTRATOR/password" |
  store alias set store "$STORE_URL" --api s3v4 --path on >/dev/null

attempt=1
until listed="$(store admin user list store --json 2>&1)"; do
  if ((attempt++ >= ATTEMPTS)); then
    echo "the users could not be listed: $listed" >&2
    exit 1
  fi
  echo "waiting for the store: $listed"
  sleep "$PAUSE"
done

while read -r line; do
  [[ "$line" =~ \"accessKey\":\"(product-[^\"]+)\",\"policyName\":\"([^\"]+)\" ]] || continue
  user="${BASH_REMATCH[1]}"
  if [[ "${BASH_REMATCH[2]}" == "$user" && ! -e "$POLICIES/$user.json" ]]; then
    store admin user remove store "$user" >/dev/null
    store admin policy remove store "$user" >/dev/null
    echo "user $user removed"
  fi
done <<<"$listed"

for policy in "$POLICIES"/*.json; do
  user="${policy##*/}"
  user="${user%.json}"
  store admin policy create store "$user" "$policy" >/dev/null
  keys "$user" "$CLIENTS/$user" | store admin user add store >/dev/null
  # Attaching a policy a second time is an error of its own (XMinioAdminPolicyChangeAlreadyApplied).
  if ! answer="$(store admin policy attach store "$user" --user "$user" 2>&1)"; then
    if [[ "$answer" != *"already in effect"* ]]; then
      echo "$answer" >&2
      exit 1
    fi
  fi
  echo "user $user may use its own folder"
done
