// Package domainname converts domain names to the canonical form in which they are stored and compared (CONTRACT.md, 5).
package domainname

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"cloudapi/internal/fault"
)

// maxLength is the maximum length of a name without the trailing dot (RFC 1035, 2.3.4).
const maxLength = 253

// Canonical returns the canonical form of a name: IDNA A-labels, lower case, no trailing dot. A name must have at least two
// labels, because registrars sell names below a top-level domain. Other texts are a fault of the field "domain".
func Canonical(name string) (string, error) {
	profile := idna.New(
		idna.MapForLookup(),
		idna.BidiRule(),
		idna.StrictDomainName(true),
		idna.ValidateLabels(true),
		idna.VerifyDNSLength(true),
	)
	trimmed := strings.TrimSuffix(strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".").Replace(name), ".")
	ascii, err := profile.ToASCII(trimmed)
	if err != nil {
		return "", refuse(name).Because(err)
	}
	if _, err := netip.ParseAddr(ascii); err == nil || len(ascii) > maxLength || !strings.Contains(ascii, ".") {
		return "", refuse(name)
	}
	// A top-level domain is never a number (RFC 3696, 2): a name that ends in one is an IP address.
	top := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if strings.Trim(top, "0123456789") == "" {
		return "", refuse(name)
	}
	return ascii, nil
}

func refuse(name string) *fault.Fault {
	const shown = 80
	if runes := []rune(name); len(runes) > shown {
		name = string(runes[:shown]) + "…"
	}
	return fault.New(fault.Invalid, "domain %q is not a valid domain name", name).On("domain")
}
