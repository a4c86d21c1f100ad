package main

import (
	"fmt"
	"strings"
)

// radii are the limits of the catalogs, metres.
var radii = []int{300, 500, 1000}

// catalogText is a catalog that asks for each service under each denominator, within one of the radii by turns, or within every one.
func catalogText(services []string, everyRadius bool, denominators ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id: amounts\ntitle: {zh: 用时测量, en: Amounts}\ntiers: [{id: \"15\", minutes: 15}]\ndenominator: %s\nrequirements:\n", denominators[0])
	for i, s := range services {
		limits := radii[i%len(radii):][:1]
		if everyRadius {
			limits = radii
		}
		for _, r := range limits {
			for _, d := range denominators {
				fmt.Fprintf(&b, "  - {id: %s-%d-%s, service: %s, tier: \"15\", limit: {radius_m: %d}, pass_line: 0.8, denominator: %s}\n", s, r, d, s, r, d)
			}
		}
	}
	return b.String()
}
