package graphqlhttp

import (
	"mime"
	"strconv"
	"strings"
)

// negotiate chooses the media type of an answer (RFC 9110, 12.5.1): the one with the highest weight, the newer of two
// equals. Without an Accept header it is application/json, for older clients.
func negotiate(accept []string) (string, bool) {
	header := strings.Join(accept, ",")
	if strings.TrimSpace(header) == "" {
		return typeJSON, true
	}
	ranges := parseAccept(header)
	newer, older := weight(ranges, typeGraphQL), weight(ranges, typeJSON)
	switch {
	case newer <= 0 && older <= 0:
		return typeJSON, false
	case newer > older, newer == older && named(ranges, typeGraphQL):
		return typeGraphQL, true
	default:
		return typeJSON, true
	}
}

type mediaRange struct {
	media string
	q     float64
}

func parseAccept(text string) []mediaRange {
	var ranges []mediaRange
	for part := range strings.SplitSeq(text, ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		r := mediaRange{media: media, q: 1}
		if text, ok := params["q"]; ok {
			if q, err := strconv.ParseFloat(text, 64); err == nil && q >= 0 && q <= 1 {
				r.q = q
			}
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// weight returns the weight of the most specific range that includes media, -1 for none.
func weight(ranges []mediaRange, media string) float64 {
	for _, pattern := range []string{media, "application/*", "*/*"} {
		for _, r := range ranges {
			if r.media == pattern {
				return r.q
			}
		}
	}
	return -1
}

func named(ranges []mediaRange, media string) bool {
	for _, r := range ranges {
		if r.media == media {
			return true
		}
	}
	return false
}
