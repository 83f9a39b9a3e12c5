#!/bin/sh
# Makes the buckets named by the arguments, and users with a key and an access policy each, by the APIs of S3 and IAM.
# May run any number of times: keys and policies become what the files say. A user has no other keys than that.
#
#   STORE_URL, REGION    the server
#   ADMINISTRATOR        a folder with the files `username` and `password`: the keys of the server's administrator
#   POLICIES             a folder with a policy for each user: <user>.json
#   CLIENTS              a folder with the keys of each user: <user>.access-key, <user>.secret-key
#   REMOVED              users whose name begins like this and that have no policy any longer are removed, if they were
#                        made here: theirs is called <user>-<digest>. Empty: none is removed.
#
# The image has busybox and curl.
set -eu

ATTEMPTS="${ATTEMPTS:-60}" PAUSE="${PAUSE:-5}"
answer="$(mktemp)"
trap 'rm -f "$answer"' EXIT

# Keys travel through standard input: arguments can be read by every process of the pod.
quoted() {
  sed 's/["\\]/\\&/g' "$1"
}

login() {
  printf 'user = "%s:%s"' "$(quoted "$1")" "$(quoted "$2")"
}

# send SERVICE CONFIGURATION [ARGUMENT...]: asks the server, and leaves the answer and its status.
send() {
  service="$1" configuration="$2"
  shift 2
  status="$(printf '%s\n' "$configuration" | curl --config - --silent --max-time 60 --output "$answer" \
    --write-out '%{http_code}' --aws-sigv4 "aws:amz:$REGION:$service" "$@")" || status="000"
}

iam() {
  action="$1"
  shift
  send iam "$administrator" --data "Action=$action" --data Version=2010-05-08 "$@" "$STORE_URL/"
}

succeeded() {
  case "$status" in 2??) ;; *) return 1 ;; esac
}

reason() {
  if [ "$status" = 000 ]; then echo "no answer"; else sed -n 's/.*<Message>\(.*\)<\/Message>.*/\1/p' "$answer"; fi
}

# Fails unless the last answer was a success, or the error with this code.
expect() {
  if succeeded || { [ "$#" -gt 1 ] && grep -q "<Code>$2</Code>" "$answer"; }; then return; fi
  echo "$1 could not be made: $status $(reason)" >&2
  exit 1
}

# Prints what is between <TAG> and </TAG> in the last answer, one a line.
texts() {
  sed 's/</\n</g' "$answer" | sed -n "s/^<$1>//p"
}

arn() {
  echo "PolicyArn=arn:aws:iam:::policy/$1"
}

administrator="$(login "$ADMINISTRATOR/username" "$ADMINISTRATOR/password")"

attempt=1
iam ListUsers
until succeeded; do
  if [ "$attempt" -ge "$ATTEMPTS" ]; then
    echo "the users could not be listed: $status $(reason)" >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  echo "waiting for the store: $status $(reason)"
  sleep "$PAUSE"
  iam ListUsers
done
users="$(texts UserName)"

for bucket in "$@"; do
  send s3 "$administrator" --request PUT "$STORE_URL/$bucket"
  expect "bucket $bucket" BucketAlreadyOwnedByYou
done

# drop_policies USER KEPT: detaches and deletes the policies that were made here for the user, but for one.
drop_policies() {
  iam ListAttachedUserPolicies --data "UserName=$1"
  expect "user $1"
  for policy in $(texts PolicyName); do
    case "$policy" in "$2") continue ;; "$1"-*) ;; *) continue ;; esac
    iam DetachUserPolicy --data "UserName=$1" --data-urlencode "$(arn "$policy")"
    expect "policy $policy"
    iam DeletePolicy --data-urlencode "$(arn "$policy")"
    expect "policy $policy"
  done
}

for user in $users; do
  case "$user" in "${REMOVED:-/}"*) ;; *) continue ;; esac
  [ ! -e "$POLICIES/$user.json" ] || continue
  iam ListAttachedUserPolicies --data "UserName=$user"
  texts PolicyName | grep -q "^$user-[0-9a-f]\{16\}$" || continue
  drop_policies "$user" ""
  iam DeleteUser --data "UserName=$user"
  expect "user $user" NoSuchEntity
  echo "user $user removed"
done

for file in "$POLICIES"/*.json; do
  [ -e "$file" ] || continue
  user="${file##*/}"
  user="${user%.json}"
  access_key="$CLIENTS/$user.access-key" secret_key="$CLIENTS/$user.secret-key"
  iam CreateUser --data "UserName=$user"
  expect "user $user" EntityAlreadyExists

  # A policy of its content's name: the new one holds before the old one ends.
  policy="$user-$(sha256sum <"$file" | cut -c1-16)"
  iam CreatePolicy --data "PolicyName=$policy" --data-urlencode "PolicyDocument@$file"
  expect "policy $policy" EntityAlreadyExists
  iam AttachUserPolicy --data "UserName=$user" --data-urlencode "$(arn "$policy")"
  expect "policy $policy"
  drop_policies "$user" "$policy"

  send sts "$(login "$access_key" "$secret_key")" --data Action=GetCallerIdentity --data Version=2011-06-15 "$STORE_URL/"
  if ! succeeded; then
    key="data-urlencode = \"AccessKeyId=$(quoted "$access_key")\""
    send iam "$administrator
$key" --data Action=DeleteAccessKey --data Version=2010-05-08 --data "UserName=$user" "$STORE_URL/"
    expect "key of $user" NoSuchEntity
    send iam "$administrator
$key
data-urlencode = \"SecretAccessKey=$(quoted "$secret_key")\"" \
      --data Action=CreateAccessKey --data Version=2010-05-08 --data "UserName=$user" "$STORE_URL/"
    expect "key of $user"
  fi
  iam ListAccessKeys --data "UserName=$user"
  expect "key of $user"
  for key in $(texts AccessKeyId); do
    [ "$key" != "$(cat "$access_key")" ] || continue
    iam DeleteAccessKey --data "UserName=$user" --data-urlencode "AccessKeyId=$key"
    expect "key of $user" NoSuchEntity
  done
  echo "user $user may use what its policy allows"
done
