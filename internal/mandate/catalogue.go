package mandate

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"

	"entgo.io/ent/dialect"

	"mandate/ent"
	"mandate/ent/feature"
	"mandate/ent/memberpermission"
	"mandate/ent/rolepermission"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// mostFeatures is how many features the catalogue offers at a time.
const mostFeatures = 200

// featureKey matches the keys of catalogue features. Those of the platform's features are in upper case, and so never do.
var featureKey = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,63}$`)

// featureWords are what a feature and its levels are called.
type featureWords struct{ name, none, view, manage string }

// firstWords are what the levels of a feature are called that says nothing of them.
var firstWords = featureWords{none: "Hide", view: "View", manage: "Manage"}

func wordsNow(f *ent.Feature) featureWords {
	return featureWords{f.Name, f.NoneLabel, f.ViewLabel, f.ManageLabel}
}

// or takes from other what is not said.
func (w featureWords) or(other featureWords) featureWords {
	return featureWords{cmp.Or(w.name, other.name), cmp.Or(w.none, other.none), cmp.Or(w.view, other.view), cmp.Or(w.manage, other.manage)}
}

// since lists what is called otherwise than before.
func (w featureWords) since(before featureWords) []access.Change {
	return slices.Concat(change("name", before.name, w.name), change("noneLabel", before.none, w.none),
		change("viewLabel", before.view, w.view), change("manageLabel", before.manage, w.manage))
}

// UpsertFeature adds a feature at the end of the catalogue, where everybody but those who hold all of it has NONE on it, or
// renames one and its levels. What is left out stays what it was. For administrators of the operator.
//
// CONFLICT for a feature that is retired, LIMIT_EXCEEDED for more than 200 features, INVALID, REQUIRED, TOO_LONG.
func (s *Service) UpsertFeature(ctx context.Context, cmd UpsertFeature) error {
	words, faults := wordsOf(cmd)
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		operatorID, err := t.lockCatalogue(ctx)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return faults
		}
		rows, err := t.Feature.Query().Order(feature.ByPosition()).All(ctx)
		if err != nil {
			return fmt.Errorf("read the catalogue: %w", err)
		}
		var f *ent.Feature
		var before featureWords
		at := slices.IndexFunc(rows, func(row *ent.Feature) bool { return row.Key == cmd.Key })
		if at < 0 {
			f, err = t.addFeature(ctx, cmd.Key, words.or(firstWords), rows)
		} else {
			before = wordsNow(rows[at])
			f, err = t.renameFeature(ctx, rows[at], words.or(before))
		}
		if err != nil {
			return err
		}
		changes := wordsNow(f).since(before)
		if len(changes) == 0 {
			return nil // it is called so already
		}
		return t.record(ctx, event{action: "feature.upserted", tenant: operatorID, targetName: f.Key, changes: changes})
	})
}

// wordsOf cleans the command, and tells all that is wrong with it at once.
func wordsOf(cmd UpsertFeature) (w featureWords, faults Errors) {
	if !featureKey.MatchString(cmd.Key) {
		faults = append(faults, broken(Invalid, "A key is a lower-case letter, then up to 63 lower-case letters, digits, dots or hyphens.", "key"))
	}
	var fault *Error
	w.name, fault = oneLine(cmd.Name, mostName, "name")
	faults = append(faults, those(fault)...)
	for _, part := range []struct {
		from  *string
		to    *string
		field string
	}{{cmd.NoneLabel, &w.none, "noneLabel"}, {cmd.ViewLabel, &w.view, "viewLabel"}, {cmd.ManageLabel, &w.manage, "manageLabel"}} {
		label, fault := optionalLine(part.from, 40, part.field)
		faults = append(faults, those(fault)...)
		*part.to = orZero(label)
	}
	return w, faults
}

// addFeature adds a feature behind those that are there.
func (t *tx) addFeature(ctx context.Context, key string, w featureWords, rows []*ent.Feature) (*ent.Feature, error) {
	offered, last := 0, 0
	for _, row := range rows {
		last = row.Position
		if !row.Retired {
			offered++
		}
	}
	if offered >= mostFeatures {
		return nil, broken(LimitExceeded, fmt.Sprintf("The catalogue has at most %d features.", mostFeatures), "key")
	}
	f, err := t.Feature.Create().SetKey(key).SetPosition(last + 1).
		SetName(w.name).SetNoneLabel(w.none).SetViewLabel(w.view).SetManageLabel(w.manage).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("add the feature: %w", err)
	}
	return f, nil
}

// renameFeature calls a feature and its levels otherwise.
func (t *tx) renameFeature(ctx context.Context, f *ent.Feature, w featureWords) (*ent.Feature, error) {
	if f.Retired {
		return nil, retired()
	}
	if wordsNow(f) == w {
		return f, nil
	}
	f, err := t.Feature.UpdateOne(f).SetName(w.name).SetNoneLabel(w.none).SetViewLabel(w.view).SetManageLabel(w.manage).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("rename the feature: %w", err)
	}
	return f, nil
}

// RetireFeature takes a feature out of the catalogue for good: it is no longer shown or given, and its key is not used
// again. For administrators of the operator.
//
// NOT_FOUND, CONFLICT for a feature that is retired already.
func (s *Service) RetireFeature(ctx context.Context, cmd RetireFeature) error {
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		operatorID, err := t.lockCatalogue(ctx)
		if err != nil {
			return err
		}
		if !featureKey.MatchString(cmd.Key) {
			return notFound("key")
		}
		f, err := t.Feature.Query().Where(feature.Key(cmd.Key)).Only(ctx)
		if ent.IsNotFound(err) {
			return notFound("key")
		}
		if err != nil {
			return fmt.Errorf("read the feature: %w", err)
		}
		if f.Retired {
			return retired()
		}
		if f, err = t.Feature.UpdateOne(f).SetRetired(true).Save(ctx); err != nil {
			return fmt.Errorf("retire the feature: %w", err)
		}
		if err := t.takeBack(ctx, f.Key); err != nil {
			return err
		}
		return t.record(ctx, event{action: "feature.retired", tenant: operatorID, targetName: f.Key,
			changes: change("retired", "false", "true")})
	})
}

// takeBack empties all roles and all members of a feature: a level that nobody sees any more must not be one that somebody
// holds.
func (t *tx) takeBack(ctx context.Context, key string) error {
	if _, err := t.RolePermission.Delete().Where(rolepermission.Feature(key)).Exec(ctx); err != nil {
		return fmt.Errorf("take a feature out of roles: %w", err)
	}
	if _, err := t.MemberPermission.Delete().Where(memberpermission.Feature(key)).Exec(ctx); err != nil {
		return fmt.Errorf("take a feature from members: %w", err)
	}
	return nil
}

func retired() *Error {
	return broken(Conflict, "The feature is retired, and its key is not used again.", "key")
}

// holdCatalogue keeps the catalogue as it is until the transaction ends, if any of the levels is on a feature of it: nobody is given
// what is retired at the same moment. Whoever takes it takes it before all other locks, so that nobody waits in a circle.
func (t *tx) holdCatalogue(ctx context.Context, list ...*Permission) error {
	if !slices.ContainsFunc(list, (*Permission).ofCatalogue) {
		return nil
	}
	how := ""
	if t.s.Dialect == dialect.MySQL {
		how = inShareMode
	}
	return t.access.HoldCatalogue(ctx, how)
}

// levelsIn lists the levels that the rows of a command name.
func levelsIn[T any](rows []T, of func(T) []*Permission) (list []*Permission) {
	for _, row := range rows {
		list = append(list, of(row)...)
	}
	return list
}

// lockCatalogue keeps others from holding the catalogue too, and is lockInstallation for the rest. Who is none of the operator's
// people locks nothing.
func (t *tx) lockCatalogue(ctx context.Context) (operatorID string, err error) {
	if operatorID, err = t.onlyHome(ctx, tenant.KindOperator); err != nil {
		return "", err
	}
	if operatorID != "" && t.s.Dialect == dialect.MySQL {
		if err := t.read(ctx, "SELECT id FROM features "+forUpdate); err != nil {
			return "", err
		}
	}
	return t.lockInstallation(ctx)
}

// lockInstallation keeps others from changing what is the whole installation's until the transaction ends, for an
// administrator of the operator in a session of their own. It returns the operator's tenant, in whose affairs that changes.
func (t *tx) lockInstallation(ctx context.Context) (operatorID string, err error) {
	if operatorID, err = t.onlyHome(ctx, tenant.KindOperator); err != nil {
		return "", err
	}
	if err := t.lock(ctx, operatorID); err != nil {
		return "", err
	}
	return operatorID, t.operator(ctx)
}
