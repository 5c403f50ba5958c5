# syntax=docker/dockerfile:1
# One image for every Rivulet process, for amd64 and arm64; the command selects which. It has no shell, npm or sources.
# deploy/image/assemble.mjs selects its contents; docs/deploying.md has the size of each part and how to update the digests.
ARG NODE=node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553

# Everything is JavaScript except Temporal's native core, which npm ships for every platform: build once, on the builder's platform.
FROM --platform=$BUILDPLATFORM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build
ARG TARGETARCH
RUN node deploy/image/assemble.mjs --out /image --arch ${TARGETARCH}

# For development: the SES stand-in of docker-compose.yml. Never published.
FROM ${NODE} AS laptop
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
CMD ["node", "dist/local/ses/main.js"]

FROM ${NODE} AS node

# glibc, libstdc++, root certificates and time zones of Debian 12. Temporal's native core needs glibc.
FROM gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Rivulet" \
      org.opencontainers.image.description="Durable, event-driven email journeys" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /image ./
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8080 9080 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "healthcheck.mjs"]
CMD ["node", "dist/worker/main.js"]
