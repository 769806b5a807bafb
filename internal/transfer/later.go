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
	wanted := map[Kind]map[uuid.UUID]bool{}
	for _, i := range some {
		for _, l := range i.Object.links() {
			if wanted[l.to] == nil {
				wanted[l.to] = map[uuid.UUID]bool{}
			}
			wanted[l.to][l.id] = true
		}
	}
	there := map[uuid.UUID]bool{}
	for kind, ids := range wanted {
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
				there[id] = true
			}
		}
	}
	return there, nil
}

// resolve examines the references of an object. It returns false if a referenced object comes later in the same batch.
func (a *attempt) resolve(v *verdict, there, among map[uuid.UUID]bool) bool {
	for _, l := range v.item.Object.links() {
		switch {
		case there[l.id]:
		case among[l.id] && !a.l.o.Verify:
			return false
		case a.pass == wait, a.pass == settle && a.l.waiting[l.id]:
			v.aside = true
			return true
		case l.drop != nil:
			l.drop()
			id := v.item.Object.head().GUID
			a.l.lost[id] = append(a.l.lost[id], fmt.Errorf("the %s %s is not there", l.to, l.id))
		case !a.l.o.Verify:
			v.what, v.reason, v.count = Refused, fmt.Errorf("its %s %s is not there", l.to, l.id), refused
			return true
		}
	}
	return true
}

// apply counts and reports the results of objects.
func (l *Loader) apply(all []verdict) error {
	for _, v := range all {
		if v.aside {
			if err := l.putAside(v.item); err != nil {
				return err
			}
			continue
		}
		v.count(l.counts.Kinds[v.item.Object.Kind()])
		if v.what != "" {
			l.report(v.item, v.what, v.reason)
		}
		id := v.item.Object.head().GUID
		for _, reason := range l.lost[id] {
			l.counts.LostLinks++
			l.report(v.item, LinkLost, reason)
		}
		delete(l.lost, id)
		if u, ok := v.item.Object.(*CloudUser); ok && v.fresh {
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

// gentlePasses is how many passes break one circle of references at a time; after them all circles are broken at once.
const gentlePasses = 100

// later loads the objects that waited for others.
func (l *Loader) later(ctx context.Context) error {
	p := settle
	for gentle := 0; l.aside != nil; {
		before := l.aside
		l.aside, l.waiting = nil, before.ids
		n := 0
		err := before.each(func(i Item) error {
			of := settle
			if p == force && (n == 0 || gentle > gentlePasses) {
				of = force
			}
			n++
			if err := l.add(ctx, i, of); err != nil || of != force || gentle > gentlePasses {
				return err
			}
			return l.flush(ctx, force)
		})
		if err == nil {
			err = l.flush(ctx, p)
		}
		if err = errors.Join(err, before.close()); err != nil {
			return err
		}
		progress := l.aside == nil || len(l.aside.ids) < len(before.ids)
		if p = settle; !progress {
			p = force
			gentle++
		}
	}
	return nil
}

func (l *Loader) putAside(i Item) (err error) {
	if l.aside == nil {
		if l.aside, err = newSpool(); err != nil {
			return err
		}
	}
	return l.aside.put(i)
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
	have, err := stored(ctx, l.client(), KindCloudUser, ids)
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
