package measure

// SincosDeg returns sine and cosine of x degrees, the same bits on every processor; multiples of 90° give exact results.
func SincosDeg(x float64) (sin, cos float64) { return sincosDeg(x) }

// Atan2 returns the angle of the vector (x, y) in radians, −π to π, the same bits on every processor; Atan2(0, 0) = 0.
func Atan2(y, x float64) float64 { return atan2(y, x) }
