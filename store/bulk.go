package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Statements over many rows, which sqlc cannot write for both engines. They are ordinary SQL with %s for the rows: a list of
// values whose columns both engines call column1, column2 and so on.

// perStatement rows go into one statement: SQLite takes time by the square of a statement's numbered parameters.
const perStatement = 100

// A table is rows for a statement.
type table struct {
	kinds []string // the columns' types
	rows  [][]any
}

func (t *table) add(row ...any) {
	t.rows = append(t.rows, row)
}

// fill writes rows into the statement, "(cast(?3 as text), cast(?4 as bigint)), …", numbered after the fixed arguments.
func (t *table) fill(statement string, rows [][]any, fixed []any) (string, []any) {
	args := slices.Clone(fixed)
	tuples := make([]string, len(rows))
	columns := make([]string, len(t.kinds))
	for i, row := range rows {
		for j, kind := range t.kinds {
			columns[j] = fmt.Sprintf("cast(?%d as %s)", len(args)+j+1, kind) // PostgreSQL takes untyped ones for text
		}
		tuples[i] = "(" + strings.Join(columns, ", ") + ")"
		args = append(args, row...)
	}
	return fmt.Sprintf(statement, strings.Join(tuples, ",\n")), args
}

// execBulk runs the statement over all rows; fixed are ?1, ?2 and so on.
func execBulk(ctx context.Context, q tx, statement string, t table, fixed ...any) error {
	for rows := range slices.Chunk(t.rows, perStatement) {
		query, args := t.fill(statement, rows, fixed)
		if _, err := q.conn.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// queryBulk is execBulk for a statement that answers rows.
func queryBulk(ctx context.Context, q tx, statement string, t table, scan func(*sql.Rows) error, fixed ...any) error {
	for rows := range slices.Chunk(t.rows, perStatement) {
		query, args := t.fill(statement, rows, fixed)
		if err := each(ctx, q, query, args, scan); err != nil {
			return err
		}
	}
	return nil
}

func each(ctx context.Context, q tx, query string, args []any, scan func(*sql.Rows) error) error {
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
