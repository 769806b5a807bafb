package engine

import (
	"strings"
	"testing"
)

const someGUID = "0190f3a2-1B2c-7abc-8def-0123456789ab"

func TestLift(t *testing.T) {
	literal, first, second := `"`+someGUID+`"`, "$"+liftedName(0), "$"+liftedName(1)
	for query, want := range map[string]string{
		`{ customer(id: ` + literal + `) { id } }`:                       `{ customer(id: ` + first + `) { id } }`,
		`{ nodes(ids: [` + literal + `,` + literal + `]) { id } }`:       `{ nodes(ids: [` + first + `,` + second + `]) { id } }`,
		`{ a(name: "x") b(id: ` + literal + `) }`:                        `{ a(name: "x") b(id: ` + first + `) }`,
		`{ a(name: "` + someGUID + `x") }`:                               "",
		`{ a(name: "\"` + someGUID + `") }`:                              "",
		`{ a(name: """` + someGUID + `""") }`:                            "",
		`{ a(name: "") b(id: "0190f3a2-1b2c-7abc-8def-0123456789ag") }`:  "",
		`{ a(id: $liftedGuid0) b(id: ` + literal + `) }`:                 "",
		`{ a(ids: [` + strings.Repeat(literal+",", maxLifted+1) + `]) }`: "",
	} {
		got, values := lift(query)
		if want == "" {
			if len(values) > 0 || got != query {
				t.Errorf("%s became %s", query, got)
			}
			continue
		}
		if got != want || len(got) != len(query) || values[liftedName(0)] != someGUID {
			t.Errorf("%s became %s with %v, want %s", query, got, values, want)
		}
	}
}

func TestDocumentsAreKeptWhenTheyComeAgain(t *testing.T) {
	d := newDocumentCache()
	for _, text := range []string{"a", "b"} {
		if d.seenBefore(text) || !d.seenBefore(text) {
			t.Errorf("%s did not come once, then again", text)
		}
	}
}
