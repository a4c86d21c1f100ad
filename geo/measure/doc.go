// Package measure is the ruler of lifecircle: distances, areas and positions on the WGS 84 ellipsoid.
//
// Geometry is longitude/latitude in degrees, in the types of paulmach/orb. Edges are straight in longitude/latitude
// (RFC 7946 §3.1.1), not geodesics. Distances are metres along the ellipsoid, areas square metres on it. Coordinates
// must be finite; a geometry must not cross the antimeridian.
//
//   - [Distance], [Shape]: metres between points, and from a point to a line or polygon; [Millimetres] is how they are compared.
//   - [Area], [AreaMM2]: the exact ellipsoidal area under straight lon/lat edges, so that parts sum to the whole.
//   - [Locate], [Locator], [Orient]: exact predicates; no coordinate is close enough to a border to be judged wrongly.
//   - [Centroid], [PointOnSurface], [Plane], [Degrees]: helpers to place, draw and pre-select.
//
// Results are the same on every processor: products that are added are rounded first (no fused multiply-add), and
// trigonometry is done here in plain arithmetic instead of by math functions that differ between architectures.
package measure
