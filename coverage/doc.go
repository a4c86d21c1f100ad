// Package coverage is the domain of lifecircle: its words, the engine that
// judges neighborhoods by a catalog, and the interfaces it needs from outside.
//
// The way of the data: layers (layer.go) are checked by package intake and kept
// by a Store (store.go); Score reads them into a City (city.go), asks a Ruler
// (ruler.go) for the reach of every place of demand, adds up tallies (tally.go),
// and judges them (verdict.go, score.go); what comes out is a Run (run.go), which
// every export shows as Tables (table.go).
//
// Units: demand is counted in thousandths (Milli), areas in square millimetres,
// reach in whole millimetres, shares and weights in millionths. Verdicts are
// integer inequalities; no float decides anything here.
package coverage
