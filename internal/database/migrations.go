package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"ariga.io/atlas/sql/migrate"
)

// Status lists the names of the migration files a database has seen through
// and of those it has not, in the order of their application.
type Status struct {
	Applied []string
	Pending []string
}

// Status compares the database with the migrations of this build. It changes
// nothing. It fails when the files do not match their checksums, when a file
// was edited after it had been applied, and when the database holds tables
// that no migration made.
func (db *DB) Status(ctx context.Context) (Status, error) {
	status, err := db.status(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("read migration status: %w", err)
	}
	return status, nil
}

func (db *DB) status(ctx context.Context) (Status, error) {
	run, err := db.newMigration(db.Read)
	if err != nil {
		return Status{}, err
	}
	pending, err := run.pending(ctx)
	if err != nil {
		return Status{}, err
	}
	var status Status
	for _, file := range pending {
		status.Pending = append(status.Pending, file.Name())
	}
	revisions, err := run.revisions.ReadRevisions(ctx)
	if err != nil {
		return Status{}, err
	}
	for _, r := range revisions {
		if r.Applied == r.Total {
			status.Applied = append(status.Applied, fileName(r))
		}
	}
	return status, nil
}

// Pending returns the names of the migration files not yet applied in full;
// none means the schema is up to date. It fails as Status does.
func (db *DB) Pending(ctx context.Context) ([]string, error) {
	status, err := db.Status(ctx)
	return status.Pending, err
}

// Migrate applies the pending migration files. Any number of processes may
// call it at once: one works, the others wait and find nothing left to do.
//
// On SQLite all pending files are applied or none. MySQL commits every schema
// change at once, so there a file that failed half-way is continued at the
// statement that failed when Migrate is called again, and one whose process was
// killed at the statement that was in hand then.
//
// Migrate fails as Status does, when a statement fails, when something is
// pending and the user may not change the schema, and when another process
// migrates for longer than a minute.
func (db *DB) Migrate(ctx context.Context) (err error) {
	defer func() {
		if IsDenied(err) {
			err = fmt.Errorf("this database user may not change the schema, migrate as another one: %w", err)
		}
		if err != nil {
			err = fmt.Errorf("migrate database: %w", err)
		}
	}()
	pool, err := db.connect()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if db.isSQLite() {
		return db.migrateSQLite(ctx, pool)
	}
	return db.migrateMySQL(ctx, pool)
}

// migrateSQLite applies everything in one transaction, which being immediate
// also keeps other processes out.
func (db *DB) migrateSQLite(ctx context.Context, pool *sql.DB) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	run, err := db.newMigration(tx)
	if err != nil {
		return err
	}
	if err := run.apply(ctx); err != nil {
		return err
	}
	if err := checkForeignKeys(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// checkForeignKeys fails when a row refers to a row that is not there.
func checkForeignKeys(ctx context.Context, tx *sql.Tx) error {
	var table string
	err := tx.QueryRowContext(ctx, "SELECT `table` FROM pragma_foreign_key_check LIMIT 1").Scan(&table)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("check foreign keys: %w", err)
	default:
		return fmt.Errorf("the migrations leave rows in %s that refer to missing rows", table)
	}
}

// migrateMySQL holds a lock of the server named after the database while it
// works; it is released with the connection, also when this process dies.
func (db *DB) migrateMySQL(ctx context.Context, pool *sql.DB) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var locked sql.NullBool
	const lock = "SELECT GET_LOCK(CONCAT('mandate.migrate.', SHA1(DATABASE())), 60)"
	if err := conn.QueryRowContext(ctx, lock).Scan(&locked); err != nil {
		return fmt.Errorf("take the migration lock: %w", err)
	}
	if !locked.Bool {
		return errors.New("another process has been migrating this database for a minute: try again later")
	}
	run, err := db.newMigration(conn)
	if err != nil {
		return err
	}
	return run.apply(ctx)
}

// migration is one use of the migration files on one connection.
type migration struct {
	dir       migrate.Dir
	revisions *revisions
	executor  *migrate.Executor
	doubt     *doubt
}

func (db *DB) newMigration(conn querier) (*migration, error) {
	folder := "mysql"
	if db.isSQLite() {
		folder = "sqlite"
	}
	dir, err := loadFiles(db.migrations, folder)
	if err != nil {
		return nil, err
	}
	doubt := &doubt{querier: conn}
	table := &revisions{conn: conn, sqlite: db.isSQLite()}
	executor, err := migrate.NewExecutor(&atlasDriver{conn: doubt, sqlite: db.isSQLite()}, dir, table)
	if err != nil {
		return nil, err
	}
	return &migration{dir, table, executor, doubt}, nil
}

// loadFiles copies the migration files of one database kind into the form the
// executor reads.
func loadFiles(files fs.FS, folder string) (migrate.Dir, error) {
	dir := &migrate.MemDir{}
	names, err := fs.Glob(files, folder+"/*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if err := dir.WriteFile(path.Base(name), content); err != nil {
			return nil, err
		}
	}
	return dir, nil
}

func (m *migration) apply(ctx context.Context) error {
	if err := m.revisions.create(ctx); err != nil {
		return err
	}
	pending, err := m.pending(ctx)
	if err != nil {
		return err
	}
	for _, file := range pending {
		if m.doubt.inDoubt, err = m.interrupted(ctx, file); err != nil {
			return err
		}
		if err := m.executor.Execute(ctx, file); err != nil {
			return fmt.Errorf("apply %s: %w", file.Name(), err)
		}
	}
	return nil
}

func (m *migration) pending(ctx context.Context) ([]migrate.File, error) {
	pending, err := m.executor.Pending(ctx)
	if err != nil && !errors.Is(err, migrate.ErrNoPendingFiles) {
		return nil, err
	}
	return pending, m.unchanged(ctx)
}

// unchanged fails when a file differs from what was applied under its name.
func (m *migration) unchanged(ctx context.Context) error {
	sums, err := m.dir.Checksum()
	if err != nil {
		return err
	}
	applied, err := m.revisions.ReadRevisions(ctx)
	if err != nil {
		return err
	}
	for _, r := range applied {
		sum, err := sums.SumByName(fileName(r))
		if err == nil && r.Applied == r.Total && sum != r.Hash {
			return fmt.Errorf("migration %s is not the file that was applied to this database", fileName(r))
		}
	}
	return nil
}

func fileName(r *migrate.Revision) string {
	if r.Description == "" {
		return r.Version + ".sql"
	}
	return r.Version + "_" + r.Description + ".sql"
}
