package coverage

import (
	"fmt"
	"strings"
	"testing"
)

// A fault in one of the engine's goroutines must come up in the caller's, where a batch goes on with its next area and a server with its next request.
func TestParallelPanicsInTheCaller(t *testing.T) {
	for _, threads := range []int{1, 4} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); v != "a fault at 70" {
					t.Errorf("with %d threads it comes as %s", threads, v)
				}
			}()
			parallel(100, threads, 1, func(i int) {
				if i == 70 {
					panic(fmt.Sprint("a fault at ", i))
				}
			})
			t.Errorf("with %d threads nothing comes", threads)
		}()
	}
	defer func() {
		if v := fmt.Sprintf("%+v", recover()); !strings.Contains(v, "TestParallelPanicsInTheCaller") {
			t.Errorf("it does not say where: %s", v)
		}
	}()
	parallel(100, 4, 1, func(int) { panic("a fault") })
}
