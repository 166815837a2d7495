#!/bin/sh
# Brings Temporal's two databases to the schema of this image's release; run again at every start and upgrade.
# SQL_PASSWORD is the tool's own variable.
set -eu

migrate() {
  database=$1
  folder=${TEMPORAL_SCHEMA:-/etc/temporal/schema}/postgresql/v12/$2/versioned
  set -- temporal-sql-tool --plugin postgres12 --endpoint "$POSTGRES_SEEDS" --port "${DB_PORT:-5432}" \
    --user "$POSTGRES_USER" --database "$database"
  # Without a schema yet there is no version to go on from.
  "$@" update-schema --schema-dir "$folder" || {
    "$@" setup-schema --version 0.0
    "$@" update-schema --schema-dir "$folder"
  }
}

migrate temporal temporal
migrate temporal_visibility visibility
