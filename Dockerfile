# A freechains node in a container: data in /var/lib/freechains, other nodes on TCP 8331, logs on stderr. The control port
# listens on the container's own loopback only: give commands with `docker exec NAME freechains …`. See docs/operating.md.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm ci --ignore-scripts && npm run build && chmod +x dist/node/main.js
# The manifests alone, those of workspaces included: the last stage installs again only when one of them changes.
RUN mkdir /manifests \
  && find . -name package.json -not -path '*/node_modules/*' -exec cp --parents {} /manifests/ \; \
  && cp package-lock.json .npmrc /manifests/

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="freechains" \
  org.opencontainers.image.description="Freechains on libp2p: a headless peer-to-peer publish-subscribe node" \
  org.opencontainers.image.licenses="MIT"
WORKDIR /opt/freechains
COPY --from=build /manifests/ ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY --from=build /build/dist ./dist
COPY LICENSE ./
# The data, and the cookie and socket of the control port (XDG_STATE_HOME), belong to the user of the node.
RUN ln -s /opt/freechains/dist/node/main.js /usr/local/bin/freechains \
  && install -d -m 0700 -o node -g node /var/lib/freechains /run/freechains
ENV NODE_ENV=production HOME=/var/lib/freechains XDG_STATE_HOME=/run

# `node` of the base image, by number: an orchestrator can tell that it is not root.
USER 1000:1000
VOLUME ["/var/lib/freechains"]
EXPOSE 8331/tcp
# A start reads every chain from disk, a few seconds per million blocks.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["freechains", "info"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["freechains"]
CMD ["start", "/var/lib/freechains"]
