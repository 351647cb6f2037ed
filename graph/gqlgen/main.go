// Command gqlgen generates the server's glue as gqlgen does, but for how a selection is executed, which package exec does.
// It runs in the module's root.
package main

import (
	_ "embed"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
)

func main() {
	log.SetOutput(io.Discard) // gqlgen tells how it binds every field
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate the server's glue:", err)
		os.Exit(1)
	}
}

func generate() error {
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		return err
	}
	cfg.SkipValidation = true // the compiler sees the result anyway
	kept := new(keeper)
	if err := api.Generate(cfg, api.PrependPlugin(kept)); err != nil {
		return err
	}
	files, err := ours()
	if err != nil {
		return err
	}
	return templates.Render(templates.Options{PackageName: cfg.Exec.Package, Filename: cfg.Exec.Filename, Data: kept.data,
		RegionTags: true, GeneratedHeader: true, Packages: cfg.Packages, TemplateFS: files, PruneOptions: cfg.GetPruneOptions()})
}

// keeper keeps what gqlgen executes its templates with.
type keeper struct{ data *codegen.Data }

// Name names the plugin.
func (*keeper) Name() string { return "keeper" }

// GenerateCode keeps the data, and generates nothing. A subscription is executed anew for each of its events, as a query is:
// its resolvers return values, and no channels.
func (k *keeper) GenerateCode(data *codegen.Data) error {
	k.data = data
	if root := data.SubscriptionRoot; root != nil {
		root.Stream = false
		for _, f := range root.Fields {
			f.Stream = false
		}
	}
	return nil
}

var (
	//go:embed object.gotpl
	object string
	//go:embed field.gotpl
	field string
	//go:embed subscription.gotpl
	subscription string
)

// ours returns gqlgen's templates, with our own of objects and fields, lists that are marshalled by package exec, and subscriptions
// that are executed as queries are. Nothing asks a context for the unmarshalers of inputs, which would be put together for every
// request.
func ours() (fs.FS, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/99designs/gqlgen").Output()
	if err != nil {
		return nil, fmt.Errorf("find gqlgen: %w", err)
	}
	files := fstest.MapFS{"object.gotpl": {Data: []byte(object)}, "field.gotpl": {Data: []byte(field)}}
	for _, name := range []string{"api!", "internal!", "args", "directives_", "generated!", "input", "interface", "type"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "codegen", name+".gotpl"))
		if err != nil {
			return nil, err
		}
		files[name+".gotpl"] = &fstest.MapFile{Data: text}
	}
	for _, p := range []struct{ file, from, to, with string }{
		{"generated!.gotpl", "{{ reserveImport \"io\"", "  }}", `{{ reserveImport "mandate/graph/exec" }}{{ reserveImport "io" }}`},
		{"type.gotpl", "graphql.MarshalSliceConcurrently(ctx, len(v), ", "fc.Result = &v[i]", "exec.List(ctx, len(v), func(ctx context.Context, i int) graphql.Marshaler {"},
		{"internal!.gotpl", "{{- range $input := .Inputs -}}", "\n\t)", ")"},
		{"internal!.gotpl", "// childFields_", `{{ template "globalMiddleware" . }}`, `{{ template "globalMiddleware" . }}`},
		{"internal!.gotpl", "{{- if .SubscriptionRoot }} case ast.Subscription:", "	{{ end }}\n\tdefault:", subscription + "\tdefault:"},
	} {
		text := string(files[p.file].Data)
		before, rest, found := strings.Cut(text, p.from)
		_, after, closed := strings.Cut(rest, p.to)
		if !found || !closed || strings.Contains(after, p.from) {
			return nil, fmt.Errorf("gqlgen's template %s is not what it was: %q is not there once", p.file, p.from)
		}
		files[p.file].Data = []byte(before + p.with + after)
	}
	return files, nil
}
