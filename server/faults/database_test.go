package faults

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"cloudapi/internal/dev/pgtest"
)

// database is the database of a test's servers, accessed without them.
type database struct {
	URL      string // as passed to the servers
	postgres *pgtest.Server
	driver   string
	source   string
}

// onSQLite returns a database in a file in dir.
func onSQLite(dir string) *database {
	path := filepath.Join(dir, "cloudapi.db")
	return &database{
		URL: "sqlite://" + path, driver: "sqlite",
		source: "file:" + path + "?_pragma=busy_timeout(10000)",
	}
}

// onPostgres starts a PostgreSQL server for one test.
func onPostgres(t testing.TB, settings map[string]string) *database {
	t.Helper()
	s := pgtest.Start(t, pgtest.Options{Settings: settings})
	url := s.URL("postgres")
	return &database{URL: url, postgres: s, driver: "postgres", source: url}
}

// each runs a test on both kinds of databases.
func each(t *testing.T, test func(*testing.T, *database)) {
	t.Run("SQLite", func(t *testing.T) { test(t, onSQLite(t.TempDir())) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, onPostgres(t, nil)) })
}

func (d *database) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.source)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// rows calls each with every row of a query.
func (d *database) rows(t testing.TB, query string, each func(scan func(...any) error) error) {
	t.Helper()
	db := d.open(t)
	defer db.Close()
	found, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	for found.Next() {
		if err := each(found.Scan); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if err := found.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// count returns the number that a query selects.
func (d *database) count(t testing.TB, query string) int {
	t.Helper()
	n := 0
	d.rows(t, query, func(scan func(...any) error) error { return scan(&n) })
	return n
}

// jobRow is the part of a job's row that tests use.
type jobRow struct {
	Action, Status string
	Mark           string // the unique part of its change
}

// contents is what the database has of changes, by their unique parts.
type contents struct {
	made map[string]int    // rows that a change created
	jobs map[string]jobRow // by guid
	done map[string]int    // successful jobs, by the unique part of their change
}

// contents reads everything that a ledger is compared with.
func (d *database) contents(t testing.TB) contents {
	t.Helper()
	c := contents{made: map[string]int{}, jobs: map[string]jobRow{}, done: map[string]int{}}
	// A single statement, so that the result is consistent.
	const all = `SELECT 'made', '', kind || ' ' || CAST(amount AS text), '', '' FROM capacity_units
		UNION ALL SELECT 'made', '', name, '', '' FROM domains
		UNION ALL SELECT 'made', '', name, '', '' FROM customers
		UNION ALL SELECT 'job', CAST(id AS text), action, CAST(status AS text), CAST(parameters AS text) FROM jobs`
	d.rows(t, all, func(scan func(...any) error) error {
		var what, id, name, status string
		var parameters sql.NullString
		err := scan(&what, &id, &name, &status, &parameters)
		if err != nil {
			return err
		}
		if what == "made" {
			c.made[name]++
			return nil
		}
		j := jobRow{Action: name, Status: status}
		if j.Mark, err = markOf(name, parameters.String); err != nil {
			return err
		}
		c.jobs[id] = j
		if status == "DONE" {
			c.done[j.Mark]++
		}
		return nil
	})
	return c
}

// markOf returns the unique part of a job's change.
func markOf(action, parameters string) (string, error) {
	var given struct {
		Amount       json.Number
		Domain, Name string
	}
	if parameters == "" {
		return "", nil
	}
	if err := json.Unmarshal([]byte(parameters), &given); err != nil {
		return "", err
	}
	switch action {
	case "addCapacityAvailable":
		return "AVAILABLE " + given.Amount.String(), nil
	case "addCapacityConsumed":
		return "CONSUMED " + given.Amount.String(), nil
	case "registerDomain":
		return given.Domain, nil
	case "createCustomer":
		return given.Name, nil
	default:
		return "", nil
	}
}
