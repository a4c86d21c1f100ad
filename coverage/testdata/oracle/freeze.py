"""Covered land, people and buildings of three cities, by GEOS (shapely) and PROJ (pyproj): the values that the engine is held against.

Usage: python freeze.py REPOSITORY [CITY ...] | gzip -9n > cities.csv.gz   (cities.json lies beside; a city whose folder is absent is left out)

A facility's service area is drawn in the azimuthal equidistant plane about it: circles of 2048 corners with the area of the
true circle; a polygon as the union of itself, a rectangle on every edge and a sector on every corner (GEOS's own buffer
smooths what it offsets by up to a hundredth of the distance). Edges are cut to 30 m before they are projected, since they are
straight in degrees. Overlays are made in degrees, areas measured in Lambert's cylindrical equal-area projection, distances by PROJ's
geodesics. Unions are snapped to a grid of a micrometre: without it GEOS 3.14.1 lost 12,600 m² of what one park reaches.
"""
import csv, functools, gzip, json, pathlib, sys
import numpy as np, pyproj, shapely
from shapely import STRtree
from shapely.geometry import Polygon, MultiPolygon, shape

CUT = 0.0003  # degrees: 30 m
CORNERS = 2048
CLOSE = 0.002  # m: nearer to the limit than this a place is doubtful
geod = pyproj.Geod(ellps="WGS84")
equal_area = pyproj.Transformer.from_crs("EPSG:4326", "+proj=cea +ellps=WGS84", always_xy=True)


def to(transformer, g, inverse=False):
    direction = "INVERSE" if inverse else "FORWARD"
    return shapely.transform(g, lambda c: np.column_stack(transformer.transform(c[:, 0], c[:, 1], direction=direction)))


def area(g):
    return to(equal_area, shapely.segmentize(g, CUT)).area


def union(parts, grid=1e-11):
    """Union on a grid, by default of degrees."""
    return areal(shapely.union_all(list(parts), grid_size=grid))


def areal(g):
    return MultiPolygon([p for p in shapely.get_parts(g) if p.geom_type == "Polygon"])


def plane(g):
    c = g.centroid
    return pyproj.Transformer.from_crs("EPSG:4326", f"+proj=aeqd +lat_0={c.y!r} +lon_0={c.x!r} +ellps=WGS84", always_xy=True)


def arc(centre, r, start, turn):
    """Corners of an arc, so far outside it that a sector has the true area."""
    n = max(1, int(np.ceil(abs(turn) / (2 * np.pi) * CORNERS)))
    step = turn / n
    r = r * np.sqrt(step / np.sin(step))
    t = start + step * np.arange(n + 1)
    return np.column_stack([centre[0] + r * np.cos(t), centre[1] + r * np.sin(t)])


def swept(ring, r):
    """What lies within r to the right of a closed ring in the plane, as rectangles and sectors."""
    p = np.asarray(ring.coords)[:, :2]
    p = p[np.r_[True, np.any(np.diff(p, axis=0) != 0, axis=1)]][:-1]
    d = np.roll(p, -1, axis=0) - p
    length = np.hypot(d[:, 0], d[:, 1])
    right = np.column_stack([d[:, 1], -d[:, 0]]) / length[:, None] * r
    for i in range(len(p)):
        q = p[(i + 1) % len(p)]
        yield Polygon([p[i], p[i] + right[i], q + right[i], q])
        before = right[i - 1]
        turn = np.arctan2(before[0] * right[i][1] - before[1] * right[i][0], before @ right[i])
        if turn > 0:
            yield Polygon(np.vstack([p[i], arc(p[i], r, np.arctan2(before[1], before[0]), turn)]))


def rings(g):
    """Rings of polygons, the inside to the left."""
    for p in getattr(g, "geoms", [g]):
        p = shapely.orient_polygons(p)
        yield from [p.exterior, *p.interiors]


def reach(g, r):
    """The service area of a facility, in degrees."""
    t = plane(g)
    if g.geom_type == "Point":
        return to(t, Polygon(arc((0, 0), r, 0, 2 * np.pi)), inverse=True)
    flat = to(t, shapely.segmentize(g, CUT))
    parts = [flat] + [s for ring in rings(flat) for s in swept(ring, r)]
    return shapely.make_valid(to(t, shapely.segmentize(union(parts, 1e-6), 30), inverse=True))


def shrunk(g, r):
    """The places of an area that lie at least r from its border, in degrees."""
    t = plane(g)
    flat = to(t, shapely.segmentize(g, CUT))
    parts = [s for ring in rings(flat) for s in swept(ring.reverse(), r)]
    return shapely.difference(g, to(t, shapely.segmentize(union(parts, 1e-6), 30), inverse=True))


