// Package rule decides which rows a viewer sees, and what the viewer may do in a tenant. It is the only place that does.
//
// Access to a tenant comes along routes (route.go): an own membership, a partner's relationship, an assignment, the
// operator's office. Each kind of route is defined once and written in three forms: as a branch of the list of tenants
// (page.go), ordered and cut by an index of its own, as a probe of one row (named.go), and as the paths to given tenants
// (levels.go). A branch brings the same paths along: where it brings all that there are, they are not followed again
// (found.go). Walked from their ends, to list who reaches a tenant, the routes are written again (outsiders.go); the
// oracle's tests hold all of them together. What a viewer may do in a tenant is the maximum over all live routes of the
// minimum along each.
//
// Rows of tenants are scoped by the tenants resolved so far (scope.go): a root field resolves the tenants that it comes
// across before it loads what hangs below them, and a tenant that nobody resolved counts as out of reach. Forgetting to
// resolve hides rows; it never shows one.
package rule
