package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// On PostgreSQL each statement of a transaction is a way to the server and back, and so are its begin and its end. What hooks and
// deliveries wait for is sent together instead, statements that need no answer of each other on one way.

// A pipeline is a transaction on PostgreSQL that is sent in parts.
type pipeline struct {
	conn *pgx.Conn
	part pgx.Batch
}

// rollbackTimeout is how long the server may take to roll back.
const rollbackTimeout = 5 * time.Second

// piped runs f in a transaction, which f ends itself by sending "commit". Everything is undone when f fails before that.
func piped(ctx context.Context, db *sql.DB, f func(p *pipeline) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		p := &pipeline{conn: driver.(*stdlib.Conn).Conn()}
		p.add("begin")
		err := f(p)
		if err != nil {
			p.rollback(ctx)
		}
		return err
	})
}

// rollback undoes what is open. A connection that can't do that is closed, which does it as well.
func (p *pipeline) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if p.conn.PgConn().TxStatus() == 'I' {
		return // idle: nothing is open
	}
	if _, err := p.conn.Exec(ctx, "rollback"); err != nil {
		p.conn.Close(ctx)
	}
}

// add adds a statement, with SQLite's ?1 for $1, whose answer nobody reads.
func (p *pipeline) add(query string, args ...any) {
	p.part.Queue(dollar(query), args...)
}

// read adds a statement whose rows are read by scan.
func (p *pipeline) read(query string, args []any, scan func(row) error) {
	p.part.Queue(dollar(query), args...).Query(func(answer pgx.Rows) error {
		for answer.Next() {
			if err := scan(answer); err != nil {
				return err
			}
		}
		return answer.Err()
	})
}

// readBulk adds a statement over many rows, see [queryBulk].
func (p *pipeline) readBulk(statement string, t table, scan func(row) error) {
	if len(t.rows) == 0 {
		return
	}
	source, args := onPostgres{}.spread(t, nil)
	for _, a := range args {
		p.read(fmt.Sprintf(statement, source), a, scan)
	}
}

// send sends what was added since the last time and reads the answers. An error is that of the first statement that failed; the
// others after it did nothing.
func (p *pipeline) send(ctx context.Context) error {
	part := p.part
	p.part = pgx.Batch{}
	return p.conn.SendBatch(ctx, &part).Close()
}

// commit sends what was added, and commits.
func (p *pipeline) commit(ctx context.Context) error {
	p.add("commit")
	return p.send(ctx)
}
