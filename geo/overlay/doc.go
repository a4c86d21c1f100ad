// Package overlay answers which land a set of facilities serves, and draws it.
//
// It has two halves. The exact half ([Zone.Covered], [Zone.CoveredMM2]) integrates along the true boundary of the service
// areas, arcs and offset lines in closed form, so that no verdict hangs on how a circle was drawn. The drawing half
// ([Union], [Intersection], [Difference], [Zone.Uncovered], [Zone.Polygon], [ServiceArea]) makes polygons for people, files
// and maps: rounded to 10⁻⁹ degrees and normalised, so that one geometry is one sequence of bytes.
//
// All geometry is in degrees of longitude and latitude on WGS 84 with edges straight in longitude and latitude
// (RFC 7946); distances and limits are metres on the ellipsoid. Geometry across the antimeridian is not understood here:
// readers refuse it.
package overlay
