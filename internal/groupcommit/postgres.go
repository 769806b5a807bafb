package groupcommit

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/store"
)

// member is a change in a group.
type member struct {
	ctx     context.Context
	change  Change
	run     bool  // it was in a group
	outcome error // nil when it is committed

	tx         *tx
	segment    []store.Statement // to be sent next
	reply      chan reply        // the results
	hasWritten bool              // it has changed something in the transaction
	ended      bool              // the work has returned
	failed     error             // the work's error, or the reason for leaving the group
}

type reply struct {
	set store.ResultSet
	err error
}

// group is the changes that share a transaction on PostgreSQL. A member runs until it arrives: it needs the result of its
// segment, or has ended. When all have arrived their segments are sent.
type group struct {
	committer *Committer
	session   *store.Session
	arrived   chan struct{}
	members   []*member
	begun     bool // the first segments were sent, and their results received
}

// runConcurrently makes the changes of a group on PostgreSQL.
func (c *Committer) runConcurrently(ctx context.Context, all []*member) {
	session, err := c.store.Session(ctx)
	if err != nil {
		return
	}
	defer session.Close(ctx)
	g := &group{committer: c, session: session, arrived: make(chan struct{}, len(all)), members: slices.Clone(all)}
	// Groups of different servers lock rows in the same order.
	slices.SortStableFunc(g.members, func(a, b *member) int { return bytes.Compare(a.change.Key[:], b.change.Key[:]) })
	for _, m := range g.members {
		g.start(ctx, m)
	}
	g.wait(len(g.members))
	for g.round(ctx) {
	}
}

// start runs the work of a member on its own goroutine.
func (g *group) start(ctx context.Context, m *member) {
	m.reply = make(chan reply, 1)
	m.tx = &tx{store: g.committer.store, ctx: m.ctx, send: func(statements []store.Statement) (store.ResultSet, error) {
		if m.failed != nil {
			return store.ResultSet{}, m.failed
		}
		m.segment = statements
		g.arrived <- struct{}{}
		r := <-m.reply
		return r.set, r.err
	}}
	own := store.WithTx(memberContext{Context: ctx, values: m.ctx}, m.tx)
	service.Start(func() error {
		err := service.Recovered(func() error { return m.change.Work(own) })
		if m.failed == nil {
			m.failed = err
		}
		m.ended, m.segment = true, m.tx.pending
		if n := len(m.segment); n > 0 {
			m.segment[n-1].Query += " RETURNING 1" // each segment returns rows once
		}
		g.arrived <- struct{}{}
		return nil
	})
}

// wait waits until n members have arrived.
func (g *group) wait(n int) {
	for range n {
		<-g.arrived
	}
}

// round sends the segments of all members, and lets the members continue. It reports whether the group continues.
func (g *group) round(ctx context.Context) bool {
	for _, m := range slices.Clone(g.members) {
		switch {
		case !m.ended || m.failed == nil:
		case m.hasWritten:
			return g.end(errNotGrouped)
		default:
			g.remove(m, errNotGrouped)
		}
	}
	if len(g.members) == 0 {
		return false
	}
	script := store.Script{Begins: !g.begun, LockTimeout: g.committer.o.LockTimeout, Commits: true}
	var sent []*member
	for _, m := range g.members {
		script.Commits = script.Commits && m.ended
		if len(m.segment) > 0 {
			sent = append(sent, m)
			script.Statements = append(script.Statements, m.segment...)
		}
	}
	sets, err := g.session.Run(ctx, script)
	switch {
	case err == nil && script.Commits:
		return g.end(nil)
	case err == nil:
		g.resume(sent, sets)
		return true
	case isServerError(err) && len(sets) < len(sent):
		g.remove(sent[len(sets)], removalReason(err))
		if g.begun {
			return g.end(errNotGrouped) // the changes of the others are lost
		}
		g.session.Rollback(ctx)
		return true
	case script.Commits && !isServerError(err) && !errors.Is(err, store.ErrNotSent):
		return g.end(err)
	default:
		return g.end(errNotGrouped)
	}
}

// resume passes the members their results.
func (g *group) resume(sent []*member, sets []store.ResultSet) {
	g.begun = true
	running := 0
	for i, m := range sent {
		m.hasWritten = m.hasWritten || len(m.segment) > 1 || len(sets[i].Rows) > 0
		if m.segment = nil; !m.ended {
			running++
			m.reply <- reply{set: sets[i]}
		}
	}
	g.wait(running)
}

// remove removes a member.
func (g *group) remove(m *member, reason error) {
	g.members = slices.DeleteFunc(g.members, func(other *member) bool { return other == m })
	m.outcome = reason
	g.release(m, reason)
}

// end ends the group, and passes its members their outcomes.
func (g *group) end(outcome error) bool {
	for _, m := range g.members {
		m.outcome = outcome
		g.release(m, outcome)
	}
	return false
}

// release ends the wait of a member.
func (g *group) release(m *member, reason error) {
	if !m.ended {
		m.failed = reason
		m.reply <- reply{err: reason}
		g.wait(1)
	}
	m.tx.endPending(reason)
}

// isServerError reports whether an error is an answer of a running database: then the transaction has changed nothing.
func isServerError(err error) bool {
	answer, ok := errors.AsType[*pq.Error](err)
	return ok && !fault.Is(store.Fault(answer), fault.Unavailable)
}

// why returns why a member must leave.
func removalReason(err error) error {
	if answer, ok := errors.AsType[*pq.Error](err); ok && answer.Code == pqerror.LockNotAvailable {
		return errLocked
	}
	return errNotGrouped
}

// runSingle makes a change in its own transaction, with fewer round trips than in the ordinary way. If the error may be that of
// a statement that was kept back, the change is made in the ordinary way, in which the work gets the error where it expects
// it.
func (c *Committer) runSingle(ctx context.Context, change Change) error {
	session, err := c.store.Session(ctx)
	if err != nil {
		return errNotGrouped
	}
	defer session.Close(ctx)
	begun, ordinary := false, false
	t := &tx{store: c.store, ctx: ctx, reads: true}
	t.send = func(statements []store.Statement) (set store.ResultSet, err error) {
		sets, err := session.Run(ctx, store.Script{Begins: !begun, Statements: statements})
		if err != nil {
			ordinary = ordinary || len(statements) > 1 || !begun && !isServerError(err)
			return set, err
		}
		begun = true
		return sets[0], nil
	}
	err = service.Recovered(func() error { return change.Work(store.WithTx(ctx, t)) })
	switch {
	case ordinary:
		return errNotGrouped
	case err != nil:
		return err
	}
	_, err = session.Run(ctx, store.Script{Begins: !begun, Statements: t.pending, Commits: true})
	t.endPending(err)
	if err != nil && len(t.pending) > 0 && isServerError(err) {
		return errNotGrouped
	}
	return err
}
