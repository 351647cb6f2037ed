package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mandate/internal/database"
)

// readSettings reads what a server of MySQL's kind is set to, for the program's own connections.
func readSettings(ctx context.Context, pool *sql.DB) (map[string]string, error) {
	rows, err := pool.QueryContext(ctx, `SHOW SESSION VARIABLES WHERE variable_name IN ('version', 'sql_mode', 'time_zone', 'tx_isolation',
		'transaction_isolation', 'innodb_flush_log_at_trx_commit', 'max_connections', 'foreign_key_checks')`)
	if err != nil {
		return nil, fmt.Errorf("read the server's settings: %w", err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		found[strings.ToLower(name)] = value
	}
	return found, rows.Err()
}

// serverChecks look at the settings of a server of MySQL's kind.
func serverChecks() []check {
	setting := func(name string, level Level, advice string, wrong func(x *examination) string) check {
		return check{name, level, advice, func(_ context.Context, x *examination) ([]string, error) {
			if fault := wrong(x); fault != "" {
				return []string{fault}, nil
			}
			return nil, nil
		}}
	}
	return []check{
		setting("server version", Fail, "Use MySQL 8.0 or later, or MariaDB 10.6 or later.", outdated),
		setting("strict SQL mode", Fail, "Something between the program and the server changes sql_mode: without STRICT_ALL_TABLES values are cut off silently.", func(x *examination) string {
			modes := strings.Split(x.settings["sql_mode"], ",")
			if slices.Contains(modes, "STRICT_ALL_TABLES") || slices.Contains(modes, "STRICT_TRANS_TABLES") {
				return ""
			}
			return fmt.Sprintf("sql_mode is %q", x.settings["sql_mode"])
		}),
		setting("time zone", Fail, "Something between the program and the server changes time_zone: times are kept in UTC.", func(x *examination) string {
			return unless(x.settings["time_zone"] == "+00:00", "time_zone is "+x.settings["time_zone"])
		}),
		setting("foreign keys", Fail, "Something between the program and the server turns foreign_key_checks off.", func(x *examination) string {
			return unless(x.settings["foreign_key_checks"] == "ON", "foreign_key_checks is "+x.settings["foreign_key_checks"])
		}),
		setting("isolation", Fail, "Set transaction_isolation to REPEATABLE-READ or READ-COMMITTED.", func(x *examination) string {
			level := x.settings["transaction_isolation"] + x.settings["tx_isolation"] // MariaDB 11.1 has both names, the same value twice
			return unless(!strings.Contains(level, "READ-UNCOMMITTED") && !strings.Contains(level, "SERIALIZABLE"), "transaction_isolation is "+level)
		}),
		setting("durable commits", Warn, "Set innodb_flush_log_at_trx_commit to 1: otherwise a crash of the server loses what was acknowledged.", func(x *examination) string {
			value := x.settings["innodb_flush_log_at_trx_commit"]
			return unless(value == "1", "innodb_flush_log_at_trx_commit is "+value)
		}),
		setting("connections", Fail, "Raise max_connections: every server of this kind takes as many connections as its pool is large.", func(x *examination) string {
			most, _ := strconv.Atoi(x.settings["max_connections"])
			pool := x.db.Write.Stats().MaxOpenConnections
			return unless(pool < most, fmt.Sprintf("max_connections is %d, and the pool of one server %d", most, pool))
		}),
	}
}

func unless(fine bool, fault string) string {
	if fine {
		return ""
	}
	return fault
}

// outdated says that the server is older than what the product is made for.
func outdated(x *examination) string {
	version := x.settings["version"]
	least := [2]int{8, 0}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		least = [2]int{10, 6}
	}
	var major, minor int
	_, err := fmt.Sscanf(version, "%d.%d", &major, &minor)
	return unless(err == nil && (major > least[0] || major == least[0] && minor >= least[1]), "the version is "+version)
}

// sqliteChecks look at the settings of a SQLite file, and at the file.
func sqliteChecks() []check {
	pragma := func(name string, level Level, advice, query, want string, write bool) check {
		return check{name, level, advice, func(ctx context.Context, x *examination) ([]string, error) {
			pool, got := x.db.Read, ""
			if write {
				pool = x.db.Write
			}
			if err := pool.QueryRowContext(ctx, "PRAGMA "+query).Scan(&got); err != nil {
				return nil, fmt.Errorf("ask for %s: %w", query, err)
			}
			if got != want {
				return []string{query + " is " + got}, nil
			}
			return nil, nil
		}}
	}
	return []check{
		pragma("foreign keys", Fail, "The program turns them on for every connection: report this.", "foreign_keys", "1", true),
		pragma("write-ahead log", Warn, "mandate serve turns it on; if it stays so, put the file onto a local disk, where it works.", "journal_mode", "wal", false),
		pragma("durable commits", Fail, "The program sets it: report this. Otherwise a power cut loses what was acknowledged.", "synchronous", "2", true),
		pragma("integrity of the file", Fail, "The file is damaged: restore a backup.", "integrity_check(1)", "ok", false),
	}
}

var clockCheck = check{"clocks", Fail, "Synchronise the clocks of both machines: access ends by the program's.", func(ctx context.Context, x *examination) ([]string, error) {
	drift, err := x.db.Drift(ctx, x.clock)
	if err != nil || drift.Abs() <= database.MostDrift {
		return nil, err
	}
	return []string{fmt.Sprintf("the database's clock is %v off this machine's", drift.Round(time.Millisecond))}, nil
}}

const schemaCheck = "schema revision"

var revisionCheck = check{schemaCheck, Fail, "Run mandate migrate up; with an error about a file or a table, restore what was changed by hand.", func(ctx context.Context, x *examination) ([]string, error) {
	status, err := x.db.Status(ctx)
	if err != nil {
		return []string{err.Error()}, nil
	}
	if len(status.Applied) == 0 {
		return []string{"the database is empty"}, nil
	}
	var faults []string
	for _, name := range status.Pending {
		faults = append(faults, name+" is missing")
	}
	return faults, nil
}}
