package overlay
import ("testing";"fmt";"os";"encoding/gob";"github.com/paulmach/orb")
func TestDbg2(t *testing.T){
 for k:=1;k<=16;k++ {
  f,err:=os.Open(fmt.Sprintf("/tmp/dbg%d.gob",k)); if err!=nil {break}
  var piece orb.Polygon; var sites []Site
  d:=gob.NewDecoder(f); d.Decode(&piece); d.Decode(&sites)
  z := NewZone(sites)
  g := z.newRegion(piece.Bound())
  o := g.newOutline(piece, width(orb.MultiPolygon{piece}))
  x:=g.cross(o, g.near(o.box))
  fmt.Println("== ",k, "open",x.open, "nodes",len(x.nodes),"inner",len(x.inner))
  for _,s:=range sites { fmt.Printf("   site %s %g n=%d\n", s.Geometry.GeoJSONType(), s.Metres, func()int{n:=0;walk(s.Geometry,func(c []orb.Point){n+=len(c)});return n}()) }
  // imbalance: collect starts & ends of kept (served) pieces; node ids
  in:=map[int32]int{}
  for _,r:=range x.runs { if r.served && r.from>=0 { in[r.from]--; in[r.to]++ } }
  var st,en []xy
  var sw,ew []int
  for i,e:=range x.inner { b:=&g.border[e.elem]
    if e.from>=0 {in[e.from]--} else {st=append(st,b.at(e.t0));sw=append(sw,i)}
    if e.to>=0 {in[e.to]++} else {en=append(en,b.at(e.t1));ew=append(ew,i)} }
  for n:=range x.nodes { if in[int32(n)]!=0 { nd:=x.nodes[n]; c:=g.border[nd.elem]; fmt.Printf("   node %d bal %d p %v ring %d edge %d s %.9g elem %d arc %v r %g t %.9g [%.9g %.9g]\n",n,in[int32(n)],nd.p,nd.ring,nd.edge,nd.s,nd.elem,c.arc,c.r,nd.t,c.t0,c.t1) } }
  show:=func(what string,p xy,i int,others []xy){ best:=1e9; for _,q:=range others { best=min(best,q.sub(p).length())}
    if best>1e-5 { b:=&g.border[x.inner[i].elem]; fmt.Printf("   %s at %v nearest %.3g elem %d arc %v r %g t %.9g..%.9g of %.9g..%.9g len %g\n",what,p,best,x.inner[i].elem,b.arc,b.r,x.inner[i].t0,x.inner[i].t1,b.t0,b.t1, b.at(b.t1).sub(b.at(b.t0)).length()) } }
  for i,p:=range st { show("start",p,sw[i],en)}
  for i,p:=range en { show("end",p,ew[i],st)}
  for _,r:=range x.runs { fmt.Println("   run",r) }
  for _,n:=range x.nodes { fmt.Printf("   %+v\n",n) }
  for _,e:=range x.inner { c:=g.border[e.elem]; fmt.Println("   ",e.elem,c.arc,c.r, c.at(e.t0),c.at(e.t1),e.from,e.to) }
 }
}
func TestDbg3(t *testing.T){
  f,_:=os.Open("/tmp/dbg1.gob"); 
  var piece orb.Polygon; var sites []Site
  d:=gob.NewDecoder(f); d.Decode(&piece); d.Decode(&sites)
  z := NewZone(sites)
  g := z.newRegion(piece.Bound())
  for _,s:=range sites { if l,ok:=s.Geometry.(orb.LineString);ok { for _,v:=range l { fmt.Println(v,forward(g.plane,v)) } } }
  for _,p:=range z.parts { fmt.Println(p.kind,len(p.verts),p.metres,p.edges) }
  o := g.newOutline(piece, width(orb.MultiPolygon{piece}))
  x:=g.cross(o, g.near(o.box))
  for _,e:=range x.inner { c:=g.border[e.elem]; fmt.Println(c.arc,c.r, c.at(e.t0),c.at(e.t1),e.from,e.to) }
  for _,n:=range x.nodes { fmt.Println(n) }
}
