package engine

import (
	"context"
	"hash/maphash"

	"github.com/99designs/gqlgen/graphql/errcode"
	recent "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"cloudapi/internal/fault"
	"cloudapi/internal/lru"
	"cloudapi/internal/viewer"
	"cloudapi/server/limit"
)

const (
	// maxDocuments is the maximum number of cached documents.
	maxDocuments = 1000
	// maxDocumentBytes bounds the cache's estimated memory, in bytes.
	maxDocumentBytes = 32 << 20
	// tokenMemory is the estimated memory of one token of a parsed document, in bytes.
	tokenMemory = 128
)

// documentCache caches validated documents: the server's own permanently, clients' in an LRU cache.
type documentCache struct {
	lru    *lru.Cache[*ast.QueryDocument]
	pinned map[string]*ast.QueryDocument
	// seen has the hashes of the last documents that were sent; see seenBefore.
	seen *recent.Cache[uint64, struct{}]
	seed maphash.Seed
}

// maxSeen is the size of seen.
const maxSeen = 8192

func newDocumentCache() *documentCache {
	// recent.New fails only for a size that is not positive.
	seen, _ := recent.New[uint64, struct{}](maxSeen)
	return &documentCache{
		seen: seen, seed: maphash.MakeSeed(),
		lru:    lru.New[*ast.QueryDocument](maxDocuments, maxDocumentBytes),
		pinned: map[string]*ast.QueryDocument{},
	}
}

func (d *documentCache) get(query string) (*ast.QueryDocument, bool) {
	if doc, ok := d.pinned[query]; ok {
		return doc, true
	}
	return d.lru.Get(query)
}

type documentKey struct{}

// Get returns the document that the engine has already parsed. It implements graphql.Cache.
func (d *documentCache) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*ast.QueryDocument)
	return doc, ok
}

// Add does nothing, because the executor parses nothing itself. It implements graphql.Cache.
func (d *documentCache) Add(context.Context, string, *ast.QueryDocument) {}

// seenBefore reports whether a document was sent before. Only then it is cached: documents that contain a different
// value each time never repeat.
func (d *documentCache) seenBefore(query string) bool {
	sum := maphash.String(d.seed, query)
	before, _ := d.seen.ContainsOrAdd(sum, struct{}{})
	return before
}

// document returns the validated document of a query, and the values of the variables that replace its guids.
func (e *Engine) document(ctx context.Context, query string) (*ast.QueryDocument, map[string]any, gqlerror.List) {
	if _, own := e.docs.pinned[query]; !own && viewer.FromContext(ctx) != nil {
		if doc, values := e.liftedDocument(query); doc != nil {
			return doc, values, nil
		}
	}
	doc, errs := e.parseAsSent(ctx, query)
	return doc, nil, errs
}

// parseAsSent returns the validated document of a query, without replacing its guids.
func (e *Engine) parseAsSent(ctx context.Context, query string) (*ast.QueryDocument, gqlerror.List) {
	caller := viewer.FromContext(ctx)
	public := caller == nil && !e.introspect(nil)
	if doc, ok := e.docs.get(query); ok && !public {
		return doc, nil
	}
	doc, tokens, errs := e.parse(query, e.limits)
	if len(errs) > 0 && ctx.Value(invalidTokenKey{}) != nil {
		return nil, gqlerror.List{gqlError(fault.AuthenticationFailed())}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	if public && !isPublic(doc) {
		// A caller who is not signed in gets no validation errors.
		return nil, gqlerror.List{gqlError(fault.AuthenticationFailed())}
	}
	rules := e.rulesWithoutSuggestions
	if e.introspect(caller) {
		rules = e.rulesWithSuggestions
	}
	if errs := e.validate(doc, rules); len(errs) > 0 {
		if public {
			errs = coded(errcode.ValidationFailed, gqlerror.Errorf("The document is not valid; callers who are signed in learn why"))
		}
		return nil, errs
	}
	if e.docs.seenBefore(query) {
		e.docs.lru.Put(query, doc, len(query)+tokens*tokenMemory)
	}
	return doc, nil
}

// parse parses a query and checks it against the limits.
func (e *Engine) parse(query string, limits limit.Limits) (doc *ast.QueryDocument, tokens int, errs gqlerror.List) {
	tokens, err := limits.Source(query)
	if err != nil {
		return nil, 0, gqlerror.List{gqlError(err)}
	}
	doc, err = parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, limits.Tokens)
	if err != nil {
		return nil, 0, coded(errcode.ParseFailed, err)
	}
	if len(doc.Operations) == 0 {
		return nil, 0, coded(errcode.ValidationFailed, gqlerror.Errorf("no operation provided"))
	}
	if err := limits.Document(doc); err != nil {
		return nil, 0, gqlerror.List{gqlError(err)}
	}
	return doc, tokens, nil
}

func (e *Engine) validate(doc *ast.QueryDocument, rules *rules.Rules) gqlerror.List {
	errs := validator.ValidateWithRules(e.schema, doc, rules)
	for _, err := range errs {
		errcode.Set(err, errcode.ValidationFailed)
	}
	return errs
}

// newRulesWithoutSuggestions returns the validation rules for callers who may not see the schema: the errors contain no
// suggestions of similar names.
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

// Parse parses one of the server's own documents.
func Parse(text string) (*ast.QueryDocument, error) {
	return parser.ParseQuery(&ast.Source{Input: text})
}
