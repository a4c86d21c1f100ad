package intake

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// fitOf says how much likelier a distance within farOut is where layer and reference fit than around there, by twentieths of the
// distances around.
type fitOf struct {
	limits []int32
	log    []float64
}

func (f fitOf) of(mm int32) float64 {
	i, _ := slices.BinarySearch(f.limits, mm)
	return f.log[i]
}

// learnFit takes it from a layer that fits.
func learnFit(p *datumProfile) (f fitOf) {
	var all []int32
	for _, place := range p.mm[0][1:placesPerShift] {
		for _, mm := range place {
			if mm <= farOut {
				all = append(all, mm)
			}
		}
	}
	slices.Sort(all)
	for i := 1; i < 20; i++ {
		f.limits = append(f.limits, all[len(all)*i/20])
	}
	f.limits = slices.Compact(f.limits)
	f.log = make([]float64, len(f.limits)+1)
	share := func(mms []int32) []float64 {
		out, n := make([]float64, len(f.log)), 0.0
		for _, mm := range mms {
			if mm <= farOut {
				i, _ := slices.BinarySearch(f.limits, mm)
				out[i]++
				n++
			}
		}
		for i := range out {
			out[i] = (out[i] + 1) / (n + float64(len(out)))
		}
		return out
	}
	here, around := share(p.mm[0][0]), share(all)
	for i := range f.log {
		f.log[i] = math.Log(here[i] / around[i])
	}
	return f
}

// best is the shift whose distances are likeliest by what is known, each point's against its own around, and how much.
func (f fitOf) best(p *datumProfile, rows []int) (shift DatumShift, most float64) {
	most = math.Inf(-1)
	for s := range DatumShift(numShifts) {
		places := p.mm[0][int(s)*placesPerShift : (int(s)+1)*placesPerShift]
		sum := 0.0
		for _, i := range rows {
			around, n := 0.0, 0.0
			for _, place := range places[1:] {
				if place[i] <= farOut {
					around += math.Exp(f.of(place[i]))
					n++
				}
			}
			if places[0][i] <= farOut && n > 0 {
				sum += f.of(places[0][i]) - math.Log(around/n)
			}
		}
		if sum > most {
			shift, most = s, sum
		}
	}
	return shift, most
}

// What a detector could tell at most that knows how the distances lie where layer and reference fit (learned from the other half of the
// layer), and takes one in a thousand layers that fit nowhere for sure. go test -v prints it for the README.
func TestDatumBound(t *testing.T) {
	if os.Getenv("LIFECIRCLE_DATUM") != "full" {
		t.Skip("LIFECIRCLE_DATUM=full measures it")
	}
	city := loadCity(t, "las_palmas", orb.Point{106.55, 29.56}, "pois", "walk_edges", "population_grid_100m")
	rnd := rand.New(rand.NewPCG(11, 11))
	places := placesOf(city.layers["pois"])
	rnd.Shuffle(len(places), func(i, k int) { places[i], places[k] = places[k], places[i] })
	learn, judged := places[:len(places)/2], places[len(places)/2:]
	for _, name := range []string{"walk_edges", "population_grid_100m"} {
		references := [][]orb.Geometry{city.layers[name]}
		fit := learnFit(newDatumProfile(learn, references))
		draw := func(p *datumProfile) []int { return rnd.Perm(len(p.points))[:min(200, len(p.points))] }
		var nowhere []float64
		for range 250 {
			p := newDatumProfile(away(judged, rnd), references)
			for range 4 {
				_, x := fit.best(p, draw(p))
				nowhere = append(nowhere, x)
			}
		}
		slices.Sort(nowhere)
		limit := nowhere[len(nowhere)-2] // one of the thousand is above
		right, of := 0, 0
		for truth := range DatumShift(numShifts) {
			p := shiftedProfile(truth, judged, references)
			for range 40 {
				if s, x := fit.best(p, draw(p)); s == truth && x > limit {
					right++
				}
				of++
			}
		}
		t.Logf("shops of Las Palmas, %s, 200 points: at most %.1f %% (%d of %d)", name, 100*float64(right)/float64(of), right, of)
	}
}
