package overlay
import ("testing";"fmt";"os";"pgregory.net/rapid";"github.com/paulmach/orb";"encoding/gob")
func init(){ for _,g:=range orb.AllGeometries { if g!=nil {gob.Register(g)} } }
func TestDbg(t *testing.T){
 k:=0
 rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		sites := w.sites(6)
		piece := w.polygon(800, 900, "piece")
		if Valid(piece) != nil { t.Skip() }
		for _,s:=range sites { if Valid(s.Geometry)!=nil {return} }
		z := NewZone(sites)
		g := z.newRegion(piece.Bound())
		o := g.newOutline(piece, width(orb.MultiPolygon{piece}))
		x:=g.cross(o, g.near(o.box))
		why:=""
		if !x.closes(o) { why=fmt.Sprintf("open %g area2 %g of %g size %v",x.open,x.area2,o.area2,o.box) } else if _, ok := z.trace(piece, false); !ok { why="lost" ; 
		 wk:=walker{g: g, o: o, x: x, p: piece, corners: circle(circleSteps)}
		 l,ok:=wk.loops(); why+=fmt.Sprint(" loops ",ok,len(l))
		 if ok { mp,a,ok:=nest(l); why+=fmt.Sprint(" nest ",ok, a-(o.area2-x.area2), 2*wk.chords); why+=fmt.Sprint(Valid(Normalize(mp))) }
		}
		if why!="" { k++
		 fmt.Println(k, why)
 f,_:=os.Create(fmt.Sprintf("/tmp/dbg%d.gob",k)); e:=gob.NewEncoder(f); e.Encode(piece); e.Encode(sites); f.Close()
		}
 })
}
