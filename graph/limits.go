package graph

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The bounds of a document. They are looked at before the document is validated, which can take long.
const (
	mostDocument           = 16 << 10 // in bytes
	mostTokens             = 1000
	mostDepth              = 12
	mostIntrospectionDepth = 20 // what tools ask for goes down 15 levels
	mostAliases            = 15
	mostAliasLength        = 64 // in bytes: it stands in the answer once a row
	mostRootFields         = 10
	mostDirectives         = 20
	mostFragments          = 50
	mostOperations         = 10
	mostDuplicates         = 15 // selections of what the same selection set selects already
	mostCredentials        = 1  // fields of an operation that deal with credentials
	mostErrors             = 10 // that are told of a document
)

// endless stands for every number that is larger: sums and products stop there.
const endless = 1 << 30

// credentials are the fields by which a password or the token of a link is tried, that make an API token, or by which a
// stranger has mail sent. An operation has one of them at most, so that whoever guesses pays a request for each guess.
var credentials = map[string]bool{
	"acceptInvitation": true, "changeEmail": true, "changePassword": true, "createApiToken": true, "declineInvitation": true,
	"invitationByToken": true, "reauthenticate": true, "requestPasswordReset": true, "resetPassword": true, "signIn": true,
	"signUp": true, "verifyEmail": true,
}

func tooComplex(format string, args ...any) *fault {
	return &fault{code: "QUERY_TOO_COMPLEX", message: fmt.Sprintf(format, args...)}
}

// extent is how far a selection set reaches, with its fragments written out.
type extent struct {
	depth         int // levels of fields
	introspection int // levels of fields from __schema and __type on
	fields        int // on its first level
	credentials   int // on its first level
}

// beside is the extent of two selections of one set.
func (e extent) beside(o extent) extent {
	return extent{
		depth: max(e.depth, o.depth), introspection: max(e.introspection, o.introspection),
		fields: min(e.fields+o.fields, endless), credentials: min(e.credentials+o.credentials, endless),
	}
}

// survey goes once over every definition of a document, however often fragments are spread: it takes time in proportion to
// the document's length.
type survey struct {
	fragments  map[string]*ast.FragmentDefinition
	extents    map[string]*extent // of fragments; nil while one is being looked at
	aliases    int
	longest    int // bytes of an alias
	directives int
	duplicates int
	cycle      string // a fragment that spreads itself
}

// withinLimits returns what is wrong with the size or the form of a parsed document, or nil.
func withinLimits(doc *ast.QueryDocument, introspection bool) error {
	if len(doc.Fragments) > mostFragments {
		return tooComplex("The document has more than %d fragments.", mostFragments)
	}
	if len(doc.Operations) > mostOperations {
		return tooComplex("The document has more than %d operations.", mostOperations)
	}
	s := &survey{fragments: make(map[string]*ast.FragmentDefinition), extents: make(map[string]*extent)}
	for _, f := range doc.Fragments {
		s.fragments[f.Name] = f
	}
	var widest extent
	for _, o := range doc.Operations {
		s.directives += len(o.Directives)
		for _, v := range o.VariableDefinitions {
			s.directives += len(v.Directives)
		}
		e := s.set(o.SelectionSet)
		widest = extent{
			depth: max(widest.depth, e.depth), introspection: max(widest.introspection, e.introspection),
			fields: max(widest.fields, e.fields), credentials: max(widest.credentials, e.credentials),
		}
	}
	for _, f := range doc.Fragments { // those that no operation spreads, too
		widest.introspection = max(widest.introspection, s.fragment(f.Name).introspection)
	}
	return s.verdict(widest, introspection)
}

func (s *survey) verdict(e extent, introspection bool) error {
	switch {
	case s.cycle != "":
		return invalid("A fragment spreads itself.")
	case e.introspection > 0 && !introspection:
		return invalid("This server does not answer questions about its schema.")
	case s.directives > mostDirectives:
		return tooComplex("The document has more than %d directives.", mostDirectives)
	case s.aliases > mostAliases:
		return tooComplex("The document has more than %d aliases.", mostAliases)
	case s.longest > mostAliasLength:
		return tooComplex("An alias is longer than %d characters.", mostAliasLength)
	case s.duplicates > mostDuplicates:
		return tooComplex("The document selects the same thing twice in more than %d places.", mostDuplicates)
	case e.credentials > mostCredentials:
		return tooComplex("Send it alone: an operation has at most one field that deals with credentials.")
	case e.fields > mostRootFields:
		return tooComplex("An operation has more than %d root fields.", mostRootFields)
	case e.depth > mostDepth:
		return tooComplex("An operation goes deeper than %d fields.", mostDepth)
	case e.introspection > mostIntrospectionDepth:
		return tooComplex("An operation goes deeper than %d fields into the schema.", mostIntrospectionDepth)
	}
	return nil
}

func invalid(message string) error {
	e := gqlerror.Errorf("%s", message)
	errcode.Set(e, errcode.ValidationFailed)
	return e
}

// set looks at a selection set.
func (s *survey) set(set ast.SelectionSet) extent { return s.among(make(map[string]bool), set) }

// among looks at selections that stand beside those seen: an inline fragment's stand in the set that it stands in, too. The
// validator compares all of them with one another, each with each.
func (s *survey) among(seen map[string]bool, set ast.SelectionSet) extent {
	var e extent
	note := func(selected string) {
		if seen[selected] {
			s.duplicates++
		}
		seen[selected] = true
	}
	for _, selection := range set {
		switch x := selection.(type) {
		case *ast.Field:
			note(x.Alias)
			e = e.beside(s.field(x))
		case *ast.InlineFragment:
			s.directives += len(x.Directives)
			e = e.beside(s.among(seen, x.SelectionSet))
		case *ast.FragmentSpread:
			note("..." + x.Name)
			s.directives += len(x.Directives)
			e = e.beside(s.fragment(x.Name))
		}
	}
	return e
}

func (s *survey) field(f *ast.Field) extent {
	s.directives += len(f.Directives)
	if f.Alias != f.Name {
		s.aliases++
		s.longest = max(s.longest, len(f.Alias))
	}
	below := s.set(f.SelectionSet)
	e := extent{depth: below.depth + 1, introspection: below.introspection, fields: 1}
	if f.Name == "__schema" || f.Name == "__type" {
		e.depth, e.introspection = 1, e.depth
	}
	if credentials[f.Name] {
		e.credentials = 1
	}
	return e
}

func (s *survey) fragment(name string) extent {
	known, begun := s.extents[name]
	definition := s.fragments[name]
	switch {
	case known != nil:
		return *known
	case begun:
		s.cycle = name
		return extent{}
	case definition == nil: // which validation tells
		return extent{}
	}
	s.extents[name] = nil
	s.directives += len(definition.Directives)
	e := s.set(definition.SelectionSet)
	s.extents[name] = &e
	return e
}
