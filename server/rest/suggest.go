package rest

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// suggest returns the parameter that was probably meant by an unknown name, "" for none: the most similar one, or the
// method's only parameter that is a guid too (customerguid for rootobjectguid).
func (m *Method) suggest(name string) string {
	lower, best, distance := strings.ToLower(name), "", len(name)/3+1
	guids := []string{}
	for _, p := range m.Parameters {
		if d := levenshtein.ComputeDistance(lower[:min(len(lower), 64)], p.Name); d < distance {
			best, distance = p.Name, d
		}
		if p.Name != JobAlias && strings.HasSuffix(p.Name, "guid") {
			guids = append(guids, p.Name)
		}
	}
	if best == "" && len(guids) == 1 && strings.HasSuffix(lower, "guid") {
		best = guids[0]
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
