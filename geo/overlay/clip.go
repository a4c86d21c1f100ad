package overlay

import "github.com/paulmach/orb"

// clipPolygon cuts a polygon to lower ≤ coordinate ≤ upper, ring by ring. Where a ring leaves and comes back, the result
// runs along the line of the cut, there and back where it must: areas and even-odd insides are right, but it may not be
// valid as a polygon. It returns p itself if nothing is cut off and nil if nothing is left of the shell.
func clipPolygon(p orb.Polygon, axis int, lower, upper float64) orb.Polygon {
	b := p[0].Bound()
	if b.Min[axis] >= lower && b.Max[axis] <= upper {
		return p
	}
	var out orb.Polygon
	for i, r := range p {
		c := clipBelow(clipAbove(r, axis, lower), axis, upper)
		if len(c) < 4 {
			if i == 0 {
				return nil
			}
			continue
		}
		out = append(out, c)
	}
	return out
}

// clipRing cuts a closed ring to a box, like clipPolygon.
func clipRing(r orb.Ring, b orb.Bound) orb.Ring {
	for axis := range 2 {
		r = clipBelow(clipAbove(r, axis, b.Min[axis]), axis, b.Max[axis])
	}
	return r
}

func clipAbove(r orb.Ring, axis int, at float64) orb.Ring {
	return clipHalf(r, axis, at, func(v float64) bool { return v >= at })
}

func clipBelow(r orb.Ring, axis int, at float64) orb.Ring {
	return clipHalf(r, axis, at, func(v float64) bool { return v <= at })
}

// clipHalf is one step of Sutherland and Hodgman.
func clipHalf(r orb.Ring, axis int, at float64, keep func(float64) bool) orb.Ring {
	if len(r) < 3 {
		return nil
	}
	whole := true
	for _, v := range r {
		if !keep(v[axis]) {
			whole = false
			break
		}
	}
	if whole && r[0] == r[len(r)-1] {
		return r
	}
	out := make(orb.Ring, 0, len(r)+4)
	for i, v := range r {
		u := r[(i+len(r)-1)%len(r)]
		if keep(u[axis]) != keep(v[axis]) {
			out = append(out, meet(u, v, axis, at))
		}
		if keep(v[axis]) {
			out = append(out, v)
		}
	}
	if len(out) > 0 && out[0] != out[len(out)-1] {
		out = append(out, out[0])
	}
	return out
}

// meet is where the edge u–v meets the line; v–u gives the same place to the last bit.
func meet(u, v orb.Point, axis int, at float64) orb.Point {
	if comparePoints(u, v) > 0 {
		u, v = v, u
	}
	t := (at - u[axis]) / (v[axis] - u[axis])
	p := orb.Point{}
	p[axis] = at
	p[1-axis] = u[1-axis] + float64((v[1-axis]-u[1-axis])*t)
	return p
}
