#!/bin/sh
# Run once by PostgreSQL's image, on an empty volume: a database and a role for each of ktpflow and Temporal, so that
# neither can read the other's.
set -eu

create() {
  psql --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set=role="$1" --set=password="$2" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
  shift 2
  for database in "$@"; do
    psql --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
      --set=role="${database%%_*}" --set=database="$database" <<'SQL'
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
  done
}

create ktpflow "$KTPFLOW_DB_PASSWORD" ktpflow
create temporal "$TEMPORAL_DB_PASSWORD" temporal temporal_visibility
