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
	// Standby and Primary are the queries that a standby was allowed to answer,
	// by who did.
	Standby, Primary int64
	// Questions is how often the primary was asked how far it has come, for
	// the sake of reads on standbys.
	Questions int64
	// Connections is the number of connections open now, over all pools.
	Connections int64
}

// StandbyStats are the figures of one standby.
type StandbyStats struct {
	Host     string
	Pool     sql.DBStats
	Queries  int64 // sent to it
	Refused  int64 // operations that it could not serve since it was behind or away
	Position LSN   // last seen
}

// Stats returns the figures of this moment.
func (s *Store) Stats() Stats {
	stats := Stats{
		Writer: s.writer.Stats(), Reader: s.reader.Stats(),
		Statements: s.counters.statements.Load(), Connections: s.counters.connections.Load(),
	}
	stats.Primary, stats.Questions = s.fallbacks.Load(), s.questions.Load()
	for _, standby := range s.standbys {
		one := standby.stats()
		stats.Standbys = append(stats.Standbys, one)
		stats.Standby += one.Queries
	}
	return stats
}
