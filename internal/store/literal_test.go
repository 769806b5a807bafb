package store

import (
	"database/sql"
	"math/rand/v2"
	"strings"
	"testing"

	"cloudapi/internal/dev/pgtest"
)

// TestLiteralsAreTexts: a text written as a literal is read back unchanged, whatever it contains and whatever the session's
// standard_conforming_strings, and no part of it is executed.
func TestLiteralsAreTexts(t *testing.T) {
	pieces := []string{
		"'", `\`, `\'`, "''", "$1", "$$", "--", "/*", "*/", ";", "\n", "\r", "\x01", "E'", `\u0027`, "\u2019", "é", "\U0001F600", "\u00a5", "DROP TABLE t",
		"COMMIT", ")", ",", "x", "%", "{\"a\": 1}",
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	url := pgtest.URL(t)
	for _, conforming := range []string{"on", "off"} {
		db, err := sql.Open("postgres", url+"&standard_conforming_strings="+conforming+"&escape_string_warning=off")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range 300 {
			var text strings.Builder
			for range random.IntN(8) {
				text.WriteString(pieces[random.IntN(len(pieces))])
			}
			literal, err := appendText(nil, text.String())
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := db.QueryRow("SELECT " + string(literal) + "::text").Scan(&got); err != nil || got != text.String() {
				t.Errorf("seed %d, standard_conforming_strings %s: %q came back as %q, %v", seed, conforming, text.String(), got, err)
			}
		}
	}
	if _, err := appendText(nil, "a\x00b"); err == nil {
		t.Error("a text with NUL, which ends a message, is not refused")
	}
}

// TestNegativeLiterals: a minus sign before a literal does not begin a comment.
func TestNegativeLiterals(t *testing.T) {
	if text, err := (&conn{}).appendLiteral([]byte("1 -"), int64(-5)); err != nil || string(text) != "1 -'-5'" {
		t.Errorf("%s, %v", text, err)
	}
}
