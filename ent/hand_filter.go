package ent

import "entgo.io/ent/dialect/sql"

// always is the condition of an empty filter.
func always(s *sql.Selector) { s.Where(sql.ExprP("TRUE")) }

// never is the condition of an empty list of alternatives.
func never(s *sql.Selector) { s.Where(sql.False()) }

// either returns one of two conditions.
func either[P ~func(*sql.Selector)](first bool, yes, no P) P {
	if first {
		return yes
	}
	return no
}

// join joins conditions by And or Or. It returns none if there are no conditions.
func join[P ~func(*sql.Selector)](all []P, by func(...P) P, none P) P {
	switch len(all) {
	case 0:
		return none
	case 1:
		return all[0]
	}
	return by(all...)
}
