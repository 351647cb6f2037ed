// Command diff writes the versioned migration that leads from the migrations there are to the Ent schema, for every
// engine: go run ./ent/migrate/diff NAME. It takes MariaDB from the path to work the MySQL statements out. Without a
// name it only writes the checksums anew, after a migration was written by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	atlas "ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	"mandate/ent/migrate"
	"mandate/internal/database"
	"mandate/internal/testdb/mariadb"
)

func main() {
	var err error
	switch len(os.Args) {
	case 1:
		err = errors.Join(sum("mysql"), sum("sqlite"))
	case 2:
		err = run(context.Background(), os.Args[1])
	default:
		err = errors.New("usage: go run ./ent/migrate/diff [NAME]")
	}
	if err != nil {
		log.Fatalln(err)
	}
}

func sum(engine string) error {
	dir, err := folder(engine)
	if err != nil {
		return err
	}
	checksum, err := dir.Checksum()
	if err != nil {
		return err
	}
	return atlas.WriteSumFile(dir, checksum)
}

func folder(engine string) (*atlas.LocalDir, error) {
	return atlas.NewLocalDir(filepath.Join("ent", "migrate", "migrations", engine))
}

func run(ctx context.Context, name string) error {
	temporary, err := os.MkdirTemp("", "mandate-diff-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	server, err := mariadb.Start()
	if err != nil {
		return err
	}
	defer server.Stop()
	admin, err := database.Open(ctx, server.URL("information_schema"))
	if err != nil {
		return err
	}
	defer admin.Close()
	if _, err := admin.Write.ExecContext(ctx, "CREATE DATABASE diff CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		return err
	}
	for engine, at := range map[string]string{"mysql": server.URL("diff"), "sqlite": "sqlite:" + filepath.Join(temporary, "diff.db")} {
		if err := write(ctx, engine, at, name); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
	}
	return nil
}

func write(ctx context.Context, engine, at, name string) error {
	db, err := database.Open(ctx, at)
	if err != nil {
		return err
	}
	defer db.Close()
	dir, err := folder(engine)
	if err != nil {
		return err
	}
	d := map[string]string{"mysql": dialect.MySQL, "sqlite": dialect.SQLite}[engine]
	return migrate.NewSchema(sql.OpenDB(d, db.Write)).NamedDiff(ctx, name,
		schema.WithDir(dir), schema.WithMigrationMode(schema.ModeReplay), schema.WithDialect(d),
		schema.WithFormatter(atlas.DefaultFormatter), schema.WithDropColumn(true), schema.WithDropIndex(true))
}
