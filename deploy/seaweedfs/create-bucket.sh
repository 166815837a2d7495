#!/bin/sh
# Makes the bucket once the store answers; run again at every start.
set -eu

# Without a terminal the shell prints its prompt in front of what a command prints.
shell() {
  echo "$1" | timeout 20 weed shell -master=s3:9333 -filer=s3:8888 2>/dev/null || true
}

tries=0
until shell s3.bucket.list | grep -Eq "(^|[[:space:]])$S3_BUCKET([[:space:]]|\$)"; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { echo "the bucket $S3_BUCKET could not be made: the S3 server does not answer" >&2; exit 1; }
  shell "s3.bucket.create -name $S3_BUCKET" >/dev/null
  sleep 1
done
