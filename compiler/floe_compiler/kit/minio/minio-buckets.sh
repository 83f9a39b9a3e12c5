#!/usr/bin/env bash
# Makes the buckets named by the arguments, and the user that may read and write them, and nothing else.
# May run any number of times: the user's key and policy become what the secret and the policy file say.
#
#   STORE_URL                the server
#   ADMINISTRATOR, CLIENT    folders with the files `username` and `password` of the server and of the user
#   POLICY                   the user's access policy, a JSON file called <name of the policy>-policy.json
#
# The image has bash and mc, but neither sed nor grep nor jq.
set -euo pipefail

readonly ATTEMPTS="${ATTEMPTS:-60}" PAUSE="${PAUSE:-5}"
policy="${POLICY##*/}"
readonly POLICY_NAME="${policy%-policy.json}"

# Keys travel through standard input: arguments can be read by every process of the pod.
keys() {
  local username password
  username="$(<"$1/username")"
  password="$(<"$1/password")"
  printf '%s\n%s\n' "$username" "$password"
}

store() {
  mc --quiet --no-color --config-dir "$HOME/.mc" "$@"
}

# With the signature given, mc does not ask the server yet.
keys "$ADMINISTRATOR" | store alias set store "$STORE_URL" --api s3v4 --path on >/dev/null

attempt=1
until answer="$(store mb --ignore-existing "${@/#/store/}" 2>&1)"; do
  if ((attempt++ >= ATTEMPTS)); then
    echo "the buckets could not be made: $answer" >&2
    exit 1
  fi
  echo "waiting for the store: $answer"
  sleep "$PAUSE"
done

# Whoever opened one to everybody - an older policy let the user do so - did so by mistake.
for bucket in "$@"; do store anonymous set private "store/$bucket" >/dev/null; done

user="$(<"$CLIENT/username")"
keys "$CLIENT" | store admin user add store >/dev/null
store admin policy create store "$POLICY_NAME" "$POLICY" >/dev/null
# Attaching a policy a second time is an error of its own (XMinioAdminPolicyChangeAlreadyApplied).
if ! answer="$(store admin policy attach store "$POLICY_NAME" --user "$user" 2>&1)"; then
  if [[ "$answer" != *"already in effect"* ]]; then
    echo "$answer" >&2
    exit 1
  fi
fi
echo "buckets $* are there, and $user may use them"
