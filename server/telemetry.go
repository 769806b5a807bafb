package main

import (
	"context"
	"log/slog"
	"time"

	"cloudapi/server/telemetry"
)

// flushTime is the time limit for sending the last traces and logs when the server stops.
const flushTime = 5 * time.Second

// telemetryFlags configure the export of traces and logs.
type telemetryFlags struct {
	OTLPEndpoint string  `name:"otlp-endpoint" env:"CLOUDAPI_OTLP_ENDPOINT,OTEL_EXPORTER_OTLP_ENDPOINT" help:"The OpenTelemetry collector for traces and logs, by OTLP over HTTP: http://host:4318."`
	TraceSample  float64 `name:"trace-sample" default:"1" help:"The fraction of requests that are traced, 0 to 1. A traceparent header of the request takes precedence."`
}

// start starts exporting, and returns a logger that exports too. stop sends the rest.
func (f *telemetryFlags) start(ctx context.Context, log *slog.Logger) (sent *telemetry.Telemetry, also *slog.Logger, stop func(), err error) {
	sent, err = telemetry.Start(ctx, telemetry.Options{
		Endpoint: f.OTLPEndpoint, Sample: f.TraceSample, Version: version(), Log: log,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return sent, slog.New(sent.Handler(log.Handler())), func() {
		if err := sent.Stop(context.WithoutCancel(ctx), flushTime); err != nil {
			log.Warn("the last traces and logs could not be sent", "error", err)
		}
	}, nil
}
