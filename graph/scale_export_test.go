package graph_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestAnExportOfAHundredThousandEvents holds a page of them in memory at a time.
func TestAnExportOfAHundredThousandEvents(t *testing.T) {
	// Not parallel: it looks at the memory of the whole program.
	const all, most = 100_000, 20 << 20
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		t.Run(engine, func(t *testing.T) {
			s := scene{t, testworld.New(t, testdb.New(t, engine))}
			acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
			s.connected(acme, contoso, "PRIME_ADMIN")
			manyEvents(s, acme, contoso, all)
			s.Later(time.Minute)
			export := exporter(s.World, func(*http.Request) (context.Context, error) { return acme.Admin.Context(), nil })
			mux := http.NewServeMux()
			mux.Handle("GET /audit/{tenantId}", export)
			server := httptest.NewServer(mux)
			defer server.Close()

			for _, format := range []string{"ndjson", "csv"} {
				debug.FreeOSMemory()
				before := memory()
				ctx, stop := context.WithCancel(t.Context())
				peak := make(chan uint64)
				go func() { peak <- highest(ctx) }()
				lines := 0
				answer, err := server.Client().Get(server.URL + "/audit/" + contoso.ID + "?format=" + format)
				s.must(err)
				for in := bufio.NewScanner(answer.Body); in.Scan(); lines++ {
					continue
				}
				s.must(answer.Body.Close())
				stop()
				grown := int64(<-peak) - int64(before)
				t.Logf("%s: %d lines, %.1f MB more at most", format, lines, float64(grown)/(1<<20))
				if lines < all {
					t.Errorf("%s: %d lines", format, lines)
				}
				if grown > most {
					t.Errorf("%s: %d bytes more are held; want at most %d", format, grown, most)
				}
			}
		})
	}
}

// memory is how much the program holds, garbage included.
func memory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

// highest watches what the program holds until ctx is done.
func highest(ctx context.Context) (most uint64) {
	for ctx.Err() == nil {
		most = max(most, memory())
		time.Sleep(5 * time.Millisecond)
	}
	return most
}