def distances(points, facilities, limit):
    """Metres from points to the nearest facility, as far as it is within some more than the limit."""
    best = np.full(len(points), np.inf)
    tree = STRtree(shapely.points(points))
    lon, lat = points[:, 0], points[:, 1]
    for g in facilities:
        # a degree of latitude has at least 110 km, one of longitude at least 110 km · cos
        pad = (limit + 50) / 110e3
        x0, y0, x1, y1 = g.bounds
        wide = pad / np.cos(np.radians(max(abs(y0), abs(y1)) + 0.1))
        near = tree.query(shapely.box(x0 - wide, y0 - pad, x1 + wide, y1 + pad))
        if g.geom_type == "Point":
            d = geod.inv(lon[near], lat[near], np.full(len(near), g.x), np.full(len(near), g.y))[2]
        else:
            t = plane(g)
            flat = to(t, shapely.segmentize(g, CUT / 3))
            d = shapely.distance(flat, shapely.points(np.column_stack(t.transform(lon[near], lat[near]))))
        best[near] = np.minimum(best[near], d)
    return best


def squares(points):
    """The 25 m squares of the fixed lattice that hold points (design: rows and columns in 10⁻⁹ degrees)."""
    e9 = np.rint(points * 1e9).astype(np.int64)
    row = e9[:, 1] // 225000
    width = np.floor(225000 / np.cos(np.radians((row + 0.5) * 225000e-9)) + 0.5).astype(np.int64)
    col = e9[:, 0] // width
    return shapely.box(col * width / 1e9, row * 225000 / 1e9, (col + 1) * width / 1e9, (row + 1) * 225000 / 1e9)


def half_up(x):
    return np.floor(x * 1000 + 0.5) / 1000


