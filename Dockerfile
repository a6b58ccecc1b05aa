# The proxy as an image; docs/operations.md says how to run it. Where no Docker engine is at hand, `npm run test:docker`
# carries out these very steps in an empty folder and pushes through what comes out.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script, and our own would need the sources, which come later so that this layer is kept.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/prepare.js scripts/
COPY routes/ routes/
COPY src/ src/
RUN npm run build
RUN npm prune --omit=dev

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
# Belongs to root and is never written to: the root file system can be mounted read-only.
COPY --from=build /app/node_modules/ node_modules/
COPY --from=build /app/dist/ dist/
COPY package.json LICENSE ./
COPY scripts/docker-health.js scripts/
RUN install -d -o 1000 -g 1000 -m 700 /data
# By number, so that an orchestrator can see that it is not root; it is the image's user `node`.
USER 1000:1000
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["node", "scripts/docker-health.js"]
# Node is process 1 itself: it hears SIGTERM, and starts no children that would need to be waited for.
# Its young generation takes 24 MB at most instead of 48, and the bound of the old one lets less garbage lie; docs/operations.md, "Memory", says what that is worth.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--max-old-space-size=1024", "dist/src/main.js"]
CMD ["serve"]
