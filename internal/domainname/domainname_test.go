package domainname_test

import (
	"strings"
	"testing"

	"cloudapi/internal/domainname"
	"cloudapi/internal/fault"
)

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"example.com":           "example.com",
		"EXAMPLE.Com":           "example.com",
		"example.com.":          "example.com",
		"bücher.example":        "xn--bcher-kva.example",
		"BÜCHER.example":        "xn--bcher-kva.example",
		"bu\u0308cher.example":  "xn--bcher-kva.example",
		"faß.example":           "xn--fa-hia.example",
		"例え。テスト":                "xn--r8jz45g.xn--zckzah",
		"ｅｘａｍｐｌｅ.com":           "example.com",
		"xn--bcher-kva.example": "xn--bcher-kva.example",
		"a-b.example":           "a-b.example",
		"1.example":             "1.example",
	} {
		got, err := domainname.Canonical(name)
		if err != nil || got != want {
			t.Errorf("Canonical(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "com", "example..com", ".example.com", "exam ple.com", "exam_ple.com",
		"-a.example", "a-.example", "127.0.0.1", "[::1]", "::1", "1.2.3", "example.com..",
		"xn--a.example", "a/b.example", "a\x00.example", "http://example.com",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 127) + "example",
	} {
		if got, err := domainname.Canonical(name); !fault.Is(err, fault.Invalid) {
			t.Errorf("Canonical(%q) = %q, %v; want it refused", name, got, err)
		}
	}
}
