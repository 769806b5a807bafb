package store

import "database/sql"

// Stats has figures for metrics.
type Stats struct {
	// Writer is the pool of PostgreSQL's primary, or of SQLite's one writer.
	Writer sql.DBStats
	// Reader is the pool of SQLite's readers; on PostgreSQL it is Writer.
	Reader sql.DBStats
	// Standbys are the pools of the standbys, in the order of the URL.
	Standbys []StandbyStats
	// Statements is the number of SQL statements sent since Open, over all pools, without BEGIN, COMMIT and ROLLBACK.
	Statements int64
	// Standby and Primary count the queries that were allowed to run on a standby, by where they ran.
	Standby, Primary int64
	// LSNQueries counts the queries of the primary's LSN, which reads on standbys need.
	LSNQueries int64
	// Connections is the number of open connections, over all pools.
	Connections int64
}

// StandbyStats has the figures of one standby.
type StandbyStats struct {
	Host    string
	Pool    sql.DBStats
	Queries int64 // queries sent to it
	Refused int64 // queries that it could not serve because it was behind or away
	LSN     LSN   // in the last answer
}

// Stats returns the current figures.
func (s *Store) Stats() Stats {
	stats := Stats{
		Writer: s.writer.Stats(), Reader: s.reader.Stats(),
		Statements: s.counters.statements.Load(), Connections: s.counters.connections.Load(),
	}
	stats.Primary, stats.LSNQueries = s.fallbacks.Load(), s.stateQueries.Load()
	for _, standby := range s.standbys {
		one := standby.stats()
		stats.Standbys = append(stats.Standbys, one)
		stats.Standby += one.Queries
	}
	return stats
}
