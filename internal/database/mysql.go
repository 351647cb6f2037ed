package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/go-sql-driver/mysql"
)

const (
	// statementLimit is how long the server works on one statement before it
	// gives up. The client's own timeouts only close the connection: without
	// this the server would go on.
	statementLimit = 5 * time.Second
	// lockWaitLimit is how long a statement waits for a row lock: less than
	// statementLimit, so that it fails as busy, which is worth another try.
	lockWaitLimit = 3 * time.Second
)

// openMySQL opens a MySQL, MariaDB or TiDB server.
func openMySQL(ctx context.Context, rawURL string) (*DB, error) {
	config, err := mysqlConfig(rawURL)
	if err != nil {
		return nil, err
	}
	version, err := serverVersion(ctx, config)
	if err != nil {
		return nil, err
	}
	pool, err := mysqlPool(serving(config, version))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	pool.SetConnMaxLifetime(3 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &DB{
		Dialect: dialect.MySQL,
		Write:   pool,
		Read:    pool,
		connect: func() (*sql.DB, error) {
			unlimited := config.Clone()
			unlimited.ReadTimeout, unlimited.WriteTimeout = 0, 0
			// A schema change that waits for a busy table stops everybody
			// behind it: rather fail and be tried again.
			unlimited.Params["lock_wait_timeout"] = "60"
			return mysqlPool(unlimited)
		},
	}, nil
}

// mysqlConfig returns the driver's settings for the product's URL. Its errors
// do not repeat the URL, which holds the password.
func mysqlConfig(rawURL string) (*mysql.Config, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("the URL does not parse: percent-encode special characters in the password; " + expectedURL)
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr = "tcp", mysqlAddress(u)
	config.DBName = strings.TrimPrefix(u.Path, "/")
	switch {
	case config.User == "":
		return nil, errors.New("the URL names no user; " + expectedURL)
	case config.DBName == "" || strings.Contains(config.DBName, "/"):
		return nil, errors.New("the URL names no database; " + expectedURL)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("the URL's parameters do not parse; expected name=value&name=value")
	}
	for name := range query {
		switch value := query.Get(name); name {
		case "tls":
			config.TLSConfig = value
		case "socket":
			config.Net, config.Addr = "unix", value
		default:
			return nil, fmt.Errorf("the URL has an unknown parameter %q; expected tls or socket", name)
		}
	}
	if config.Addr == "" {
		return nil, errors.New("the URL names no host; " + expectedURL)
	}
	return config, applySettings(config)
}

func mysqlAddress(u *url.URL) string {
	if u.Hostname() == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// applySettings sets what every connection has in common. The session
// variables make servers with different defaults behave alike.
func applySettings(config *mysql.Config) error {
	config.Timeout = 5 * time.Second
	config.ReadTimeout = 10 * time.Second
	config.WriteTimeout = 10 * time.Second
	config.ParseTime = true
	config.Loc = time.UTC
	config.ClientFoundRows = true
	config.RejectReadOnly = true
	// A statement that is not prepared yet takes one round trip with its arguments in it; prepared for a single use it
	// would take three. The server reads the text as it was written: sql_mode leaves backslashes what the driver takes
	// them for, and the connection's character set is utf8mb4.
	config.InterpolateParams = true
	config.Logger = slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn)
	config.Params = map[string]string{
		"time_zone": "'+00:00'",
		"sql_mode": "'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE," +
			"ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
		"innodb_lock_wait_timeout": fmt.Sprint(int(lockWaitLimit.Seconds())),
	}
	return config.Apply(
		mysql.Charset("utf8mb4", ""),
		mysql.TimeTruncate(time.Microsecond),
	)
}

// serving returns a copy of config for connections that serve requests, in
// the server's own terms. They have the server's own limit on the time of a
// statement. And their transactions are READ COMMITTED: what a statement reads
// after a lock was taken is what was committed before, and locks cover rows
// and not the gaps between them.
func serving(config *mysql.Config, version string) *mysql.Config {
	c := config.Clone()
	const readCommitted = "'READ-COMMITTED'"
	if strings.Contains(strings.ToLower(version), "mariadb") {
		c.Params["max_statement_time"] = fmt.Sprint(statementLimit.Seconds())
		c.Params["tx_isolation"] = readCommitted
		// From 1,000 values on, a list in a statement is else made a table, and
		// whole tables are read to join it.
		c.Params["in_predicate_conversion_threshold"] = "0"
	} else {
		c.Params["max_execution_time"] = fmt.Sprint(statementLimit.Milliseconds())
		c.Params["transaction_isolation"] = readCommitted
	}
	return c
}

// serverVersion asks the server what it is, such as "8.4.3" or
// "10.11.14-MariaDB-log".
func serverVersion(ctx context.Context, config *mysql.Config) (version string, err error) {
	pool, err := mysqlPool(config)
	if err != nil {
		return "", err
	}
	err = pool.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version)
	return version, errors.Join(err, pool.Close())
}

func mysqlPool(config *mysql.Config) (*sql.DB, error) {
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(preparing{connector}), nil
}
