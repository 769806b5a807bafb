# The image of a release, around the binary that goreleaser has built. The one
# for development is the Dockerfile in the root.
FROM debian:stable-slim AS base
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates \
 && mkdir -p /out/var/lib/cloudapi /out/etc/ssl/certs \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/

FROM scratch
ARG TARGETPLATFORM
COPY --from=base --chown=65532:65532 /out/ /
COPY $TARGETPLATFORM/cloudapi /usr/bin/cloudapi
USER 65532:65532
ENV CLOUDAPI_LISTEN=0.0.0.0:8080 \
    CLOUDAPI_LOG_FORMAT=json \
    CLOUDAPI_DATABASE_URL=sqlite:///var/lib/cloudapi/cloudapi.db
VOLUME /var/lib/cloudapi
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/usr/bin/cloudapi", "health"]
ENTRYPOINT ["/usr/bin/cloudapi"]
CMD ["serve"]
