# docker build --build-arg REVISION=$(git describe --always) -t cloudapi .
# The image holds the static binary and the certificates it trusts, nothing else.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG REVISION=
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.revision=$REVISION" -o /out/usr/bin/cloudapi ./server \
 && mkdir -p /out/var/lib/cloudapi

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/ /
USER 65532:65532
ENV CLOUDAPI_LISTEN=0.0.0.0:8080 \
    CLOUDAPI_LOG_FORMAT=json \
    CLOUDAPI_DATABASE_URL=sqlite:///var/lib/cloudapi/cloudapi.db
VOLUME /var/lib/cloudapi
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/usr/bin/cloudapi", "health"]
ENTRYPOINT ["/usr/bin/cloudapi"]
CMD ["serve"]
