package mandate

import "slices"

// mostInStatement is how many rows one statement names.
const mostInStatement = 500

// split cuts a list into parts that one statement can name.
func split(ids []string) [][]string {
	var parts [][]string
	for ; len(ids) > mostInStatement; ids = ids[mostInStatement:] {
		parts = append(parts, ids[:mostInStatement])
	}
	if len(ids) > 0 {
		parts = append(parts, ids)
	}
	return parts
}

// keyed puts rows into a map by what id says of each.
func keyed[T any](rows []T, id func(T) string) map[string]T {
	byID := make(map[string]T, len(rows))
	for _, row := range rows {
		byID[id(row)] = row
	}
	return byID
}

// set is the values of a list, to be looked up.
func set(list []string) map[string]bool {
	has := make(map[string]bool, len(list))
	for _, v := range list {
		has[v] = true
	}
	return has
}

// without returns the values of a list that are not in the other.
func without(list, other []string) []string {
	have := set(other)
	var left []string
	for _, v := range list {
		if !have[v] {
			left = append(left, v)
		}
	}
	return left
}

// distinct returns the ids sorted, each once, without empty ones.
func distinct(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}
