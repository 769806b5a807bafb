package fastread

import "cloudapi/ent"

// steps collects the steps of a level.
type steps struct {
	done    []step
	pending string // the text before the next step
	// owner is the level whose rows the steps write. descended means that rows of lower levels have been read before the next step.
	owner     *level
	descended bool
}

func (s *steps) text(text string) { s.pending += text }

func (s *steps) add(one step) {
	one.before, s.pending = s.pending, ""
	s.done = append(s.done, one)
}

// value adds a step that writes a value of the owner's row.
func (s *steps) value(o op, at slot) {
	if s.descended {
		s.owner.saves(at)
	}
	s.add(step{op: o, slot: at, late: s.descended})
}

// below adds a step that reads the rows of a level below the owner's.
func (s *steps) below(one step) {
	s.owner.below = append(s.owner.below, one.level)
	s.descended = true
	s.add(one)
}

func (s *steps) end() []step {
	if s.pending != "" {
		s.add(step{op: opNothing})
	}
	return s.done
}

// saves notes a value that is written after rows of lower levels.
func (l *level) saves(at slot) {
	for _, saved := range l.late {
		if saved == at {
			return
		}
	}
	l.late = append(l.late, at)
}

// position adds a step that writes the cursor of the owner's row: its guid and the values of the order.
func (s *steps) position() {
	if s.descended {
		s.owner.saves(s.owner.id())
		for _, at := range s.owner.page.order {
			s.owner.saves(at)
		}
	}
	s.add(step{op: opCursor, level: s.owner, late: s.descended})
}

// id returns the slot of the guid.
func (l *level) id() slot { return l.plain("id", ent.KindUUID) }

// plain returns the slot of a column of the table.
func (l *level) plain(name string, kind ent.Kind) slot {
	return l.slot(name, column{name: name, kind: kind})
}

// slot returns the slot of a value. A value that is selected several times has one slot.
func (l *level) slot(key string, c column) slot {
	if found, ok := l.slots[key]; ok {
		return found
	}
	c.slot = slot{uuid: c.kind == ent.KindUUID, n: l.texts}
	if c.slot.uuid {
		c.slot.n = l.uuids
		l.uuids++
	} else {
		l.texts++
	}
	l.slots[key] = c.slot
	l.columns = append(l.columns, c)
	return c.slot
}
