package export

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/budget"
	"cloudapi/internal/fault"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// pages reads one page after another.
type pages struct {
	handler   *Handler
	r         *http.Request
	variables map[string]any
	begun     bool
	ended     bool
}

func (p *pages) more() bool { return !p.ended }

// next returns the customers of the next page.
func (p *pages) next(ctx context.Context) ([]json.RawMessage, error) {
	if p.begun {
		var end context.CancelFunc
		ctx, end = budget.PageContext(ctx, cmp.Or(p.handler.PageTime, readingTime))
		defer end()
	}
	answer := p.handler.Engine.Run(ctx, &engine.Request{
		ReadOnly: true, Continues: p.begun,
		RawParams: graphql.RawParams{Query: query, OperationName: "export", Variables: p.variables, Headers: p.r.Header},
	})
	observe.NoteCost(p.r.Context(), answer.Cost)
	p.begun = true
	if len(answer.Errors) > 0 {
		return nil, faultOf(answer.Errors)
	}
	if err := answer.Copy(); err != nil {
		return nil, err
	}
	var data struct {
		Customers struct {
			PageInfo struct {
				HasNextPage bool
				EndCursor   *string
			}
			Nodes []json.RawMessage
		}
	}
	if err := json.Unmarshal(answer.Data, &data); err != nil {
		return nil, err
	}
	p.ended = !data.Customers.PageInfo.HasNextPage
	p.variables["after"] = data.Customers.PageInfo.EndCursor
	if end := data.Customers.PageInfo.EndCursor; end != nil {
		p.variables["after"] = *end
	}
	return data.Customers.Nodes, nil
}

// faultOf returns the errors of an operation as one fault.
func faultOf(errs gqlerror.List) *fault.Fault {
	var all []*fault.Fault
	for _, err := range errs {
		if f, ok := errors.AsType[*fault.Fault](err); ok {
			all = append(all, f)
			continue
		}
		code, _ := err.Extensions["code"].(string)
		f := fault.New(fault.Code(cmp.Or(code, string(fault.Internal))), "%s", err.Message)
		f.Field, _ = err.Extensions["field"].(string)
		all = append(all, f)
	}
	return fault.All(all...)
}
