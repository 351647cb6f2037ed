package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"ariga.io/atlas/sql/migrate"
)

const revisionTable = "schema_revisions"

// querier is what migrations need of a connection, a transaction or a pool.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// revisions records in a table of its own which migration files were applied,
// and how far the last one got. It implements migrate.RevisionReadWriter.
type revisions struct {
	conn   querier
	sqlite bool
}

var _ migrate.RevisionReadWriter = (*revisions)(nil)

// Ident names the table, for the executor to tell it from the product's own.
func (*revisions) Ident() *migrate.TableIdent {
	return &migrate.TableIdent{Name: revisionTable}
}

// create makes the table when it is absent. It looks first: a user that may not
// create tables then finds an up-to-date schema up to date.
func (t *revisions) create(ctx context.Context) error {
	if exists, err := t.exists(ctx); err != nil || exists {
		return err
	}
	moment, options := "datetime(6)", " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	if t.sqlite {
		moment, options = "datetime", ""
	}
	_, err := t.conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+revisionTable+` (
		version        varchar(64)  NOT NULL PRIMARY KEY,
		description    varchar(255) NOT NULL,
		kind           int          NOT NULL,
		applied        int          NOT NULL,
		total          int          NOT NULL,
		executed_at    `+moment+`   NOT NULL,
		execution_time bigint       NOT NULL,
		error          text         NOT NULL,
		error_stmt     text         NOT NULL,
		hash           varchar(64)  NOT NULL,
		partial_hashes text         NOT NULL
	)`+options)
	if err != nil {
		return fmt.Errorf("create table %s: %w", revisionTable, err)
	}
	return nil
}

func (t *revisions) exists(ctx context.Context) (bool, error) {
	query := "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
	if t.sqlite {
		query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
	}
	rows, err := t.conn.QueryContext(ctx, query, revisionTable)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}

const selectRevisions = `SELECT version, description, kind, applied, total,
	executed_at, execution_time, error, error_stmt, hash, partial_hashes
	FROM ` + revisionTable

// ReadRevisions returns all revisions, oldest first, and none when the table
// does not exist yet.
func (t *revisions) ReadRevisions(ctx context.Context) ([]*migrate.Revision, error) {
	if exists, err := t.exists(ctx); err != nil || !exists {
		return nil, err
	}
	return t.read(ctx, selectRevisions+" ORDER BY version")
}

// ReadRevision returns the revision of a version, or
// migrate.ErrRevisionNotExist.
func (t *revisions) ReadRevision(ctx context.Context, version string) (*migrate.Revision, error) {
	found, err := t.read(ctx, selectRevisions+" WHERE version = ?", version)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, migrate.ErrRevisionNotExist
	}
	return found[0], nil
}

func (t *revisions) read(ctx context.Context, query string, args ...any) ([]*migrate.Revision, error) {
	rows, err := t.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []*migrate.Revision
	for rows.Next() {
		var r migrate.Revision
		var took int64
		var partial []byte
		if err := rows.Scan(&r.Version, &r.Description, &r.Type, &r.Applied, &r.Total,
			&r.ExecutedAt, &took, &r.Error, &r.ErrorStmt, &r.Hash, &partial); err != nil {
			return nil, err
		}
		r.ExecutionTime = time.Duration(took)
		if err := json.Unmarshal(partial, &r.PartialHashes); err != nil {
			return nil, fmt.Errorf("revision %s: partial hashes: %w", r.Version, err)
		}
		found = append(found, &r)
	}
	return found, rows.Err()
}

// WriteRevision inserts or overwrites the revision of a version.
func (t *revisions) WriteRevision(ctx context.Context, r *migrate.Revision) error {
	partial, err := json.Marshal(r.PartialHashes)
	if err != nil {
		return err
	}
	_, err = t.conn.ExecContext(ctx, "REPLACE INTO "+revisionTable+` (version, description, kind, applied, total,
		executed_at, execution_time, error, error_stmt, hash, partial_hashes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Version, r.Description, uint(r.Type), r.Applied, r.Total,
		r.ExecutedAt, int64(r.ExecutionTime), r.Error, r.ErrorStmt, r.Hash, string(partial))
	return err
}

// DeleteRevision removes the revision of a version.
func (t *revisions) DeleteRevision(ctx context.Context, version string) error {
	_, err := t.conn.ExecContext(ctx, "DELETE FROM "+revisionTable+" WHERE version = ?", version)
	return err
}
