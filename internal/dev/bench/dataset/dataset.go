// Package dataset fills a migrated PostgreSQL database with customers and everything that belongs to them, with SQL that
// generates the rows. The same size always gives the same rows.
package dataset

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Size is the size of a data set.
type Size struct {
	Customers int // total: at least 1
	Units     int // capacity units of each customer, available and consumed alternately: at least 0
	Domains   int // of each customer: at least 0
	Groups    int // groups of each customer, not shared: at least 0
	Members   int // users in each group; each user is in several: at least 0
	Spaces    int // cloud spaces of each customer: at least 0
	Jobs      int // done jobs of each customer: at least 0
	Users     int // total: at least Members; 0 means as many as customers
	// Every n means that only every n-th customer has any of these; 0 and 1 mean all customers.
	Every int
}

func (s Size) every() int { return max(1, s.Every) }

// having returns how many customers have any.
func (s Size) having() int { return s.Customers / s.every() }

// Usual is the size for make bench: six capacity units, three domains, two groups of four users each.
func Usual(customers int) Size {
	return Size{Customers: customers, Units: 6, Domains: 3, Groups: 2, Members: 4, Spaces: 1}
}

// Load fills empty tables. The connection must be a superuser's: it disables foreign keys, and creates secondary indexes
// after all rows.
func Load(ctx context.Context, db *sql.DB, size Size) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("load the data set: %w", err)
	}
	defer c.Close()
	indexes, err := secondaryIndexes(ctx, c)
	if err != nil {
		return err
	}
	var script []string
	script = append(script, "SET session_replication_role = replica", "SET maintenance_work_mem = '256MB'", "SET synchronous_commit = off")
	for _, i := range indexes {
		script = append(script, "DROP INDEX "+i.name)
	}
	script = append(script, size.statements()...)
	for _, i := range indexes {
		script = append(script, i.definition)
	}
	script = append(script, "RESET ALL", "VACUUM ANALYZE", "CHECKPOINT")
	for _, statement := range script {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("load the data set: %s: %w", statement, err)
		}
	}
	return nil
}

type index struct{ name, definition string }

