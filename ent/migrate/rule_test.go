package migrate_test

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	entmigrate "cloudapi/ent/migrate"
)

// lastBefore is later than all migrations of the first release. Those predate the rule's enforcement.
const lastBefore = 20261126040000

// blocking is the rule for migrations of PostgreSQL (CONTRIBUTING.md, "Migrations"): no statement blocks writers for longer
// than a change of the catalogue takes. Each entry is a pattern that a migration must not contain, and the alternative.
var blocking = []struct {
	name    string
	pattern *regexp.Regexp
	instead string
}{
	{"builds an index", regexp.MustCompile(`(?i)\bCREATE (UNIQUE )?INDEX (?:IF NOT EXISTS )?"?(\w+)"? ON "?(\w+)"?`), "CREATE INDEX CONCURRENTLY in a file with -- +goose NO TRANSACTION"},
	{"drops an index", regexp.MustCompile(`(?i)\bDROP INDEX (?:IF EXISTS )?"?\w+`), "DROP INDEX CONCURRENTLY IF EXISTS in a file with -- +goose NO TRANSACTION"},
	{"rebuilds an index", regexp.MustCompile(`(?i)\bREINDEX (?:\w+ )?"`), "REINDEX CONCURRENTLY"},
	{"rewrites a table", regexp.MustCompile(`(?i)\bALTER COLUMN "?\w+"? (?:SET DATA )?TYPE\b`), "a new column, filled in batches; the old one goes with a later release"},
	{"scans a table", regexp.MustCompile(`(?i)\bSET NOT NULL\b`), "ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, and VALIDATE CONSTRAINT in the next file"},
	{"locks a table", regexp.MustCompile(`(?i)\b(?:LOCK TABLE|VACUUM FULL|CLUSTER)\b`), "nothing that needs it"},
}

var (
	madeTable   = regexp.MustCompile(`(?i)\bCREATE TABLE (?:IF NOT EXISTS )?"?(\w+)`)
	constraints = regexp.MustCompile(`(?i)\bALTER TABLE "?(\w+)"?[^;]*\bADD CONSTRAINT\b[^;]*`)
	rows        = regexp.MustCompile(`(?im)^\s*(?:WITH\b[^;]*\b)?(?:UPDATE "?(\w+)"?|DELETE FROM "?(\w+)"?)`)
	loop        = regexp.MustCompile(`(?is)\bLOOP\b.*\bLIMIT \d+.*\bCOMMIT\b.*\bEND LOOP\b`)
	contracts   = regexp.MustCompile(`(?i)\b(?:DROP TABLE|DROP COLUMN|RENAME|SET NOT NULL|ALTER COLUMN "?\w+"? (?:SET DATA )?TYPE)\b`)
	concurrent  = regexp.MustCompile(`(?i)\b(?:DROP|CREATE|CREATE UNIQUE) INDEX CONCURRENTLY\b`)
	comment     = regexp.MustCompile(`(?m)--.*$`)
	waiver      = regexp.MustCompile(`(?m)^-- blocks: \S+`)
)

// complaints returns the violations of the rule in a migration.
func complaints(text string) []string {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	sql := comment.ReplaceAllString(up, "")
	sql = concurrent.ReplaceAllString(sql, "")
	var found []string
	if strings.Contains(up, "\n-- +compatible\n") && contracts.MatchString(sql) {
		found = append(found, "is marked as compatible and takes something away: the release before could not run on it")
	}
	if waiver.MatchString(up) {
		return found
	}
	made := map[string]bool{}
	for _, m := range madeTable.FindAllStringSubmatch(sql, -1) {
		made[m[1]] = true
	}
	for _, b := range blocking {
		for _, m := range b.pattern.FindAllStringSubmatch(sql, -1) {
			if !made[m[len(m)-1]] {
				found = append(found, b.name+": write "+b.instead)
			}
		}
	}
	for _, m := range constraints.FindAllStringSubmatch(sql, -1) {
		if !made[m[1]] && !strings.Contains(m[0], "NOT VALID") {
			found = append(found, "checks a table: write ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in the next file")
		}
	}
	for _, m := range rows.FindAllStringSubmatch(sql, -1) {
		if !made[m[1]+m[2]] && (!loop.MatchString(sql) || !strings.Contains(up, "-- +goose NO TRANSACTION")) {
			found = append(found, "changes rows: do it in batches, by a DO block with LOOP, LIMIT and COMMIT in a file with -- +goose NO TRANSACTION")
		}
	}
	return found
}

