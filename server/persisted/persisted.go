// Package persisted maps hashes to documents: documents that clients have sent before (automatic persisted queries, Apollo's
// protocol), or a fixed list that the operator trusts. A request names a document by the extension `persistedQuery`, as
// Apollo's clients do, or by `documentId`, as the appendix on persisted documents of GraphQL over HTTP defines it.
package persisted

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/fault"
	"cloudapi/internal/lru"
)

// The codes of Apollo's protocol, and the texts that its clients search for in a message.
const (
	CodeNotFound     = "PERSISTED_QUERY_NOT_FOUND"
	CodeNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED"
	CodeNotTrusted   = "DOCUMENT_NOT_TRUSTED"

	notFound     = "PersistedQueryNotFound"
	notSupported = "PersistedQueryNotSupported"
)

const (
	keptQueries = 10_000
	keptBytes   = 8 << 20
)

// Request is the part of a request that names its document.
type Request struct {
	Query      string
	DocumentID string
	Extensions map[string]any
}

// Documents has the named documents, and reports whether others are allowed. A nil one accepts only full texts.
type Documents struct {
	automatic *lru.Cache[string]
	trusted   map[string]string
	texts     map[string]bool
}

// Automatic returns an empty store that clients add documents to. Its memory is bounded.
func Automatic() *Documents {
	return &Documents{automatic: lru.New[string](keptQueries, keptBytes)}
}

func refuse(code, message string) error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// Resolve returns the text of a request's document. An error is a gqlerror.Error with a code, or a fault.
func (d *Documents) Resolve(r Request) (string, error) {
	id, err := r.id()
	if err != nil {
		return "", err
	}
	switch {
	case d == nil && id != "" && r.Query == "":
		return "", refuse(CodeNotSupported, notSupported)
	case d == nil:
		return r.Query, nil
	case d.trusted != nil:
		return d.trustedText(id, r.Query)
	case id == "":
		return r.Query, nil
	case r.Query == "":
		text, ok := d.automatic.Get(id)
		if !ok {
			return "", refuse(CodeNotFound, notFound)
		}
		return text, nil
	case hash(r.Query) != id:
		return "", fault.New(fault.Invalid, "The hash is not that of the query").On("extensions")
	}
	return r.Query, nil
}

// Keep stores the document of an executed request. Documents of rejected requests are not stored.
func (d *Documents) Put(r Request) {
	if d == nil || d.automatic == nil || r.Query == "" {
		return
	}
	if id, err := r.id(); err == nil && id != "" {
		d.automatic.Put(id, r.Query, len(r.Query))
	}
}

// id returns the hash in a request, without the prefix "sha256:"; "" for none.
func (r Request) id() (string, error) {
	id := strings.TrimPrefix(r.DocumentID, "sha256:")
	extension, ok := r.Extensions["persistedQuery"]
	if !ok || extension == nil {
		return id, nil
	}
	fields, ok := extension.(map[string]any)
	if !ok {
		return "", malformed()
	}
	named, ok := fields["sha256Hash"].(string)
	if !ok || named == "" {
		return "", malformed()
	}
	if version, ok := fields["version"].(json.Number); !ok || version != "1" {
		return "", fault.New(fault.Invalid, "The version of persistedQuery must be 1").On("extensions")
	}
	named = strings.ToLower(named)
	if id != "" && id != named {
		return "", fault.New(fault.Invalid, "documentId and persistedQuery name different documents").On("documentId")
	}
	return named, nil
}

func malformed() error {
	return fault.New(fault.Invalid, "persistedQuery must be an object with version and sha256Hash").On("extensions")
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
