package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A migration of PostgreSQL must not block writers. Building an index does, unless it is built CONCURRENTLY, which is
// impossible in a transaction. Therefore the indexes of existing tables go into a migration file of their own, after the
// file with everything else.

var (
	newTable  = regexp.MustCompile(`^CREATE TABLE "([^"]+)"`)
	newIndex  = regexp.MustCompile(`^CREATE (UNIQUE )?INDEX "([^"]+)" ON "([^"]+)"`)
	dropIndex = regexp.MustCompile(`^DROP INDEX "([^"]+)"`)
)

// separate rewrites the newest file of a directory and adds a second one if it is needed. before lists the files that
// existed before.
func separate(directory string, before []string) error {
	after, err := filepath.Glob(filepath.Join(directory, "*.sql"))
	if err != nil {
		return err
	}
	for _, file := range after {
		if slices.Contains(before, file) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		within, without := concurrently(string(text))
		if without == "" {
			continue
		}
		second := following(file)
		if within == "" {
			second = file
		} else if err := os.WriteFile(file, []byte(within), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(second, []byte(without), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// following returns the name of a file with the next version.
func following(file string) string {
	version, title, _ := strings.Cut(filepath.Base(file), "_")
	number, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return file
	}
	return filepath.Join(filepath.Dir(file), strconv.FormatInt(number+1, 10)+"_"+strings.TrimSuffix(title, ".sql")+"_indexes.sql")
}

// concurrently splits a migration into the statements that can run in a transaction and those that build indexes of existing
// tables. Either part may be "".
func concurrently(text string) (within, without string) {
	up, down, _ := strings.Cut(strings.TrimPrefix(text, "-- +goose Up\n"), "-- +goose Down\n")
	created := map[string]bool{}
	for _, s := range statements(up) {
		if m := newTable.FindStringSubmatch(s.sql); m != nil {
			created[m[1]] = true
		}
	}
	moved := map[string]bool{}
	upWithin, upWithout := split(up, func(s statement) bool {
		m := newIndex.FindStringSubmatch(s.sql)
		if name := indexOf(s.sql); name != "" && (m == nil || !created[m[3]]) {
			moved[name] = true
			return true
		}
		return false
	})
	downWithin, downWithout := split(down, func(s statement) bool { return moved[indexOf(s.sql)] })
	return file("", upWithin, downWithin), file("-- +goose NO TRANSACTION\n\n", withoutLockTimeout(upWithout), withoutLockTimeout(downWithout))
}

func file(head, up, down string) string {
	if up == "" {
		return ""
	}
	text := head + "-- +goose Up\n" + up
	if down != "" {
		text += "\n-- +goose Down\n" + down
	}
	return text
}

// withoutLockTimeout lets statements wait for locks without a limit. A concurrent build waits for all open transactions and
// blocks nobody meanwhile.
func withoutLockTimeout(statements string) string {
	if statements == "" {
		return ""
	}
	return "SET lock_timeout = 0;\n" + statements + "RESET lock_timeout;\n"
}

// statement is one statement with the comment above it.
type statement struct{ comment, sql string }

func statements(section string) []statement {
	var all []statement
	comment := ""
	for line := range strings.Lines(section) {
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "--"):
			comment += line
		default:
			all = append(all, statement{comment, line})
			comment = ""
		}
	}
	return all
}

// split divides the statements of a section. The statements that move to the other file lose the lock that blocks writers.
func split(section string, moves func(statement) bool) (stay, moved string) {
	for _, s := range statements(section) {
		if moves(s) {
			moved += s.comment + unblocked(s.sql)
		} else {
			stay += s.comment + s.sql
		}
	}
	return stay, moved
}

// unblocked rewrites a statement about an index so that it does not block writers. It first drops the invalid index that an
// aborted build leaves.
func unblocked(sql string) string {
	if m := newIndex.FindStringSubmatch(sql); m != nil {
		return `DROP INDEX CONCURRENTLY IF EXISTS "` + m[2] + "\";\n" + strings.Replace(sql, "INDEX", "INDEX CONCURRENTLY", 1)
	}
	return strings.Replace(sql, "DROP INDEX", "DROP INDEX CONCURRENTLY IF EXISTS", 1)
}

// indexOf returns the index that a statement creates or drops, "" for none.
func indexOf(sql string) string {
	if m := newIndex.FindStringSubmatch(sql); m != nil {
		return m[2]
	}
	if m := dropIndex.FindStringSubmatch(sql); m != nil {
		return m[1]
	}
	return ""
}
