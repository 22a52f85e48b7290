# syntax=docker/dockerfile:1

# --- dashboard -------------------------------------------------------------------------------------------------------
FROM node:22-slim AS dashboard
WORKDIR /source/dashboard
COPY dashboard/package.json dashboard/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY dashboard ./
RUN npm run build

# --- build -----------------------------------------------------------------------------------------------------------
FROM rust:1.95-slim-trixie AS build
WORKDIR /source
COPY . .
COPY --from=dashboard /source/dashboard/dist dashboard/dist
# The registry and the compiled dependencies outlive the layer, so that the next build takes seconds.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --profile dist --locked -p sixty \
    && cp target/dist/sixty /usr/local/bin/sixty

# --- run -------------------------------------------------------------------------------------------------------------
# PostgreSQL's server is here because the worker runs the customers' instances; its client, because backups are made
# with pg_dump, which refuses servers newer than itself.
FROM debian:trixie-slim
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/no-main-cluster.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl postgresql-17 postgresql-client-17 tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/sixty --shell /usr/sbin/nologin sixty \
    && install -d -o sixty -g sixty -m 0711 /var/lib/sixty
COPY --from=build /usr/local/bin/sixty /usr/local/bin/sixty
COPY scripts/container-entrypoint.sh /usr/local/bin/container-entrypoint
USER sixty
ENV SIXTY_HOME=/var/lib/sixty SIXTY_HOST=0.0.0.0
VOLUME /var/lib/sixty
EXPOSE 3000
# tini takes in the processes that a crashed worker leaves behind.
ENTRYPOINT ["tini", "--", "container-entrypoint"]
CMD ["serve"]
