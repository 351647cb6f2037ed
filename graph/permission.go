package graph

import (
	"context"
	"sync"

	"mandate/ent/feature"
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
	c.once.Do(func() { c.features, c.err = r.readFeatures(ctx) })
	return c.features, c.err
}

func (r *Resolver) readFeatures(ctx context.Context) ([]*model.Feature, error) {
	rows, err := r.Client.Feature.Query().Order(feature.ByPosition(), feature.ByID()).All(rule.Unscoped(ctx)) // the preview of an invitation shows them to strangers too
	if err != nil {
		return nil, err
	}
	list := make([]*model.Feature, 0, len(access.PlatformFeatures)+len(rows))
	for _, f := range access.PlatformFeatures {
		list = append(list, &model.Feature{Key: string(f), Name: f.PlatformName(), Kind: model.FeatureKindPlatform, Labels: [3]string{"None", "View", "Manage"}})
	}
	for _, row := range rows {
		list = append(list, &model.Feature{Key: row.Key, Name: row.Name, Kind: model.FeatureKindCatalogue, Retired: row.Retired,
			Labels: [3]string{row.NoneLabel, row.ViewLabel, row.ManageLabel}})
	}
	return list, nil
}

// permissions writes levels out, feature by feature; what is retired is no longer given, and left out.
func (r *Resolver) permissions(ctx context.Context, levels access.Levels) ([]*model.FeaturePermission, error) {
	features, err := r.features(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]*model.FeaturePermission, 0, len(features))
	for _, f := range features {
		if !f.Retired {
			list = append(list, &model.FeaturePermission{Feature: f, Level: levels.At(access.Feature(f.Key))})
		}
	}
	return list, nil
}
