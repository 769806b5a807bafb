// Package persisted knows documents by their hashes: those that clients have
// sent before (automatic persisted queries, Apollo's protocol), or only those
// that the operator trusts. A request names one by the extension
// `persistedQuery`, as Apollo's clients do, or by `documentId`, as the appendix
// on persisted documents of GraphQL over HTTP has it.
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

// The codes of Apollo's protocol, and what its clients look for in a message.
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

// Request is what a request says of its document.
type Request struct {
	Query      string
	DocumentID string
	Extensions map[string]any
}

// Documents are the documents that may be named, or used at all. A nil one
// takes only the text of a query.
type Documents struct {
	automatic *lru.Cache[string]
	trusted   map[string]string
	texts     map[string]bool
}

// Automatic returns documents that clients add to, in bounded memory.
func Automatic() *Documents {
	return &Documents{automatic: lru.New[string](keptQueries, keptBytes)}
}

func refuse(code, message string) error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// Resolve returns the text of the document that a request means. Errors are
// gqlerror.Error with a code, or faults.
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

// Keep remembers the document of a request that was executed. What was refused
// is not worth room.
func (d *Documents) Keep(r Request) {
	if d == nil || d.automatic == nil || r.Query == "" {
		return
	}
	if id, err := r.id(); err == nil && id != "" {
		d.automatic.Put(id, r.Query, len(r.Query))
	}
}

// id is what a request names its document by, "" for nothing. A prefix
// "sha256:" is left out.
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
