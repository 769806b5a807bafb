package engine

import (
	"context"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"cloudapi/internal/lru"
	"cloudapi/internal/viewer"
	"cloudapi/server/limit"
)

const (
	// keptDocuments is how many validated documents are kept at most.
	keptDocuments = 1000
	// keptBytes bounds the memory that they take, as far as it is known.
	keptBytes = 32 << 20
	// bytesOfToken is what a token of a parsed document takes in memory, about.
	bytesOfToken = 128
)

// readDocument is a validated document.
type readDocument struct {
	*ast.QueryDocument
	bytes int
}

// documents keeps validated documents: the server's own for good, others while
// they are in use and there is room.
type documents struct {
	used   *lru.Cache[*ast.QueryDocument]
	pinned map[string]*ast.QueryDocument
}

func newDocuments() *documents {
	return &documents{
		used:   lru.New[*ast.QueryDocument](keptDocuments, keptBytes),
		pinned: map[string]*ast.QueryDocument{},
	}
}

func (d *documents) get(query string) (*ast.QueryDocument, bool) {
	if doc, ok := d.pinned[query]; ok {
		return doc, true
	}
	return d.used.Get(query)
}

type documentKey struct{}

// Get gives the executor the document that the engine has read. It is part of
// graphql.Cache.
func (d *documents) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*ast.QueryDocument)
	return doc, ok
}

// Add keeps nothing: the executor reads nothing itself. It is part of
// graphql.Cache.
func (d *documents) Add(context.Context, string, *ast.QueryDocument) {}

// document returns the validated document of a query.
func (e *Engine) document(ctx context.Context, query string) (*ast.QueryDocument, gqlerror.List) {
	if doc, ok := e.docs.get(query); ok {
		return doc, nil
	}
	rules := e.rulesWithoutSuggestions
	if e.introspect(viewer.FromContext(ctx)) {
		rules = e.rulesWithSuggestions
	}
	doc, errs := e.read(query, rules, e.limits)
	if len(errs) > 0 {
		return nil, errs
	}
	e.docs.used.Put(query, doc.QueryDocument, doc.bytes)
	return doc.QueryDocument, nil
}

// read parses a query, holds it against the limits, and validates it.
func (e *Engine) read(query string, rules *rules.Rules, limits limit.Limits) (readDocument, gqlerror.List) {
	tokens, err := limits.Source(query)
	if err != nil {
		return readDocument{}, gqlerror.List{wrap(err)}
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, limits.Tokens)
	if err != nil {
		return readDocument{}, coded(errcode.ParseFailed, err)
	}
	if len(doc.Operations) == 0 {
		return readDocument{}, coded(errcode.ValidationFailed, gqlerror.Errorf("no operation provided"))
	}
	if err := limits.Document(doc); err != nil {
		return readDocument{}, gqlerror.List{wrap(err)}
	}
	if errs := validator.ValidateWithRules(e.schema, doc, rules); len(errs) > 0 {
		for _, err := range errs {
			errcode.Set(err, errcode.ValidationFailed)
		}
		return readDocument{}, errs
	}
	return readDocument{doc, len(query) + tokens*bytesOfToken}, nil
}

// newRulesWithoutSuggestions are the rules of validation for those who may not see the schema:
// their errors do not suggest what the caller may have meant.
func newRulesWithoutSuggestions() *rules.Rules {
	r := rules.NewDefaultRules()
	r.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return r
}

func coded(code string, err error) gqlerror.List {
	errs := gqlerror.List{gqlerror.WrapIfUnwrapped(err)}
	errs[0].Err = nil
	errcode.Set(errs[0], code)
	return errs
}

// Parse parses a document of the server's own.
func Parse(text string) (*ast.QueryDocument, error) {
	return parser.ParseQuery(&ast.Source{Input: text})
}
