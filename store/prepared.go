package store

import (
	"context"
	"database/sql"
	"sync"

	"addtomojo/store/internal/rows"
)

// SQLite takes longer to read a statement than to run it, and its driver reads it each time. The statements of this package are
// few and constant, so each is prepared once. PostgreSQL's driver does that by itself.

// A shelf keeps prepared statements of one pool of connections, by their text.
type shelf struct {
	db       *sql.DB
	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
	wanted   []string // to be prepared when the transaction is over that asked for them: it has the only connection
}

func (s *shelf) find(query string) *sql.Stmt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.prepared[query]
}

// prepare puts a statement on the shelf. One that cannot be prepared is left to fail where it is used.
func (s *shelf) prepare(ctx context.Context, query string) *sql.Stmt {
	stmt, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if earlier := s.prepared[query]; earlier != nil {
		stmt.Close()
		return earlier
	}
	if s.prepared == nil {
		s.prepared = make(map[string]*sql.Stmt)
	}
	s.prepared[query] = stmt
	return stmt
}

func (s *shelf) want(query string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = append(s.wanted, query)
}

// prepareWanted prepares what transactions asked for.
func (s *shelf) prepareWanted(ctx context.Context) {
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for _, query := range wanted {
		if s.find(query) == nil {
			s.prepare(ctx, query)
		}
	}
}

// shelved runs statements from the shelf, in a transaction or outside of one.
type shelved struct {
	rows.DBTX
	shelf *shelf
	tx    *sql.Tx // or nil
}

// stmt returns nil when the statement isn't prepared.
func (d shelved) stmt(ctx context.Context, query string) *sql.Stmt {
	stmt := d.shelf.find(query)
	switch {
	case stmt == nil && d.tx == nil:
		return d.shelf.prepare(ctx, query)
	case stmt == nil:
		d.shelf.want(query)
		return nil
	case d.tx == nil:
		return stmt
	}
	return d.tx.StmtContext(ctx, stmt)
}

// toTheEnd is ctx, but nothing that begins with it is broken off: SQLite's statements are short, while the driver and database/sql
// each start a goroutine to watch for the end of a context that may end, which costs as much as a statement. A transaction is
// still rolled back when its context ends.
func toTheEnd(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

func (d shelved) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = toTheEnd(ctx)
	if stmt := d.stmt(ctx, query); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return d.DBTX.ExecContext(ctx, query, args...)
}

func (d shelved) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = toTheEnd(ctx)
	if stmt := d.stmt(ctx, query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return d.DBTX.QueryContext(ctx, query, args...)
}

func (d shelved) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = toTheEnd(ctx)
	if stmt := d.stmt(ctx, query); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return d.DBTX.QueryRowContext(ctx, query, args...)
}
