package pgtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// Standby starts a hot standby of this server that ends with the test. It replicates by streaming with the given application
// name, to which synchronous_standby_names refers.
func (s *Server) Standby(t testing.TB, name string) *Server {
	t.Helper()
	standby, err := s.newStandby(t.Context(), name)
	if err != nil {
		t.Fatalf("start a standby: %v", err)
	}
	t.Cleanup(func() {
		if err := standby.Close(); err != nil {
			t.Errorf("close the standby: %v", err)
		}
	})
	return standby
}

func (s *Server) newStandby(ctx context.Context, name string) (*Server, error) {
	standby, err := prepare(ctx)
	if err != nil {
		return nil, err
	}
	source := fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=disable application_name=%s", s.port, name)
	err = standby.run(ctx, "pg_basebackup", "-D", standby.data(), "-d", source,
		"-R", "-X", "stream", "-c", "fast", "--no-sync")
	if err == nil {
		err = standby.appendSettings(map[string]string{
			"unix_socket_directories": "'" + standby.dir + "'",
			"hot_standby_feedback":    "on",
			// A standby in tests reconnects to its primary quickly.
			"wal_retrieve_retry_interval": "'100ms'",
		})
	}
	if err == nil {
		err = standby.launch(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, standby.Close())
	}
	return standby, nil
}

// Promote promotes a standby and returns when it accepts changes.
func (s *Server) Promote(ctx context.Context) error {
	return s.Exec(ctx, "postgres", "SELECT pg_promote(wait => true)")
}
