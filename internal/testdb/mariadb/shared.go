package mariadb

import (
	"os"
	"sync"
)

// URLVariable is the environment variable that names a running server, which
// is then used instead of starting one in every test process.
const URLVariable = "MANDATE_TEST_MYSQL_URL"

// URL returns the URL of the server that tests of this process share: the one
// named by URLVariable, else one started at the first call, which ends with
// this process. The database in the URL need not exist.
var URL = sync.OnceValues(func() (string, error) {
	if url := os.Getenv(URLVariable); url != "" {
		return url, nil
	}
	var err error
	if started, err = Start(); err != nil {
		return "", err
	}
	return started.URL("mandate"), nil
})

// started is kept from the garbage collector, which would close the pipe that
// keeps the server alive.
var started *Server
