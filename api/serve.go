package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"lifecircle/coverage"
)

// How long a stopping server waits for requests under way before it cuts them off.
const shutdownGrace = 10 * time.Second

// Serve listens at addr (host:port, port 0 for any) and serves until ctx ends; ready, if not nil, is told the
// address once requests are accepted. Requests under way then have ten seconds to finish. It returns nil
// after a stop by ctx, and an Unavailable error if it cannot listen.
func Serve(ctx context.Context, addr string, h http.Handler, ready func(addr string)) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		e := coverage.Errorf(coverage.Unavailable, "无法在 %s 监听：%s", "cannot listen at %s: %s", addr, err)
		e.Hint = coverage.Text{Zh: "端口可能被占用，换一个 --addr", En: "the port may be taken: choose another --addr"}
		e.Err = err
		return e
	}
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // an upload over a slow line
		WriteTimeout:      6 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if ready != nil {
		ready(listener.Addr().String())
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	err = server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return err
}
