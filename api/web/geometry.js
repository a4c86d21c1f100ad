// Where to write a polygon's name, and boxes.

/**
 * A place well inside the largest part of a (multi)polygon (of a lattice over it, the one farthest from its border), and
 * that part's size in square degrees.
 */
export function labelPoint(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  let best = null;
  for (const polygon of polygons) {
    const size = Math.abs(ringArea(polygon[0]));
    if (!best || size > best.size) best = { polygon, size };
  }
  const ring = best.polygon[0];
  const [w, s, e, n] = ringBox(ring);
  const squeeze = Math.cos((((s + n) / 2) * Math.PI) / 180); // a degree of longitude in degrees of latitude
  const steps = 14;
  let place = centroid(ring);
  let clear = inside(best.polygon, place) ? distance(best.polygon, place, squeeze) * 1.15 : -1; // the middle reads best when it is nearly as good
  for (let i = 1; i < steps; i++) {
    for (let k = 1; k < steps; k++) {
      const p = [w + ((e - w) * i) / steps, s + ((n - s) * k) / steps];
      if (!inside(best.polygon, p)) continue;
      const d = distance(best.polygon, p, squeeze);
      if (d > clear) [place, clear] = [p, d];
    }
  }
  return { place, size: best.size };
}

export function boxOf(features) {
  let box = null;
  const walk = (c) => {
    if (typeof c[0] !== "number") return c.forEach(walk);
    box = box ? [Math.min(box[0], c[0]), Math.min(box[1], c[1]), Math.max(box[2], c[0]), Math.max(box[3], c[1])] : [c[0], c[1], c[0], c[1]];
  };
  for (const f of features) if (f.geometry) walk(f.geometry.coordinates);
  return box;
}

function ringArea(ring) {
  let sum = 0;
  for (let i = 1; i < ring.length; i++) sum += (ring[i - 1][0] - ring[0][0]) * (ring[i][1] - ring[0][1]) - (ring[i][0] - ring[0][0]) * (ring[i - 1][1] - ring[0][1]);
  return sum / 2;
}

function ringBox(ring) {
  const x = ring.map((p) => p[0]);
  const y = ring.map((p) => p[1]);
  return [x, y].map((v) => v.reduce((a, b) => Math.min(a, b))).concat([x, y].map((v) => v.reduce((a, b) => Math.max(a, b))));
}

function centroid(ring) {
  const [x0, y0] = ring[0];
  let [area, x, y] = [0, 0, 0];
  for (let i = 1; i < ring.length; i++) {
    const [ax, ay, bx, by] = [ring[i - 1][0] - x0, ring[i - 1][1] - y0, ring[i][0] - x0, ring[i][1] - y0];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return area === 0 ? [x0, y0] : [x0 + x / (3 * area), y0 + y / (3 * area)];
}

function inside(polygon, [x, y]) {
  let odd = false;
  for (const ring of polygon) {
    for (let i = 1; i < ring.length; i++) {
      const [ax, ay] = ring[i - 1];
      const [bx, by] = ring[i];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
  }
  return odd;
}

function distance(polygon, [x, y], squeeze) {
  let best = Infinity;
  for (const ring of polygon) {
    for (let i = 1; i < ring.length; i++) {
      const [ax, ay, bx, by] = [(ring[i - 1][0] - x) * squeeze, ring[i - 1][1] - y, (ring[i][0] - x) * squeeze, ring[i][1] - y];
      const [dx, dy] = [bx - ax, by - ay];
      const length = dx * dx + dy * dy;
      const k = length === 0 ? 0 : Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length));
      best = Math.min(best, (ax + k * dx) ** 2 + (ay + k * dy) ** 2);
    }
  }
  return Math.sqrt(best);
}
