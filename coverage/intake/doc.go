// Package intake turns a planner's file into a layer: it checks every row, mends what can be mended without changing its
// meaning, maps columns to the words of the domain, and reports what happened to every row.
//
// # The count
//
// Read = Used + Repaired + Refused, and the report has exactly one row for every feature repaired or refused. Of several
// features that share an id and are equal, the first in the file counts; the others are rows "repaired" with the reason
// duplicate_equal: they are merged into the first and are no rows of the layer. Features that share an id and differ are all
// refused, since nobody can tell which one is meant.
//
// # Identity
//
// An id is the column of --id-field, else the feature's id, else its property "id", else a hash of the canonical feature with an
// ordinal among equals. So the same features in any order, with their members in any order, give the same ids and the same layer.
//
// # Whole files
//
// An error of code coverage.Refused means that nothing of the file is used: it is broken, of no format that is known, in a CRS that
// cannot be read or is not said, lacks a column that was asked for, or has features of which none is usable. The report comes back with the
// error as far as it got.
//
// Formats reach the package as a Source, a stream of rows. GeoJSON is read here, all others by the Formats that the options hand in.
package intake
