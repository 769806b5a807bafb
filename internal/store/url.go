package store

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"cloudapi/internal/fault"
)

// The dialects, by ent's names.
const (
	postgres = "postgres"
	sqlite   = "sqlite3"
)

// address is a parsed database URL.
type address struct {
	dialect string
	path    string    // of the SQLite file, or memory
	config  pq.Config // of PostgreSQL
}

// memory is the path for a temporary database that is deleted with the store.
const memory = ":memory:"

// parse parses a database URL. Its errors never quote the URL, which may contain a password.
func parse(text string) (address, error) {
	scheme, rest, found := strings.Cut(text, "://")
	switch {
	case !found:
		return address{}, fault.New(fault.Invalid, "The database URL must begin with postgres:// or sqlite://.")
	case scheme == "postgres" || scheme == "postgresql":
		config, err := parsePostgres(rest)
		return address{dialect: postgres, config: config}, err
	case scheme == "sqlite":
		path, err := parseSQLite(rest)
		return address{dialect: sqlite, path: path}, err
	default:
		return address{}, fault.New(fault.Invalid,
			"The database URL must begin with postgres:// or sqlite://, not with %q.", scheme+"://")
	}
}

// parseSQLite returns the path, relative for sqlite://name and absolute for sqlite:///path/name.
func parseSQLite(rest string) (string, error) {
	if strings.ContainsAny(rest, "?#") {
		return "", fault.New(fault.Invalid, "The URL of an SQLite database takes no parameters.")
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return "", fault.New(fault.Invalid, "The path in the database URL is not valid.")
	}
	if path == "" || strings.ContainsRune(path, 0) {
		return "", fault.New(fault.Invalid, "The database URL must name a file: sqlite:///path/file.db.")
	}
	return path, nil
}

// parsePostgres parses the part after the scheme. lib/pq supports several hosts, but net/url rejects a URL with a port for
// each of them, so the hosts are cut out first.
func parsePostgres(rest string) (pq.Config, error) {
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user, hosts := "", authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, hosts = authority[:at+1], authority[at+1:]
	}
	servers, err := parseHosts(hosts)
	if err != nil {
		return pq.Config{}, err
	}
	whole := "postgres://" + user + tail
	if _, err := url.Parse(whole); err != nil {
		return pq.Config{}, fault.New(fault.Invalid,
			"The database URL is not valid: special characters in user, password and name must be percent-encoded.")
	}
	config, err := pq.NewConfig(whole)
	if err != nil {
		return pq.Config{}, rejectURL(err, user)
	}
	if len(servers) > 0 {
		config.Host, config.Port = servers[0].Host, servers[0].Port
		config.Multi = servers[1:]
	}
	return config, nil
}

// rejectURL returns lib/pq's error about a parameter, unless it quotes the user or the password.
func rejectURL(err error, user string) error {
	text := strings.TrimPrefix(err.Error(), "pq: ")
	if u, parsed := url.Parse("postgres://" + user + "host"); parsed == nil && u.User != nil {
		password, _ := u.User.Password()
		if password != "" && strings.Contains(text, password) {
			text = "a parameter has a wrong value"
		}
	}
	return fault.New(fault.Invalid, "The database URL is not valid: %s.", text)
}

// parseHosts parses host:port,[::1]:port,host.
func parseHosts(text string) ([]pq.ConfigMultihost, error) {
	if text == "" {
		return nil, nil
	}
	var servers []pq.ConfigMultihost
	for item := range strings.SplitSeq(text, ",") {
		host, port := item, ""
		if i := strings.LastIndexByte(item, ':'); i >= 0 && !strings.HasSuffix(item, "]") {
			host, port = item[:i], item[i+1:]
		}
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		host, err := url.PathUnescape(host)
		if err != nil || host == "" {
			return nil, fault.New(fault.Invalid, "A host in the database URL is not valid.")
		}
		number := uint64(5432)
		if port != "" {
			number, err = strconv.ParseUint(port, 10, 16)
			if err != nil || number == 0 {
				return nil, fault.New(fault.Invalid, "A port in the database URL is not a number from 1 to 65535.")
			}
		}
		servers = append(servers, pq.ConfigMultihost{Host: host, Port: uint16(number)})
	}
	return servers, nil
}
