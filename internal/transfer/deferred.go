package transfer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"

	"cloudapi/internal/password"
)

// linked returns which of the referenced objects exist.
func (a *attempt) linked(ctx context.Context, some []Item) (map[uuid.UUID]bool, error) {
	needed := map[Kind]map[uuid.UUID]bool{}
	for _, i := range some {
		for _, l := range i.Object.links() {
			if needed[l.to] == nil {
				needed[l.to] = map[uuid.UUID]bool{}
			}
			needed[l.to][l.id] = true
		}
	}
	present := map[uuid.UUID]bool{}
	for kind, ids := range needed {
		list := make([]uuid.UUID, 0, len(ids))
		for id := range ids {
			list = append(list, id)
		}
		for len(list) > 0 {
			some := list[:min(len(list), batchObjects)]
			list = list[len(some):]
			found, err := existing(ctx, a.tx, kind, some)
			if err != nil {
				return nil, err
			}
			for _, id := range found {
				present[id] = true
			}
		}
	}
	return present, nil
}

// resolve examines the references of an object. It returns false if a referenced object comes later in the same batch.
func (a *attempt) resolve(v *outcome, present, inBatch map[uuid.UUID]bool) bool {
	for _, l := range v.item.Object.links() {
		switch {
		case present[l.id]:
		case inBatch[l.id] && !a.l.o.Verify:
			return false
		case a.pass == deferMissing, a.pass == dropMissing && a.l.waiting[l.id]:
			v.deferred = true
			return true
		case l.drop != nil:
			l.drop()
			id := v.item.Object.head().GUID
			a.l.removedReferences[id] = append(a.l.removedReferences[id], fmt.Errorf("the %s %s is not there", l.to, l.id))
		case !a.l.o.Verify:
			v.kind, v.reason, v.count = Refused, fmt.Errorf("its %s %s is not there", l.to, l.id), countRefused
			return true
		}
	}
	return true
}

// apply counts and reports the results of objects.
func (l *Loader) apply(all []outcome) error {
	for _, v := range all {
		if v.deferred {
			if err := l.deferItem(v.item); err != nil {
				return err
			}
			continue
		}
		v.count(l.counts.Kinds[v.item.Object.Kind()])
		if v.kind != "" {
			l.report(v.item, v.kind, v.reason)
		}
		id := v.item.Object.head().GUID
		for _, reason := range l.removedReferences[id] {
			l.counts.LostLinks++
			l.report(v.item, LinkLost, reason)
		}
		delete(l.removedReferences, id)
		if u, ok := v.item.Object.(*CloudUser); ok && v.created {
			if u.PasswordIsWeak {
				l.counts.WeakPasswords++
			}
			if u.PasswordHash == "" {
				l.counts.NoPassword++
			}
		}
	}
	return nil
}

// maxSingleDrops is how many passes break one cycle of references at a time. After them all cycles are broken at once.
const maxSingleDrops = 100

// loadDeferred loads the objects that refer to others which came later in the source.
func (l *Loader) loadDeferred(ctx context.Context) error {
	p := dropMissing
	for gentle := 0; l.deferred != nil; {
		before := l.deferred
		l.deferred, l.waiting = nil, before.ids
		n := 0
		err := before.each(func(i Item) error {
			of := dropMissing
			if p == dropAll && (n == 0 || gentle > maxSingleDrops) {
				of = dropAll
			}
			n++
			if err := l.add(ctx, i, of); err != nil || of != dropAll || gentle > maxSingleDrops {
				return err
			}
			return l.flush(ctx, dropAll)
		})
		if err == nil {
			err = l.flush(ctx, p)
		}
		if err = errors.Join(err, before.close()); err != nil {
			return err
		}
		progress := l.deferred == nil || len(l.deferred.ids) < len(before.ids)
		if p = dropMissing; !progress {
			p = dropAll
			gentle++
		}
	}
	return nil
}

func (l *Loader) deferItem(i Item) (err error) {
	if l.deferred == nil {
		if l.deferred, err = newSpool(); err != nil {
			return err
		}
	}
	return l.deferred.put(i)
}

// spool stores objects in an unnamed file. It has no passwords, because users refer to nothing.
type spool struct {
	file *os.File
	out  *bufio.Writer
	ids  map[uuid.UUID]bool
}

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", "cloudapi-import-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	// If an open file cannot be removed, close removes it.
	_ = os.Remove(file.Name())
	return &spool{file: file, out: bufio.NewWriter(file), ids: map[uuid.UUID]bool{}}, nil
}

// spooled is a line of the spool.
type spooled struct {
	Where  string
	Coarse bool
	Line   json.RawMessage
}

func (s *spool) put(i Item) error {
	line, err := appendLine(nil, i.Object)
	if err != nil {
		return err
	}
	h := i.Object.head()
	s.ids[h.GUID] = true
	return json.NewEncoder(s.out).Encode(spooled{Where: i.Where, Coarse: h.Coarse, Line: line})
}

func (s *spool) each(give func(Item) error) error {
	if err := s.out.Flush(); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for d := json.NewDecoder(bufio.NewReader(s.file)); ; {
		var kept spooled
		if err := d.Decode(&kept); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		o, err := parseLine(kept.Line)
		if err != nil {
			return err
		}
		o.head().Coarse = kept.Coarse
		if err := o.check(); err != nil {
			return err
		}
		if err := give(Item{Where: kept.Where, Object: o}); err != nil {
			return err
		}
	}
}

func (s *spool) close() error {
	err := s.file.Close()
	_ = os.Remove(s.file.Name())
	return err
}

// hash hashes the passwords of users that do not exist yet, or that the import replaces, before the transaction begins.
func (l *Loader) hash(ctx context.Context, some []Item) error {
	var users []*CloudUser
	var ids []uuid.UUID
	for _, i := range some {
		if u, ok := i.Object.(*CloudUser); ok && u.password.Reveal() != "" {
			users, ids = append(users, u), append(ids, u.GUID)
		}
	}
	if len(users) == 0 {
		return nil
	}
	have, err := readStored(ctx, l.client(), KindCloudUser, ids)
	if err != nil {
		return err
	}
	return l.hashAll(ctx, users, have)
}

// needsHash reports whether a user's password is needed. It is not compared with the existing one, which may be newer.
func (l *Loader) needsHash(u *CloudUser, have Object) bool {
	if have == nil {
		return !l.o.Verify
	}
	copied := *u
	copied.merge(have)
	return l.o.Replace && !l.o.Verify && !equal(&copied, have)
}

func weak(u *CloudUser) bool { return password.Check("password", u.password) != nil }
