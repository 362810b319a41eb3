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

// perQuery rows go into one query: SQLite takes time by the square of a statement's numbered parameters.
const perQuery = 100

// A table is rows for a statement.
type table struct {
	kinds []string // the columns' types
	rows  [][]any
}

func (t *table) add(row ...any) {
	t.rows = append(t.rows, row)
}

// text writes n rows into the statement, "(cast(?3 as text), cast(?4 as bigint)), …", numbered after the fixed arguments.
func (t *table) text(statement string, n, fixed int) string {
	tuples := make([]string, n)
	columns := make([]string, len(t.kinds))
	for i := range tuples {
		for j, kind := range t.kinds {
			fixed++
			columns[j] = fmt.Sprintf("cast(?%d as %s)", fixed, kind) // PostgreSQL takes untyped ones for text
		}
		tuples[i] = "(" + strings.Join(columns, ", ") + ")"
	}
	return fmt.Sprintf(statement, strings.Join(tuples, ",\n"))
}

// args are the arguments for rows, after the fixed ones.
func args(rows [][]any, fixed []any) []any {
	return append(slices.Clone(fixed), slices.Concat(rows...)...)
}

// execBulk runs the statement over all rows; fixed are ?1, ?2 and so on. SQLite takes longer to read such a statement than to
// do what it says, so that what runs more than once is read once.
func execBulk(ctx context.Context, q tx, statement string, t table, fixed ...any) error {
	rows := t.rows
	if len(rows) > q.perStatement {
		full, err := q.conn.PrepareContext(ctx, t.text(statement, q.perStatement, len(fixed)))
		if err != nil {
			return err
		}
		defer full.Close()
		for ; len(rows) >= q.perStatement; rows = rows[q.perStatement:] {
			if _, err := full.ExecContext(ctx, args(rows[:q.perStatement], fixed)...); err != nil {
				return err
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := q.conn.ExecContext(ctx, t.text(statement, len(rows), len(fixed)), args(rows, fixed)...)
	return err
}

// queryBulk is execBulk for a statement that answers rows.
func queryBulk(ctx context.Context, q tx, statement string, t table, scan func(*sql.Rows) error, fixed ...any) error {
	for rows := range slices.Chunk(t.rows, perQuery) {
		if err := each(ctx, q, t.text(statement, len(rows), len(fixed)), args(rows, fixed), scan); err != nil {
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
