package transfer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
)

// Item is one object of a source, or the reason why it could not be read.
type Item struct {
	// Where is the location in the source: a line, a file, a call.
	Where  string
	Object Object
	Err    error
}

// Source returns objects one after another. Read fails if it cannot continue.
type Source interface {
	Read(ctx context.Context, give func(Item) error) error
}

// Passwords hashes passwords.
type Passwords interface {
	Hash(ctx context.Context, password secret.Text) (string, error)
}

// Options configures an import.
type Options struct {
	Client *ent.Client
	// Dialect is ent's name of the database.
	Dialect   string
	Passwords Passwords
	// Source is the source's name in the jobs.
	Source string
	// Replace replaces existing objects that differ.
	Replace bool
	// DryRun loads everything in a transaction that is rolled back.
	DryRun bool
	// Verify compares only, and changes nothing.
	Verify bool
	// PortalAccount is the account for domains whose source names none.
	PortalAccount string
	// Report is called for each object that was not imported, or that differs.
	Report func(Entry)
	// Progress is called with the counts so far.
	Progress func(Counts)
}

// Entry is a line of the report.
type Entry struct {
	Where  string `json:"where"`
	Kind   Kind   `json:"type,omitempty"`
	GUID   string `json:"guid,omitempty"`
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// The kinds of entries in the report.
const (
	Refused    = "refused"
	Conflict   = "conflict"
	LinkLost   = "link lost"
	Missing    = "missing"
	Different  = "different"
	Incomplete = "incomplete"
)

// Count has the numbers for the objects of a kind.
type Count struct {
	Read, Created, Replaced, Equal, Conflicts, Refused int
	// Missing and Different are the results of a verification.
	Missing, Different int
	// InDatabase is the number of objects in the database at the end.
	InDatabase int
}

// Counts has the numbers of a run.
type Counts struct {
	Kinds map[Kind]*Count
	// Unreadable counts the objects whose kind is unknown.
	Unreadable int
	// WeakPasswords counts users whose old password violates the rules for new ones, NoPassword users without a password.
	WeakPasswords, NoPassword int
	// NoRole counts users, and NoPortalAccount domains, for which the source has no value.
	NoRole, NoPortalAccount int
	LostLinks               int
}

// Clean reports whether everything was imported, or is equal.
func (c *Counts) Clean() bool {
	bad := c.Unreadable + c.LostLinks
	for _, k := range c.Kinds {
		bad += k.Conflicts + k.Refused + k.Missing + k.Different
	}
	return bad == 0
}

func newCounts() Counts {
	c := Counts{Kinds: map[Kind]*Count{}}
	for _, k := range Kinds() {
		c.Kinds[k] = &Count{}
	}
	return c
}

// A batch is one transaction. It ends when one of these limits is reached.
const (
	batchObjects = 500
	batchRows    = 8000
)

// Loader loads objects.
type Loader struct {
	o      Options
	counts Counts
	batch  []Item
	guids  map[uuid.UUID]bool
	rows   int64
	// removedReferences has the references that were removed from objects of the batch.
	removedReferences map[uuid.UUID][]error
	// deferred has the deferred objects, waiting the guids of those that were deferred when the pass began.
	deferred *spool
	waiting  map[uuid.UUID]bool
	dry      *ent.Tx
}

// Load loads all objects of a source, or compares them. If it fails, the objects loaded before stay, and a repeated run
// continues from there.
func Load(ctx context.Context, s Source, o Options) (Counts, error) {
	l := &Loader{o: o, counts: newCounts(), guids: map[uuid.UUID]bool{}, removedReferences: map[uuid.UUID][]error{}}
	ctx = viewer.SystemContext(ctx)
	err := l.run(ctx, s)
	if l.deferred != nil {
		err = errors.Join(err, l.deferred.close())
	}
	return l.counts, err
}

func (l *Loader) run(ctx context.Context, s Source) (err error) {
	if l.o.DryRun {
		if l.dry, err = l.begin(ctx); err != nil {
			return err
		}
		// A dry run has one transaction as long as its source.
		if l.o.Dialect == "postgres" {
			if _, err := l.dry.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
				return errors.Join(err, l.dry.Rollback())
			}
		}
		defer func() {
			if rolled := l.dry.Rollback(); err == nil && rolled != nil && !errors.Is(rolled, sql.ErrTxDone) {
				err = rolled
			}
		}()
	}
	// A panic of a parser is an error of the source only.
	err = service.Recovered(func() error {
		return readAhead(ctx, s, l.check, func(i Item) error { return l.take(ctx, i) })
	})
	if err != nil {
		return errors.Join(err, l.flush(ctx, deferMissing))
	}
	if err := l.flush(ctx, deferMissing); err != nil {
		return err
	}
	if err := l.loadDeferred(ctx); err != nil {
		return err
	}
	for _, kind := range Kinds() {
		if l.counts.Kinds[kind].InDatabase, err = count(ctx, l.client(), kind); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loader) client() *ent.Client {
	if l.dry != nil {
		return l.dry.Client()
	}
	return l.o.Client
}

func (l *Loader) begin(ctx context.Context) (*ent.Tx, error) { return l.o.Client.Tx(ctx) }

// take adds an object to the batch.
func (l *Loader) take(ctx context.Context, i Item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if i.Object == nil {
		l.counts.Unreadable++
		l.report(i, Refused, i.Err)
		return nil
	}
	k := l.counts.Kinds[i.Object.Kind()]
	k.Read++
	l.countMissing(i.Object)
	if i.Err != nil {
		k.Refused++
		l.report(i, Refused, i.Err)
		return nil
	}
	return l.add(ctx, i, deferMissing)
}

// check converts an object to the form in which it is stored, or returns why it is invalid. It runs concurrently with the
// loading, and accesses nothing else.
func (l *Loader) check(i *Item) {
	if i.Object == nil || i.Err != nil {
		return
	}
	if c, ok := i.Object.(*Customer); ok {
		for n := range c.Domains {
			c.Domains[n].PortalUsername = cmp.Or(c.Domains[n].PortalUsername, l.o.PortalAccount)
		}
	}
	i.Err = i.Object.check()
}

// countMissing counts the values that the source lacks.
func (l *Loader) countMissing(o Object) {
	switch o := o.(type) {
	case *CloudUser:
		if o.Role == "" {
			l.counts.NoRole++
		}
	case *Customer:
		for i := range o.Domains {
			if o.Domains[i].PortalUsername == "" {
				l.counts.NoPortalAccount++
			}
		}
	}
}

func (l *Loader) add(ctx context.Context, i Item, p pass) error {
	id := i.Object.head().GUID
	weight := i.rowCount()
	if l.guids[id] || len(l.batch) == batchObjects || len(l.batch) > 0 && l.rows+weight > batchRows {
		if err := l.flush(ctx, p); err != nil {
			return err
		}
	}
	l.batch, l.rows, l.guids[id] = append(l.batch, i), l.rows+weight, true
	return nil
}

func (l *Loader) report(i Item, what string, reason error) {
	e := Entry{Where: i.Where, What: what, Reason: text(reason)}
	if i.Object != nil {
		e.Kind, e.GUID = i.Object.Kind(), i.Object.head().GUID.String()
	}
	l.o.Report(e)
}

// text returns an error's text without internal details.
func text(err error) string {
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f.Message
	}
	const longest = 500
	said := fmt.Sprint(err)
	if runes := []rune(said); len(runes) > longest {
		said = string(runes[:longest]) + "…"
	}
	return said
}

func now() time.Time { return utc(time.Now()) }
