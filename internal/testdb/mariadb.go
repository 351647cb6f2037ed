package testdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mandate/ent/migrate/migrations"
	"mandate/internal/database"
	"mandate/internal/testdb/mariadb"
)

// cloner makes copies of a migrated database.
type cloner struct {
	server url.URL       // the server, with any database name
	admin  *database.DB  // creates and drops databases
	script []string      // what makes an empty database equal to the template
	prefix string        // of the names of the copies, unlike other processes'
	count  atomic.Uint64 // copies made, for the rest of their names
}

func newMariaDB(t testing.TB) string {
	t.Helper()
	c, url := emptyMariaDB(t)
	if err := c.fill(context.Background(), url); err != nil {
		t.Fatalf("clone the MariaDB template: %v", err)
	}
	return url
}

// emptyMariaDB returns the URL of a database without tables, and what fills it.
func emptyMariaDB(t testing.TB) (*cloner, string) {
	t.Helper()
	c, err := sharedCloner()
	if err != nil {
		t.Fatalf("prepare the MariaDB template: %v", err)
	}
	name := fmt.Sprintf("%s_%d", c.prefix, c.count.Add(1))
	t.Cleanup(func() {
		if _, err := c.admin.Write.Exec("DROP DATABASE IF EXISTS " + name); err != nil {
			t.Logf("drop %s, perhaps still in use: %v", name, err)
		}
	})
	if _, err := c.admin.Write.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create a MariaDB database: %v", err)
	}
	return c, c.url(name)
}

// sharedCloner returns the one cloner of this process. Processes that use the
// same server share the template, whose name tells which migrations made it.
var sharedCloner = sync.OnceValues(func() (*cloner, error) {
	ctx := context.Background()
	raw, err := mariadb.URL()
	if err != nil {
		return nil, err
	}
	server, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New(mariadb.URLVariable + " is not a URL")
	}
	c := &cloner{server: *server, prefix: fmt.Sprintf("mandate_test_%016x", rand.Uint64())}
	// This database every server has.
	if c.admin, err = database.Open(ctx, c.url("information_schema")); err != nil {
		return nil, err
	}
	template, err := templateName()
	if err != nil {
		return nil, err
	}
	if _, err := c.admin.Write.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+template); err != nil {
		return nil, err
	}
	if err := migrated(c.url(template)); err != nil {
		return nil, err
	}
	c.script, err = c.describe(ctx, template)
	return c, err
})

func templateName() (string, error) {
	sum, err := migrations.Files.ReadFile("mysql/atlas.sum")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("mandate_template_%.8x", sha256.Sum256(sum)), nil
}

func (c *cloner) url(name string) string {
	u := c.server
	u.Path = "/" + name
	return u.String()
}

// fill makes an empty database equal to the template.
func (c *cloner) fill(ctx context.Context, url string) (err error) {
	db, err := database.Open(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, statement := range c.script {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// describe returns the statements that make an empty database equal to the
// template: its tables, whatever the order of their foreign keys, and rows.
func (c *cloner) describe(ctx context.Context, template string) ([]string, error) {
	db, err := database.Open(ctx, c.url(template))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	tables, err := texts(ctx, db.Read, `SELECT table_name FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name`)
	if err != nil {
		return nil, err
	}
	script := []string{"SET foreign_key_checks = 0"}
	for _, table := range tables {
		var create string
		if err := db.Read.QueryRowContext(ctx, "SHOW CREATE TABLE `"+table+"`").Scan(&table, &create); err != nil {
			return nil, err
		}
		script = append(script, create)
	}
	for _, table := range tables {
		insert, err := copyRows(ctx, db.Read, template, table)
		if err != nil {
			return nil, err
		}
		script = append(script, insert...)
	}
	return script, nil
}

// copyRows returns the statement that copies the rows of a table, if any.
func copyRows(ctx context.Context, db *sql.DB, template, table string) ([]string, error) {
	rows, err := texts(ctx, db, "SELECT 1 FROM `"+table+"` LIMIT 1")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	columns, err := texts(ctx, db, `SELECT column_name FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name = ? AND COALESCE(generation_expression, '') = ''`, table)
	if err != nil {
		return nil, err
	}
	list := "`" + strings.Join(columns, "`, `") + "`"
	return []string{fmt.Sprintf("INSERT INTO `%s` (%s) SELECT %s FROM `%s`.`%s`",
		table, list, list, template, table)}, nil
}

// texts returns the single column of a query.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}
