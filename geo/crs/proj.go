package crs

import "strings"

// parsePROJ reads the PROJ strings in which files and people write the systems that are known here. Nothing is ignored but what
// changes no coordinate.
func parsePROJ(s string) (CRS, error) {
	p := map[string]string{}
	for _, field := range strings.Fields(s) {
		k, v, _ := strings.Cut(strings.TrimPrefix(field, "+"), "=")
		if _, twice := p[k]; twice {
			return CRS{}, newError(Broken, "PROJ 参数 %s 重复", "the PROJ parameter %s is given twice", quote(k))
		}
		p[k] = v
	}
	for _, k := range []string{"no_defs", "type", "wktext", "over"} {
		delete(p, k)
	}
	if init, ok := p["init"]; ok {
		if len(p) > 1 {
			return CRS{}, newError(Units, "PROJ 字符串中 +init 之外还有参数", "the PROJ string has parameters beside +init")
		}
		code, isCode := codeIn(init)
		c, known := FromEPSG(code)
		if !isCode || !known {
			return CRS{}, notKnown(init)
		}
		return c, nil
	}
	c, err := readPROJ(p)
	if err != nil {
		return CRS{}, err
	}
	return c, nil
}

// take removes a parameter and gives its value, or the default.
func take(p map[string]string, key, otherwise string) string {
	v, ok := p[key]
	if !ok {
		return otherwise
	}
	delete(p, key)
	return v
}

func readPROJ(p map[string]string) (CRS, *Error) {
	kind := take(p, "proj", "")
	if kind == "merc" || kind == "webmerc" {
		return webFromPROJ(p, kind)
	}
	datum, el, err := projDatum(p)
	if err != nil {
		return CRS{}, err
	}
	c := CRS{Kind: Geographic, Datum: datum, ellipsoid: el}
	switch kind {
	case "longlat", "latlong", "lonlat", "latlon":
		if u := take(p, "units", "deg"); u != "deg" {
			return CRS{}, parameterError("+units=" + u)
		}
	case "utm":
		zone, ok := number(take(p, "zone", ""))
		if !ok || zone != float64(int(zone)) || zone < 1 || zone > 60 {
			return CRS{}, parameterError("+zone")
		}
		_, south := p["south"]
		delete(p, "south")
		if datum != WGS84 {
			return CRS{}, parameterError("UTM on another datum than WGS 84")
		}
		c = utm(int(zone), !south)
		if u := take(p, "units", "m"); u != "m" {
			return CRS{}, parameterError("+units=" + u)
		}
	case "tmerc", "etmerc":
		c.Kind = TransverseMercator
		if c.grid, err = projGrid(p); err != nil {
			return CRS{}, err
		}
	default:
		return CRS{}, parameterError("+proj=" + kind)
	}
	for k := range p {
		if len(p) > 1 {
			k = "several parameters"
		}
		return CRS{}, parameterError("+" + k)
	}
	return named(c, "PROJ", 0)
}

func projDatum(p map[string]string) (Datum, uint8, *Error) {
	shift := take(p, "towgs84", "")
	zero := strings.Trim(shift, "0.,-") == ""
	if pm := take(p, "pm", "greenwich"); pm != "greenwich" && pm != "0" {
		return 0, 0, parameterError("+pm=" + pm)
	}
	if d, ok := p["datum"]; ok {
		delete(p, "datum")
		if e := take(p, "ellps", "WGS84"); d != "WGS84" || e != "WGS84" || !zero {
			return 0, 0, parameterError("+datum=" + d)
		}
		return WGS84, onWGS84, nil
	}
	e := take(p, "ellps", "")
	if e == "" {
		a, okA := number(take(p, "a", ""))
		rf, okRF := number(take(p, "rf", ""))
		el, ok := ellipsoidOf(a, rf)
		if !okA || !okRF || !ok {
			return 0, 0, parameterError("+ellps")
		}
		e = [...]string{"WGS84", "GRS80", "IAU76", "krass"}[el]
	}
	switch e {
	case "WGS84":
		if zero && shift != "" {
			return WGS84, onWGS84, nil
		}
		if zero {
			return Unnamed, onWGS84, nil
		}
	case "GRS80":
		if zero {
			return Unnamed, onGRS80, nil
		}
	case "IAU76": // the same two numbers as IAG 1975
		return Foreign, onIAG75, nil
	case "krass":
		return Foreign, onKrassowsky, nil
	}
	if !zero {
		return 0, 0, parameterError("+towgs84=" + shift)
	}
	return 0, 0, parameterError("+ellps=" + e)
}

func projGrid(p map[string]string) (grid, *Error) {
	g := grid{unit: 1}
	k0 := take(p, "k_0", "1")
	for _, f := range []struct {
		key, otherwise string
		to             *float64
	}{{"lat_0", "0", &g.lat0}, {"lon_0", "0", &g.lon0}, {"x_0", "0", &g.fe}, {"y_0", "0", &g.fn}, {"k", k0, &g.scale}, {"to_meter", "1", &g.unit}} {
		x, ok := number(take(p, f.key, f.otherwise))
		if !ok {
			return g, parameterError("+" + f.key)
		}
		*f.to = x
	}
	if u := take(p, "units", "m"); u != "m" {
		return g, parameterError("+units=" + u)
	}
	if !(g.unit > 1e-6 && g.unit < 1e6) {
		return g, parameterError("+to_meter")
	}
	return g, g.check()
}

func webFromPROJ(p map[string]string, kind string) (CRS, *Error) {
	if kind == "merc" {
		a, okA := number(take(p, "a", ""))
		b, okB := number(take(p, "b", ""))
		if !okA || !okB || a != webRadius || b != webRadius {
			return CRS{}, parameterError("+proj=merc")
		}
	}
	for k, want := range map[string]float64{"lat_ts": 0, "lon_0": 0, "x_0": 0, "y_0": 0, "k": 1, "k_0": 1, "lat_0": 0} {
		if v, ok := p[k]; ok {
			if x, isNumber := number(v); !isNumber || x != want {
				return CRS{}, parameterError("a Web Mercator with parameters of its own")
			}
			delete(p, k)
		}
	}
	if u, d, e := take(p, "units", "m"), take(p, "datum", "WGS84"), take(p, "ellps", "WGS84"); u != "m" || d != "WGS84" || e != "WGS84" {
		return CRS{}, parameterError("a Web Mercator with parameters of its own")
	}
	if g := take(p, "nadgrids", "@null"); g != "@null" || len(p) > 0 {
		return CRS{}, parameterError("a Web Mercator with parameters of its own")
	}
	return webMercator(), nil
}
