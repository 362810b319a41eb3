package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Statements over many rows, which sqlc cannot write for both engines. They are ordinary SQL with %s for the rows: a table v
// whose columns are column1, column2 and so on. Its text does not depend on the number of rows, so that it is prepared once.

// A table is rows for a statement.
type table struct {
	kinds []string // the columns' types: text, bigint or boolean
	rows  [][]any
}

func (t *table) add(row ...any) {
	t.rows = append(t.rows, row)
}

// casts writes "cast(?3 as text), cast(?4 as bigint)" for the columns, numbered after fixed arguments.
func (t *table) casts(fixed int, suffix string) string {
	columns := make([]string, len(t.kinds))
	for i, kind := range t.kinds {
		columns[i] = fmt.Sprintf("cast(?%d as %s%s)", fixed+i+1, kind, suffix) // PostgreSQL takes untyped ones for text
	}
	return strings.Join(columns, ", ")
}

// execBulk runs the statement over all rows; fixed are ?1, ?2 and so on.
func execBulk(ctx context.Context, q tx, statement string, t table, fixed ...any) error {
	if len(t.rows) == 0 {
		return nil
	}
	source, args := q.spread(t, fixed)
	query := fmt.Sprintf(statement, source)
	for _, a := range args {
		if _, err := q.conn.ExecContext(ctx, query, a...); err != nil {
			return err
		}
	}
	return nil
}

// execEach runs a statement for a single row once for each row, whose columns are ?1, ?2 and so on, and tells what came of it.
func execEach(ctx context.Context, q tx, statement string, t table, tell func(row int, result sql.Result) error) error {
	for i, row := range t.rows {
		result, err := q.conn.ExecContext(ctx, statement, row...)
		if err != nil {
			return err
		}
		if err := tell(i, result); err != nil {
			return err
		}
	}
	return nil
}

// A row is one of an answer.
type row interface{ Scan(dest ...any) error }

// queryBulk is execBulk for a statement that answers rows.
func queryBulk(ctx context.Context, q tx, statement string, t table, scan func(row) error, fixed ...any) error {
	if len(t.rows) == 0 {
		return nil
	}
	source, args := q.spread(t, fixed)
	query := fmt.Sprintf(statement, source)
	for _, a := range args {
		if err := each(ctx, q, query, a, scan); err != nil {
			return err
		}
	}
	return nil
}

func each(ctx context.Context, q tx, query string, args []any, scan func(row) error) error {
	r, err := q.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := scan(r); err != nil {
			return err
		}
	}
	return r.Err()
}
