#!/bin/sh
# Makes the bucket once the store answers; run again at every start.
set -eu

tries=0
until echo "s3.bucket.list" | weed shell -master=s3:9333 2>/dev/null | grep -q .; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { echo 'the S3 server does not answer' >&2; exit 1; }
  echo "s3.bucket.create -name $S3_BUCKET" | weed shell -master=s3:9333 >/dev/null 2>&1 || true
  sleep 1
done
