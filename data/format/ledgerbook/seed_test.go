package ledgerbook_test

import (
	"flag"
	"os"
	"testing"
)

// The generated cases are the same in every run, so that a change is judged by what it changes; other cases:
// go test -rapid.seed N.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.seed", "20260101"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
