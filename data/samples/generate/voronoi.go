package main

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

const (
	// farEdge is half the side, in metres, of the square that the diagram fills: far outside of any extract.
	farEdge = 40_000
	// longestEdge is the length, in metres, above which an edge is cut. An edge that is straight in the plane is drawn
	// straight in degrees; over 500 m the two part by 4 mm.
	longestEdge = 500
)

// vertex is a corner of a cell, and the site on the other side of the edge that begins there (−1: the square's side).
type vertex struct {
	at    [2]float64
	other int
}

// voronoi gives for every site the places that are nearer to it than to any other, as far as the square of ±40 km about the
// plane's origin. Distances are those of the plane (metres), not of degrees. Cells meet in equal vertices.
func voronoi(plane measure.Plane, sites []orb.Point) []orb.Polygon {
	at := make([][2]float64, len(sites))
	for i, s := range sites {
		at[i] = plane.Forward(s)
	}
	cells := make([]orb.Polygon, len(sites))
	for i := range sites {
		corners := []vertex{{[2]float64{-farEdge, -farEdge}, -1}, {[2]float64{farEdge, -farEdge}, -1},
			{[2]float64{farEdge, farEdge}, -1}, {[2]float64{-farEdge, farEdge}, -1}}
		for j := range sites {
			if j != i {
				corners = nearer(corners, at[i], at[j], j)
			}
		}
		var ring orb.Ring
		for k, c := range corners {
			ring = append(ring, cutEdge(plane, c.at, corners[(k+1)%len(corners)].at, c.other >= 0)...)
		}
		if len(ring) > 0 {
			ring = append(ring, ring[0])
		}
		cells[i] = orb.Polygon{ring}
	}
	return cells
}

// nearer cuts from a convex polygon what is nearer to b than to a; the edge along the cut faces site.
func nearer(corners []vertex, a, b [2]float64, site int) []vertex {
	// side is positive where a is nearer: twice the dot product with a − b, from the middle.
	mx, my := (a[0]+b[0])/2, (a[1]+b[1])/2
	dx, dy := a[0]-b[0], a[1]-b[1]
	side := func(p [2]float64) float64 {
		return float64((p[0]-mx)*dx) + float64((p[1]-my)*dy)
	}
	var out []vertex
	for k, c := range corners {
		next := corners[(k+1)%len(corners)]
		s, t := side(c.at), side(next.at)
		if s >= 0 {
			out = append(out, c)
		}
		if (s >= 0) == (t >= 0) {
			continue
		}
		u := s / (s - t)
		cut := [2]float64{c.at[0] + float64(u*(next.at[0]-c.at[0])), c.at[1] + float64(u*(next.at[1]-c.at[1]))}
		if s >= 0 {
			out = append(out, vertex{cut, site}) // leaves: the edge that begins here is the cut
		} else {
			out = append(out, vertex{cut, c.other}) // enters: the rest of the edge it was on
		}
	}
	return out
}

// cutEdge gives the vertices of an edge in degrees, its end left out, in pieces that are short enough. Both cells beside an edge
// cut it at the same places, since the pieces are counted from the same end.
func cutEdge(plane measure.Plane, a, b [2]float64, shared bool) []orb.Point {
	pieces := 1
	if length := math.Sqrt(float64((b[0]-a[0])*(b[0]-a[0])) + float64((b[1]-a[1])*(b[1]-a[1]))); shared {
		pieces = int(math.Ceil((length - 1e-3) / longestEdge))
		pieces = max(1, pieces)
	}
	turned := slices.Compare(b[:], a[:]) < 0
	if turned {
		a, b = b, a
	}
	var points []orb.Point
	for i := range pieces + 1 {
		u := float64(i) / float64(pieces)
		points = append(points, round7(plane.Inverse([2]float64{a[0] + float64(u*(b[0]-a[0])), a[1] + float64(u*(b[1]-a[1]))})))
	}
	if turned {
		slices.Reverse(points)
	}
	return points[:len(points)-1]
}
