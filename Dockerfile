# One image for every Rivulet process; the command says which. Debian, not Alpine: Temporal's native core needs glibc.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24.21.0-bookworm-slim
# The slim image has no root certificates, and Temporal's core reads the system's.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/rivulet.yaml ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/templates ./templates
COPY --from=build /app/dist ./dist
USER node
CMD ["node", "dist/worker/main.js"]
