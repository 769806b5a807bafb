package conformance_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// shrink returns the smallest variant that still fails.
func shrink[T any](failing T, smaller func(T) []T, fails func(T) bool) T {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		at := slices.IndexFunc(smaller(failing), fails)
		if at < 0 {
			break
		}
		failing = smaller(failing)[at]
	}
	return failing
}

// smaller returns simpler variants of a request.
func (r request) smaller() []request {
	var all []request
	for _, name := range slices.Sorted(maps.Keys(r.args)) {
		without := r.clone()
		delete(without.args, name)
		all = append(all, without)
		if r.variables[name] {
			written := r.clone()
			delete(written.variables, name)
			all = append(all, written)
		}
		for _, value := range smallerValues(r.args[name]) {
			other := r.clone()
			other.args[name] = value
			all = append(all, other)
		}
	}
	return all
}

// smallerValues returns simpler variants of a filter.
func smallerValues(value any) []any {
	var all []any
	switch v := value.(type) {
	case map[string]any:
		if v["field"] != nil {
			return nil // an order
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			without := maps.Clone(v)
			delete(without, name)
			all = append(all, without)
			for _, inner := range smallerValues(v[name]) {
				other := maps.Clone(v)
				other[name] = inner
				all = append(all, other)
			}
		}
	case []any:
		for i := range v {
			all = append(all, slices.Delete(slices.Clone(v), i, i+1))
			for _, inner := range smallerValues(v[i]) {
				other := slices.Clone(v)
				other[i] = inner
				all = append(all, other)
			}
		}
	}
	return all
}

func pick[T any](rnd *rand.Rand, all []T) T { return all[rnd.IntN(len(all))] }
