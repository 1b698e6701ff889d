# The image for those who build with Docker: `docker build --build-arg SOURCE_COMMIT=$(git rev-parse HEAD) .`
# `./scripts/image` makes the same image without an engine, and the same one each time.
FROM rust:1.89-bookworm AS build
ARG SOURCE_COMMIT=
WORKDIR /swarmkit-catalog
COPY . .
RUN SWARMKIT_CATALOG_COMMIT="$SOURCE_COMMIT" RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --locked --release -p swarmkit-mon \
      --target "$(rustc -vV | sed -n 's/^host: //p')" \
 && mkdir -p /image/bin /image/etc/ssl/certs \
 && cp target/*/release/swarmkit-mon /image/bin/ \
 && ln -s swarmkit-mon /image/bin/bash && ln -s swarmkit-mon /image/bin/sh \
 && cat /usr/share/ca-certificates/mozilla/*.crt > /image/etc/ssl/certs/ca-certificates.crt

FROM scratch
ARG SOURCE_COMMIT=unknown
ARG VERSION=2.0.0
COPY --from=build /image/ /
ENV PATH=/bin
LABEL org.opencontainers.image.title="swarmkit-mon" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$SOURCE_COMMIT" \
      org.opencontainers.image.source="https://github.com/rancher/swarmkit-catalog" \
      org.opencontainers.image.licenses="Apache-2.0"
ENTRYPOINT ["/bin/swarmkit-mon"]
