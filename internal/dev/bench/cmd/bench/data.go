package main

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/internal/dev/bench/dataset"
	"cloudapi/internal/dev/bench/load"
)

// The operations to send.
var (
	//go:embed one.graphql
	oneQuery string
	//go:embed page.graphql
	pageQuery string
	//go:embed add.graphql
	addMutation string
)

// pageSize is the page size in page.graphql.
const pageSize = 50

// samples is the maximum number of different requests for a row.
const samples = 1000

// data is a database with values for requests.
type data struct {
	url       string
	customers int
	tokens    []string
	ids       []uuid.UUID // of random customers
	pages     []place     // by guid, random
	names     []place     // by name, random
	last      place       // of the last full page by name, at most the 10,000th
}

// place is where a page begins: after a customer, in the order of guids, which is the order of creation, or of names.
type place struct {
	number int // of the page that begins there, from 1
	id     uuid.UUID
	name   string // folded; "" in the order of guids
}

// lastPage is the page that the first one is compared with, if there are as many.
const lastPage = 10_000

// sample chooses customers and pages, the same ones for the same size.
func (d *data) sample(ctx context.Context, db *sql.DB) (err error) {
	rows, err := db.QueryContext(ctx, `SELECT `+dataset.CustomerID("i")+`
		FROM (SELECT 1 + (k * 7919::bigint % $1)::int AS i FROM generate_series(1, $2) k) picked`, d.customers, samples)
	if err != nil {
		return fmt.Errorf("pick customers: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		d.ids = append(d.ids, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if d.pages, err = d.places(ctx, db, "id", "''"); err != nil {
		return err
	}
	if d.names, err = d.places(ctx, db, "name_fold, id", "name_fold"); err != nil {
		return err
	}
	d.last = slices.MaxFunc(d.names, func(a, b place) int { return a.number - b.number })
	d.pages, d.names = d.pages[:min(samples, len(d.pages))], d.names[:min(samples, len(d.names))]
	return nil
}

// places returns where the pages after the first begin, up to lastPage, shuffled.
func (d *data) places(ctx context.Context, db *sql.DB, order, name string) (all []place, err error) {
	rows, err := db.QueryContext(ctx, `SELECT n / $1 + 1, id, name FROM
		(SELECT id, `+name+` AS name, row_number() OVER (ORDER BY `+order+`) AS n FROM customers) numbered
		WHERE n % $1 = 0 AND n + $1 <= least($2, $3::bigint * $1)
		ORDER BY md5(id::text)`, pageSize, d.customers, lastPage)
	if err != nil {
		return nil, fmt.Errorf("pick pages: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.number, &p.id, &p.name); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// graphQL returns a request of the n-th caller.
func (d *data) graphQL(n int, query string, variables map[string]any) load.Request {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // strings and numbers can always be encoded
	}
	return load.Request{Method: "POST", Path: "/graphql", Body: string(body), Authorization: d.credentials(n)}
}

func (d *data) credentials(n int) string { return "Bearer " + d.tokens[n%len(d.tokens)] }

// The requests of the server and of the bare handler for the same answers have the same indexes.

func (d *data) one() (server, bare []load.Request) {
	for i, id := range d.ids {
		server = append(server, d.graphQL(i, oneQuery, map[string]any{"id": id}))
		bare = append(bare, load.Request{Method: "GET", Path: "/one?id=" + id.String()})
	}
	return server, bare
}

func (d *data) page() (server, bare []load.Request) {
	for i, p := range d.pages {
		server = append(server, d.graphQL(i, pageQuery, map[string]any{"after": p.cursor()}))
		bare = append(bare, load.Request{Method: "GET", Path: "/page?id=" + p.id.String()})
	}
	return server, bare
}

func (d *data) byName(places ...place) (server, bare []load.Request) {
	ordered := strings.Replace(pageQuery, "first: 50", "first: 50, orderBy: { field: NAME }", 1)
	for i, p := range places {
		variables, query := map[string]any{}, ""
		if p.number > 1 {
			variables["after"] = p.cursor()
			query = "?" + url.Values{"after": {p.name}, "id": {p.id.String()}}.Encode()
		}
		server = append(server, d.graphQL(i, ordered, variables))
		bare = append(bare, load.Request{Method: "GET", Path: "/names" + query})
	}
	return server, bare
}

// cursor returns the API's cursor of the place.
func (p place) cursor() json.RawMessage {
	list, value := ent.List{Object: "Query", Field: "customers", Column: "id", Direction: "ASC"}, any(nil)
	if p.name != "" {
		list.Column, value = "name_fold", p.name
	}
	return json.RawMessage(`"` + ent.EncodeCursor(list.Cursor(p.id, value)) + `"`)
}

func (d *data) capacity() (server, bare []load.Request) {
	for i, id := range d.ids {
		server = append(server, load.Request{
			Method: "GET", Path: "/appserver/rest/cloud_api_customer/listCapacity?customerguid=" + id.String(), Authorization: d.credentials(i),
		})
		bare = append(bare, load.Request{Method: "GET", Path: "/capacity?customerguid=" + id.String()})
	}
	return server, bare
}
