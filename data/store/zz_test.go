package store
import ("testing";"time")
func TestZZ(t *testing.T){ p,path:=mustCreate(t); l:=people(1_200_000); s:=time.Now(); mustSave(t,p,l); t.Log("save",time.Since(s)); mustExec(t,plain(t,path),`UPDATE demand SET population=5 WHERE id='d00000007'`); s=time.Now(); i,err:=p.Refresh(ctx); t.Log("refresh",time.Since(s),len(i),err)
s=time.Now(); mustSave(t,p,people(1_199_999)); t.Log("replace",time.Since(s)); s=time.Now(); p.Copy(ctx,t.TempDir()+"/c.gpkg"); t.Log("copy",time.Since(s)); s=time.Now(); p.Close(); t.Log("close",time.Since(s)) }
