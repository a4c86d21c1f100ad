// Colours. The ramp (ColorBrewer YlGnBu) and the pair blue–orange can be told apart with every common colour blindness, and in
// grey; what is not known is hatched, so that it does not hang on colour at all.

export const ramp = ["#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494"];
export const unknown = "#cfcfcf";

export const verdictColour = {
  met: "#5aa2d6",
  near: "#fdbb74",
  far: "#e6743a",
  not_detected: "#efe6f3",
  not_assessed: unknown,
};

export const ink = {
  facility: "#0b2d52",
  serviceArea: "#0b4f9e",
  gap: "#a3160f",
  undetermined: "#6a3d86",
  land: "#3a2c10",
  road: "#9a9a94",
  border: "#3b4249",
  chosen: "#111418",
};

/** Class of a score (0–100) in the ramp. */
export function scoreClass(score) {
  return Math.max(0, Math.min(4, Math.floor(score / 20)));
}

/** Class of a coverage row: its verdict, with unmet split by how far. */
export function coverageClass(row) {
  if (row.verdict !== "unmet") return row.verdict;
  return row.share_max >= 0.75 * row.pass_line ? "near" : "far";
}

/** A diagonal hatch as an image for a fill-pattern: size × size pixels that repeat without a seam. */
export function hatch(colour, size = 8, width = 1.6, back = [0, 0, 0, 0]) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const data = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const d = Math.abs(((x + y + size / 2) % size) - size / 2); // distance to the nearest line, along x
      const alpha = Math.max(0, Math.min(1, width - d));
      const at = (y * size + x) * 4;
      const a = alpha * 255;
      if (a > 0) data.set([r, g, b, a], at);
      else data.set(back, at);
    }
  }
  return { width: size, height: size, data };
}
