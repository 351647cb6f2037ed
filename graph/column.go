package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent/auditevent"
	"mandate/ent/member"
	"mandate/ent/tenant"
)

// columns says which columns the fields of a type are made of, by the names of the fields. Those under the empty name are
// for all: how a row is known, and how it is guarded.
type columns map[string][]string

// The widest rows that come in long lists. A field that is not named here is made of nothing but what all are made of.
var (
	memberColumns = columns{
		"":               {member.FieldID, member.FieldTenantID, member.FieldUserID},
		"firstName":      {member.FieldFirstName},
		"lastName":       {member.FieldLastName},
		"name":           {member.FieldFirstName, member.FieldLastName},
		"userId":         {member.FieldHandle},
		"label":          {member.FieldLabel},
		"phone":          {member.FieldPhone},
		"status":         {member.FieldStatus},
		"email":          {member.FieldStatus},
		"guest":          {member.FieldGuest},
		"administrator":  {member.FieldAdministrator},
		"allSites":       {member.FieldAllSites},
		"sites":          {member.FieldAllSites, member.FieldAdministrator},
		"role":           {member.FieldRoleID},
		"permissions":    {member.FieldRoleID, member.FieldAdministrator, member.FieldGuest},
		"lastSignedInAt": {member.FieldLastSignedInAt},
		"version":        {member.FieldVersion},
		"createdAt":      {member.FieldCreatedAt},
		"updatedAt":      {member.FieldUpdatedAt},
	}
	auditEventColumns = columns{
		"":            {auditevent.FieldID, auditevent.FieldAt, auditevent.FieldAction, auditevent.FieldTenantID, auditevent.FieldOtherTenantID, auditevent.FieldTargetID},
		"apiToken":    {auditevent.FieldAPIToken},
		"actor":       {auditevent.FieldActorName},
		"actorTenant": {auditevent.FieldActorTenantName, auditevent.FieldActorTenantKind},
		"onBehalfOf":  {auditevent.FieldOnBehalfOfName, auditevent.FieldOnBehalfOfKind},
		"targetName":  {auditevent.FieldTargetName},

		"reason":    {auditevent.FieldReason},
		"requestId": {auditevent.FieldRequestID},
		"changes":   {auditevent.FieldChanges},
		"address":   {auditevent.FieldAddress},
	}
	tenantColumns = columns{
		"":                   {tenant.FieldID, tenant.FieldKind, tenant.FieldName, tenant.FieldStatus},
		"accountNumber":      {tenant.FieldAccountNumber},
		"email":              {tenant.FieldEmail},
		"signUpPolicy":       {tenant.FieldSignUpPolicy},
		"signUpCode":         {tenant.FieldSignUpCode, tenant.FieldSignUpPolicy},
		"serviceActivatedAt": {tenant.FieldServiceActivatedAt},
		"address":            {tenant.FieldStreet, tenant.FieldCity, tenant.FieldRegion, tenant.FieldPostalCode, tenant.FieldCountry},
		"version":            {tenant.FieldVersion},
		"createdAt":          {tenant.FieldCreatedAt},
		"updatedAt":          {tenant.FieldUpdatedAt},
	}
)

type selectedKey struct{}

// selecting returns a context in which rows are loaded for the selection below the field that is being resolved, and for
// nothing else: of those types that say so, only the columns that it takes.
func selecting(ctx context.Context) context.Context {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return ctx
	}
	names := make(map[string]bool)
	namesIn(fc.Field.Selections, names, make(map[string]bool))
	return context.WithValue(ctx, selectedKey{}, names)
}

// selectingNone returns a context in which rows are loaded to know that they are there.
func selectingNone(ctx context.Context) context.Context {
	return context.WithValue(ctx, selectedKey{}, map[string]bool{})
}

// selectedBeside reports whether a field is selected, too, of the row whose field is being resolved.
func selectedBeside(ctx context.Context, name string) bool {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return false
	}
	for fc = fc.Parent; fc != nil; fc = fc.Parent {
		if fc.Field.Field != nil { // and not an element of a list
			beside := graphql.CollectFields(graphql.GetOperationContext(ctx), fc.Field.Selections, nil)
			return slices.ContainsFunc(beside, func(f graphql.CollectedField) bool { return f.Name == name })
		}
	}
	return false
}

// namesIn collects the names of all fields in a selection, to any depth. It goes into a fragment once: those that spread one
// another by several ways have no end when they are written out.
func namesIn(selections ast.SelectionSet, names, fragments map[string]bool) {
	for _, s := range selections {
		switch s := s.(type) {
		case *ast.Field:
			names[s.Name] = true
			namesIn(s.SelectionSet, names, fragments)
		case *ast.InlineFragment:
			namesIn(s.SelectionSet, names, fragments)
		case *ast.FragmentSpread:
			if !fragments[s.Name] {
				fragments[s.Name] = true
				namesIn(s.Definition.SelectionSet, names, fragments)
			}
		}
	}
}

// selected returns the names of the fields for which rows are loaded, nil for all.
func selected(ctx context.Context) map[string]bool {
	names, _ := ctx.Value(selectedKey{}).(map[string]bool)
	return names
}

// of lists the columns to load, none for all of them: some too many, where a field of the same name is selected of another
// type.
func (c columns) of(ctx context.Context) (list []string) {
	names := selected(ctx)
	if names == nil {
		return nil
	}
	list = slices.Clone(c[""])
	for name, of := range c {
		if names[name] {
			list = append(list, of...)
		}
	}
	return distinct(list)
}
