// Package index finds the nearest and the containing: which facility is nearest to a place and how far, which lie within a
// limit, and which neighborhoods hold a point.
//
// Answers are those of package measure, rounded to whole millimetres, for every pair: an index only leaves out what cannot
// matter. Of facilities at the same millimetres the one of smallest index wins. All indexes are immutable and safe for
// concurrent use; results do not depend on the number of threads.
package index
