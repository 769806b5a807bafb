// Package telemetry sends traces and logs to an OpenTelemetry collector, by OTLP over HTTP. It does nothing without a
// collector.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// name is the instrumentation scope, and the service name unless OTEL_SERVICE_NAME is set.
const name = "cloudapi"

// longestValue is the maximum length of a span attribute, in characters: generated statements can be long.
const longestValue = 4096

// Options configures the exporter.
type Options struct {
	// Endpoint is the collector's base URL, http://collector:4318; "" for none. OpenTelemetry's own variables set headers
	// and other options.
	Endpoint string
	// Sample is the fraction of requests that are traced, 0 to 1, if the caller's traceparent does not decide.
	Sample  float64
	Version string
	// Log gets a warning for what could not be sent. It must not export to the collector.
	Log *slog.Logger
}

// Telemetry is a running exporter. A nil one does nothing.
type Telemetry struct {
	traces *sdktrace.TracerProvider
	logs   *sdklog.LoggerProvider
}

// Start starts exporting; it returns nil if there is no endpoint. It does not wait for the collector, which may start later.
func Start(ctx context.Context, o Options) (*Telemetry, error) {
	if o.Endpoint == "" {
		return nil, nil
	}
	base, err := url.Parse(o.Endpoint)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.User != nil {
		return nil, errors.New("the OTLP endpoint must be an http or https URL without credentials")
	}
	if o.Sample < 0 || o.Sample > 1 {
		return nil, fmt.Errorf("the part of requests to trace is between 0 and 1, not %v", o.Sample)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", name), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe this server: %w", err)
	}
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(base.JoinPath("v1", "traces").String()))
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	records, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(base.JoinPath("v1", "logs").String()))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("send logs: %w", err), spans.Shutdown(ctx))
	}
	// OpenTelemetry has one global error handler.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Log.Warn("sending telemetry", "error", err) }))
	limits := sdktrace.NewSpanLimits()
	limits.AttributeValueLengthLimit = longestValue
	return &Telemetry{
		traces: sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans), sdktrace.WithResource(about),
			sdktrace.WithRawSpanLimits(limits),
			sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Sample)))),
		logs: sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)), sdklog.WithResource(about)),
	}, nil
}

// Tracer returns a tracer; nil if nothing is exported.
func (t *Telemetry) Tracer() trace.Tracer {
	if t == nil {
		return nil
	}
	return t.traces.Tracer(name)
}

// Handler returns a handler that passes records to h and exports them.
func (t *Telemetry) Handler(h slog.Handler) slog.Handler {
	if t == nil {
		return h
	}
	return slog.NewMultiHandler(h, leveled{otelslog.NewHandler(name, otelslog.WithLoggerProvider(t.logs)), h})
}

// Stop exports the remaining records and spans within a time limit, and stops.
func (t *Telemetry) Stop(ctx context.Context, limit time.Duration) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return errors.Join(t.traces.Shutdown(ctx), t.logs.Shutdown(ctx))
}

// leveled accepts the levels of another handler: the bridge would accept all.
type leveled struct {
	slog.Handler
	like slog.Handler
}

// Enabled reports whether the other handler accepts the level.
func (l leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return l.like.Enabled(ctx, level)
}

// WithAttrs returns a handler whose records have the attributes.
func (l leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leveled{l.Handler.WithAttrs(attrs), l.like}
}

// WithGroup returns a handler whose attributes are in a group.
func (l leveled) WithGroup(name string) slog.Handler {
	return leveled{l.Handler.WithGroup(name), l.like}
}
