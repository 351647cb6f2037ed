package graph

import (
	"context"
	"slices"
	"sync"

	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/access"
)

type catalogueKey struct{}

// catalogue is everything that access is given to, read once a root field.
type catalogue struct {
	once     sync.Once
	features []*model.Feature
	err      error
}

func withCatalogue(ctx context.Context) context.Context {
	return context.WithValue(ctx, catalogueKey{}, new(catalogue))
}

// features lists everything that access is given to: the platform's features, then the catalogue.
func (r *Resolver) features(ctx context.Context) ([]*model.Feature, error) {
	c := ctx.Value(catalogueKey{}).(*catalogue)
	c.once.Do(func() { c.features, c.err = readFeatures(ctx) })
	return c.features, c.err
}

func readFeatures(ctx context.Context) ([]*model.Feature, error) {
	rows, err := rule.From(ctx).Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]*model.Feature, 0, len(access.PlatformFeatures)+len(rows))
	for _, f := range access.PlatformFeatures {
		list = append(list, &model.Feature{Key: string(f), Name: f.PlatformName(), Kind: model.FeatureKindPlatform, Labels: [3]string{"None", "View", "Manage"}})
	}
	for _, row := range rows {
		list = append(list, &model.Feature{Key: row.Key, Name: row.Name, Kind: model.FeatureKindCatalogue, Retired: row.Retired, Labels: row.Labels})
	}
	return list, nil
}

// offered lists the features that can be given: what is retired is left out.
func (r *Resolver) offered(ctx context.Context) ([]*model.Feature, error) {
	features, err := r.features(ctx)
	return slices.DeleteFunc(slices.Clone(features), func(f *model.Feature) bool { return f.Retired }), err
}

// permissions writes levels out, feature by feature.
func (r *Resolver) permissions(ctx context.Context, levels access.Levels) ([]*model.FeaturePermission, error) {
	features, err := r.offered(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]*model.FeaturePermission, len(features))
	for i, f := range features {
		list[i] = &model.FeaturePermission{Feature: f, Level: levels.At(access.Feature(f.Key))}
	}
	return list, nil
}

// feature turns what was done to a feature into what a payload shows: the feature as the catalogue has it now, or the
// rules that were broken. The root field has read nothing of the catalogue before.
func (r *Resolver) feature(ctx context.Context, key string, err error) (*model.Feature, []*model.UserError, error) {
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 {
		return nil, faults, err
	}
	features, err := r.features(ctx)
	for _, f := range features {
		if f.Key == key {
			return f, faults, err
		}
	}
	return nil, faults, err
}