class City:
    def __init__(self, folder, city):
        self.folder, self.city = folder, city
        self.units = [(f["id"], shapely.make_valid(g)) for f, g in self.read(city["neighborhoods"])]
        land = union(g for _, g in self.read(city["land"]))
        self.land = [shapely.intersection(land, u) for _, u in self.units]
        self.survey = self.read(city["survey"])[0][1] if "survey" in city else None
        self.places = {"population": self.spread(self.read(city["people"])), "buildings": self.spread(self.read(city["buildings"]), count=True)}
        self.zones, self.inner, self.borders = {}, {}, {}

    @functools.cache
    def read(self, name):
        path = self.folder / name
        data = gzip.open(path).read() if name.endswith(".gz") else path.read_bytes()
        return [(f, shape(f["geometry"])) for f in json.loads(data)["features"]]

    def facilities(self, alternative):
        source = self.city["services"][alternative["service"]]
        gs = [g for f, g in self.read(source["file"]) if "category" not in source or f["properties"]["category"] == source["category"]]
        return [g for g in gs if g.geom_type == "Point" or area(g) >= alternative.get("min_area_m2", 0)]

    def spread(self, rows, count=False):
        """Places with their weight in each unit: (points, weights, doubtful, geometries or None), per unit."""
        out = []
        tree = STRtree([g for _, g in rows])
        for _, u in self.units:
            points, weights, doubt, pieces = [], [], [], []
            for i in sorted(tree.query(u, predicate="intersects")):
                f, g = rows[i]
                weight = 1.0 if count else float(f["properties"]["population"])
                if g.geom_type == "Point":
                    points.append((g.x, g.y)), weights.append(weight), doubt.append(False), pieces.append(None)
                    continue
                piece = shapely.intersection(g, u)
                whole, part = area(g), area(piece)
                if part <= 1e-6 * whole + 0.05:
                    continue
                c = piece.centroid
                points.append((c.x, c.y)), doubt.append(not piece.contains(c)), pieces.append(piece)
                weights.append(float(half_up(weight * part / whole)))
            out.append((np.array(points).reshape(-1, 2), np.array(weights), np.array(doubt, dtype=bool), pieces))
        return out

    def zone(self, alternative):
        key = json.dumps(alternative)
        if key not in self.zones:
            limit = alternative["limit"]["radius_m"]
            self.zones[key] = union(reach(g, limit) for g in self.facilities(alternative))
            if self.survey is not None and limit not in self.inner:
                self.inner[limit] = shrunk(self.survey, limit)
        return self.zones[key]

    def land_rows(self, requirement):
        serves = union(self.zone(a) for a in requirement["any_of"])
        tells = None
        if self.survey is not None:
            tells = areal(shapely.intersection_all([self.inner[a["limit"]["radius_m"]] for a in requirement["any_of"]]))
        for (uid, unit), land in zip(self.units, self.land):
            left = shapely.difference(land, serves)
            beyond = left if tells is None else shapely.intersection(left, tells)
            unknown = left if tells is None else shapely.difference(left, tells)
            lines = [serves.boundary] + ([] if tells is None else [tells.boundary])
            border = sum(to(plane(unit), shapely.intersection(shapely.intersection(line, unit.envelope), land)).length for line in lines)
            yield uid, area(land), area(shapely.intersection(land, serves)), 0.0 if tells is None else area(unknown), 0.0, beyond, border, None if tells is None else unknown

    def people_rows(self, requirement, denominator):
        points = np.vstack([p for p, *_ in self.places[denominator]])
        covered, told, doubtful = np.zeros(len(points), bool), np.ones(len(points), bool), np.zeros(len(points), bool)
        for a in requirement["any_of"]:
            limit = a["limit"]["radius_m"]
            d = distances(points, self.facilities(a), limit)
            covered |= d <= limit + 0.0005
            doubtful |= abs(d - limit) < CLOSE
            if self.survey is not None:
                d = self.to_survey(points)
                told &= d >= limit - 0.0005
                doubtful |= abs(d - limit) < CLOSE
        at = 0
        for (uid, unit), (p, weights, doubt, pieces) in zip(self.units, self.places[denominator]):
            here = slice(at, at := at + len(p))
            beyond, unknown = ~covered[here] & told[here], ~covered[here] & ~told[here]
            sums = [float(weights[m].sum()) for m in (slice(None), covered[here], unknown, doubtful[here] | doubt)]
            yield uid, *sums, self.gap(unit, p, weights, pieces, beyond), 0.0, self.gap(unit, p, weights, pieces, unknown)

    def to_survey(self, points):
        """Metres from points to the survey's border, negative outside; right where it is a few kilometres at most."""
        if len(points) not in self.borders:
            inside = shapely.contains_xy(self.survey, points[:, 0], points[:, 1])
            line = shapely.segmentize(self.survey.boundary, CUT / 3)
            d = np.empty(len(points))
            lattice = np.floor(points / 0.03).astype(int)  # about 3 km: each square has its own plane
            for square in np.unique(lattice, axis=0):
                here = np.all(lattice == square, axis=1)
                t = plane(shapely.points((square + 0.5) * 0.03))
                flat = to(t, line)
                shapely.prepare(flat)
                d[here] = shapely.distance(flat, shapely.points(np.column_stack(t.transform(points[here, 0], points[here, 1]))))
            self.borders[len(points)] = np.where(inside, d, -d)
        return self.borders[len(points)]

    def gap(self, unit, points, weights, pieces, chosen):
        chosen = chosen & (weights > 0)
        parts = [p for p, c in zip(pieces, chosen) if c and p is not None]
        alone = np.array([p is None for p in pieces], dtype=bool) & chosen
        if alone.any():
            whole = shapely.intersection(union(squares(points[alone])), unit)
            here = shapely.points(points[alone])
            found = shapely.get_parts(areal(whole))
            parts += list(found[np.unique(STRtree(found).query(here, predicate="dwithin", distance=2e-9)[1])])
        return union(parts)


def main(root, *chosen):
    here = pathlib.Path(__file__).parent
    print(f"# GEOS {shapely.geos_version_string} (shapely {shapely.__version__}), PROJ {pyproj.proj_version_str} (pyproj {pyproj.__version__})")
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow("city denominator requirement neighborhood total covered undetermined doubtful uncovered_m2 uncovered_lon uncovered_lat undetermined_m2 border_m".split())
    for name, city in json.loads((here / "cities.json").read_text()).items():
        folder = pathlib.Path(root) / city["folder"]
        if not folder.is_dir() or chosen and name not in chosen:
            continue
        c = City(folder, city)
        for requirement in city["requirements"]:
            print(name, requirement["id"], file=sys.stderr)
            for denominator in ("land", "population", "buildings"):
                rows = c.land_rows(requirement) if denominator == "land" else c.people_rows(requirement, denominator)
                for uid, total, covered, undetermined, doubtful, beyond, border, unknown in rows:
                    m2 = area(beyond)
                    lon, lat = (beyond.centroid.x, beyond.centroid.y) if m2 > 1 else (0, 0)
                    out.writerow([name, denominator, requirement["id"], uid] + [f"{v:.3f}" for v in (total, covered, undetermined, doubtful, m2)]
                                 + [f"{lon:.8f}", f"{lat:.8f}", f"{0 if unknown is None else area(unknown):.3f}", f"{border:.1f}"])


if __name__ == "__main__":
    main(*sys.argv[1:])
