package observe

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"cloudapi/internal/store"
)

// Spans follow OpenTelemetry's semantic conventions, except where those could expose secrets: no span has a query string, a
// header, a variable, a body or a value of a statement.

// Tracer makes spans. A nil Tracer makes none, at no cost.
type Tracer struct{ tracer trace.Tracer }

// NewTracer returns nil for a nil tracer.
func NewTracer(t trace.Tracer) *Tracer {
	if t == nil {
		return nil
	}
	return &Tracer{t}
}

// request begins the span of a request, as a child of the caller's span if it sends one (W3C Trace Context). Health probes
// have none.
func (t *Tracer) request(r *http.Request, id string) (context.Context, trace.Span) {
	if t == nil || apiOf(r.URL.Path) == "other" {
		return r.Context(), trace.SpanFromContext(r.Context())
	}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	return t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("url.path", r.URL.Path),
		attribute.String("cloudapi.request_id", id)))
}

// ended ends the span of a request and sets its attributes.
func ended(span trace.Span, face string, status int, info *Info) {
	if span.IsRecording() {
		span.SetName(face + " " + cmp.Or(info.Root, "other"))
		span.SetAttributes(attribute.Int("http.response.status_code", status),
			attribute.String("enduser.id", info.User), attribute.Int("cloudapi.cost", info.Cost))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}

// statement begins the span of an SQL statement. The text has placeholders instead of values.
func (t *Tracer) statement(ctx context.Context, query string) trace.Span {
	if t == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return nil
	}
	verb := strings.ToUpper(store.Verb(query))
	_, span := t.tracer.Start(ctx, verb, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.operation.name", verb), attribute.String("db.query.text", query)))
	return span
}

// portal begins the span of a request to the portal and adds the trace context to its header.
func (t *Tracer) portal(r *http.Request) trace.Span {
	if t == nil {
		return nil
	}
	ctx, span := t.tracer.Start(r.Context(), "portal", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("server.address", r.URL.Hostname()),
		attribute.String("url.path", r.URL.Path)))
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	return span
}

// finish ends a span, which may be nil. It records only that an error happened, because the error's text may contain values.
func finish(span trace.Span, failed bool) {
	if span == nil {
		return
	}
	if failed {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