// TestMigrationsBlockNobody applies the rule to all migrations.
func TestMigrationsBlockNobody(t *testing.T) {
	files, err := fs.Glob(entmigrate.Files, "postgres/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, file := range files {
		version, _, _ := strings.Cut(path.Base(file), "_")
		number, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		text, err := fs.ReadFile(entmigrate.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		if number <= lastBefore {
			continue
		}
		for _, c := range complaints(string(text)) {
			t.Errorf("%s %s (or say -- blocks: and why that does no harm)", file, c)
		}
	}
}

// TestTheRuleNotices: the rule finds each kind of blocking statement and accepts the others.
func TestTheRuleNotices(t *testing.T) {
	for _, bad := range []string{
		`CREATE INDEX "a" ON "jobs" ("id");`, `CREATE UNIQUE INDEX "a" ON "jobs" ("id");`, `DROP INDEX "a";`, `DROP INDEX IF EXISTS "a";`,
		`REINDEX INDEX "a";`, `ALTER TABLE "jobs" ALTER COLUMN "a" TYPE text;`, `ALTER TABLE "jobs" ALTER COLUMN "a" SET NOT NULL;`,
		`ALTER TABLE "jobs" ADD CONSTRAINT "c" CHECK (a > 0);`, `ALTER TABLE "jobs" ADD COLUMN "x" uuid NULL, ADD CONSTRAINT "f" FOREIGN KEY ("x") REFERENCES "y" ("id");`,
		`UPDATE "jobs" SET "a" = 1;`, `DELETE FROM "jobs";`, `LOCK TABLE "jobs";`,
		"-- +compatible\nALTER TABLE \"jobs\" DROP COLUMN \"a\";", "-- +compatible\n-- blocks: quick\nDROP TABLE \"old\";",
	} {
		if len(complaints("-- +goose Up\n"+bad+"\n")) == 0 {
			t.Errorf("not noticed: %s", bad)
		}
	}
	for _, good := range []string{
		`CREATE TABLE "new" ("id" uuid); CREATE INDEX "a" ON "new" ("id"); UPDATE "new" SET "id" = NULL;`,
		`CREATE INDEX CONCURRENTLY "a" ON "jobs" ("id");`, `DROP INDEX CONCURRENTLY IF EXISTS "a";`,
		`ALTER TABLE "jobs" ADD COLUMN "a" text NOT NULL DEFAULT '';`, `ALTER TABLE "jobs" ADD CONSTRAINT "c" CHECK (a > 0) NOT VALID;`,
		"-- blocks: the table has a handful of rows\nUPDATE \"server_keys\" SET \"a\" = 1;", `ALTER TABLE "jobs" DROP COLUMN "a";`,
		"-- +compatible\nALTER TABLE \"jobs\" ADD COLUMN \"a\" text NULL;", "-- UPDATE \"jobs\" is for the next release",
	} {
		if found := complaints("-- +goose Up\n" + good + "\n-- +goose Down\nDROP INDEX \"a\";"); len(found) > 0 {
			t.Errorf("%s: %v", good, found)
		}
	}
	batches := "-- +goose NO TRANSACTION\n-- +goose Up\nDO $$ BEGIN LOOP\nUPDATE \"jobs\" SET a = 1 WHERE id IN (SELECT id FROM jobs WHERE a IS NULL LIMIT 1000);\nEXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$;"
	if found := complaints(batches); len(found) > 0 {
		t.Errorf("batches: %v", found)
	}
}
