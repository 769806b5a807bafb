package store

import "database/sql"

// Stats are figures for metrics.
type Stats struct {
	// Writer is the pool of PostgreSQL's primary, or of SQLite's one writer.
	Writer sql.DBStats
	// Reader is the pool of SQLite's readers; on PostgreSQL it is Writer.
	Reader sql.DBStats
	// Standbys are the pools of the standbys, in the order of the URL.
	Standbys []StandbyStats
	// Statements is the number of SQL statements sent since Open, over all
	// pools, without BEGIN, COMMIT and ROLLBACK.
	Statements int64
	// Connections is the number of connections open now, over all pools.
	Connections int64
}

// StandbyStats are the figures of one standby.
type StandbyStats struct {
	Pool     sql.DBStats
	Queries  int64    // sent to it
	Refused  int64    // sent to the primary since it was behind or away
	Position Position // last seen
}

// Stats returns the figures of this moment.
func (s *Store) Stats() Stats {
	stats := Stats{
		Writer: s.writer.Stats(), Reader: s.reader.Stats(),
		Statements: s.tally.statements.Load(), Connections: s.tally.connections.Load(),
	}
	for _, standby := range s.standbys {
		stats.Standbys = append(stats.Standbys, standby.stats())
	}
	return stats
}
