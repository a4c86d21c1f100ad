package api_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"lifecircle/api"
	"lifecircle/coverage"
)

// Stopping the server lets the request under way finish; an address that is taken is an error that names it.
func TestServe(t *testing.T) {
	started := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		time.Sleep(200 * time.Millisecond)
		io.WriteString(w, "done")
	})
	ctx, stop := context.WithCancel(t.Context())
	addr := make(chan string, 1)
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, "127.0.0.1:0", h, func(a string) { addr <- a }) }()
	at := <-addr
	answer := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + at + "/")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		answer <- string(body)
	}()
	<-started
	if err := api.Serve(t.Context(), at, h, nil); coverage.CodeOf(err) != coverage.Unavailable {
		t.Errorf("a taken address: %v", err)
	}
	stop()
	if got := <-answer; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("stopped: %v", err)
	}
	if _, err := http.Get("http://" + at + "/"); err == nil {
		t.Error("the server still answers")
	}
}