// secondaryIndexes returns the indexes that no constraint needs.
func secondaryIndexes(ctx context.Context, c *sql.Conn) (found []index, err error) {
	rows, err := c.QueryContext(ctx, `
		SELECT quote_ident(c.relname), pg_get_indexdef(c.oid)
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisunique`)
	if err != nil {
		return nil, fmt.Errorf("list the indexes: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var i index
		if err := rows.Scan(&i.name, &i.definition); err != nil {
			return nil, fmt.Errorf("list the indexes: %w", err)
		}
		found = append(found, i)
	}
	return found, rows.Err()
}

// The rows are computed from their numbers. Guids have version 7, ascending with the number, from a start time for each
// kind. Names contain words that a substring matches, and end in their number.
const (
	words   = `(ARRAY['Amber','Boreal','Cobalt','Delta','Ember','Fjord','Granite','Harbor','Indigo','Juniper','Krill','Lumen','Meadow'])`
	cities  = `(ARRAY['Antwerp','Bruges','Charleroi','Dinant','Eupen','Ghent','Hasselt','Kortrijk','Leuven','Namur'])`
	version = `'00000000-0000-4000-a000-000000000001'::uuid`
	moment  = `timestamptz '2026-01-01 00:00:00+00' + %s * interval '1 second'`
)

// The kinds distinguish the guids of different tables.
const (
	customers = iota
	units
	groups
	users
	domains
	spaces
	jobs
)

// guid returns the SQL expression for the guid of a kind and number.
func guid(kind int, number string) string {
	start := strconv.Itoa(1_700_000_000_000 + kind*100_000_000)
	return fmt.Sprintf(`(lpad(to_hex(%s + (%s)), 12, '0') || '7abca' || lpad(to_hex(hashint8extended(%[2]s, %[3]d) & 1152921504606846975), 15, '0'))::uuid`,
		start, number, kind)
}

// CustomerID returns the SQL expression for the guid of the customer with the given number expression, from 1 to Customers.
func CustomerID(number string) string { return guid(customers, number) }

func at(number string) string { return fmt.Sprintf(moment, number) }

func (s Size) statements() []string {
	return []string{
		s.customers(), s.units(), s.groups(), s.links(), s.users(), s.members(), s.nested(), s.domains(), s.spaces(), s.jobs(),
	}
}

func (s Size) customers() string {
	return `INSERT INTO customers (id, version, created_at, updated_at, name, name_fold, description, address, city, city_fold, country, status, resource_group_id)
		SELECT ` + guid(customers, "i") + `, ` + version + `, ` + at("i") + `, ` + at("i") + `, name, lower(name),
			'Customer ' || i, i || ' Main Street', ` + cities + `[1 + i % 10], lower(` + cities + `[1 + i % 10]), (ARRAY['BE','DE','FR','NL','LU'])[1 + i % 5],
			(ARRAY['ACTIVE','CONFIGURED','DISABLED'])[1 + i % 3], ` + guid(customers, "1000000 + i % 5000") + `
		FROM (SELECT i, ` + words + `[1 + i % 13] || ' ' || ` + words + `[1 + i / 13 % 13] || ' ' || i AS name
			FROM generate_series(1, ` + strconv.Itoa(s.Customers) + `) i) made`
}

// each returns SQL for the numbers of the customers as c, those of each customer's parts as k from 0, and a running number
// as n from 1.
func (s Size) each(of int) string {
	return fmt.Sprintf(`(SELECT c, k, (c / %[1]d - 1) * %[2]d + k + 1 AS n
		FROM generate_series(%[1]d, %[3]d, %[1]d) c, generate_series(0, %[2]d - 1) k) made`,
		s.every(), of, s.Customers)
}

func (s Size) units() string {
	return `INSERT INTO capacity_units (id, version, created_at, kind, type, amount, name, description, customer_id)
		SELECT ` + guid(units, "n") + `, ` + version + `, ` + at("c") + `, (ARRAY['AVAILABLE','CONSUMED'])[1 + k % 2],
			(ARRAY['CU','LV','MU','NBU','NUIPPORTS','NUM','SUA','SUP','WV'])[1 + (c + k) % 9], 1 + n % 1000, 'Unit ' || k, 'Unit ' || k || ' of customer ' || c,
			` + guid(customers, "c") + ` FROM ` + s.each(s.Units)
}

func (s Size) groups() string {
	return `INSERT INTO cloud_user_groups (id, created_at, name, name_fold, description)
		SELECT ` + guid(groups, "n") + `, ` + at("c") + `, 'Group ' || n, 'group ' || n, 'Group ' || k || ' of customer ' || c FROM ` + s.each(s.Groups)
}

func (s Size) links() string {
	return `INSERT INTO customer_cloud_user_groups (customer_id, cloud_user_group_id)
		SELECT ` + guid(customers, "c") + `, ` + guid(groups, "n") + ` FROM ` + s.each(s.Groups)
}

func (s Size) population() int { return cmp.Or(s.Users, max(s.Customers, s.Members)) }

func (s Size) users() string {
	return `INSERT INTO cloud_users (id, version, created_at, login, login_fold, email, email_fold, first_name, last_name, name, name_fold)
		SELECT ` + guid(users, "u") + `, ` + version + `, ` + at("u") + `, 'user-' || u, 'user-' || u, 'user-' || u || '@example.org', 'user-' || u || '@example.org',
			` + words + `[1 + u % 13], ` + words + `[1 + u / 13 % 13], 'Person ' || u, 'person ' || u FROM generate_series(1, ` + strconv.Itoa(s.population()) + `) u`
}

// members puts users into groups so that the users of a group have distant numbers, as in a database with changing users.
func (s Size) members() string {
	user := fmt.Sprintf("1 + ((g * 7919::bigint + m * 104729::bigint) %% %d)::int", s.population())
	return `INSERT INTO cloud_user_group_users (cloud_user_group_id, cloud_user_id)
		SELECT ` + guid(groups, "g") + `, ` + guid(users, user) + `
		FROM generate_series(1, ` + strconv.Itoa(s.having()*s.Groups) + `) g, generate_series(0, ` + strconv.Itoa(s.Members-1) + `) m
		ON CONFLICT DO NOTHING`
}

// nested makes each tenth group a member of the next one.
func (s Size) nested() string {
	return `INSERT INTO cloud_user_group_groups (cloud_user_group_id, member_id)
		SELECT ` + guid(groups, "g + 1") + `, ` + guid(groups, "g") + `
		FROM generate_series(10, ` + strconv.Itoa(s.having()*s.Groups-1) + `, 10) g`
}

func (s Size) domains() string {
	return `INSERT INTO domains (id, name, registered_at, portal_username, customer_id)
		SELECT ` + guid(domains, "n") + `, 'domain-' || n || '.example', ` + at("c") + `, 'portal-' || c, ` + guid(customers, "c") + ` FROM ` + s.each(s.Domains)
}

func (s Size) spaces() string {
	return `INSERT INTO cloud_spaces (id, created_at, name, name_fold, description, customer_id)
		SELECT ` + guid(spaces, "n") + `, ` + at("c") + `, 'Space ' || n, 'space ' || n, 'Space ' || k || ' of customer ' || c, ` + guid(customers, "c") + ` FROM ` + s.each(s.Spaces)
}

func (s Size) jobs() string {
	return strings.Join([]string{
		`INSERT INTO jobs (id, action, status, started_at, ended_at, user_login, customer_id, user_id)`,
		`SELECT`, guid(jobs, "n"), `, (ARRAY['createCustomer','updateCustomer','addCapacityAvailable'])[1 + k % 3], 'DONE', `,
		at("n"), `, `, at("n"), `, 'user-' || c, `, guid(customers, "c"), `, `, guid(users, "c"), ` FROM `, s.each(s.Jobs),
	}, " ")
}
