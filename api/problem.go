package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"lifecircle/coverage"
)

// handlerFunc answers a request, or returns an error before having written anything.
type handlerFunc func(http.ResponseWriter, *http.Request) error

// handle is the one place where errors become answers.
func (s *server) handle(h handlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.writeProblem(w, r, err)
		}
	}
}

// httpError is an error of the protocol, for which the domain has no code.
type httpError struct {
	status     int
	text, hint coverage.Text
	field      string
}

func (e *httpError) Error() string { return http.StatusText(e.status) + ": " + e.text.En }

// refusal is an upload that was refused as a whole: the error and what the import report found.
type refusal struct {
	error
	report *coverage.ImportReport
}

func (e *refusal) Unwrap() error { return e.error }

// Problem is the body of every error (RFC 9457), with a domain error's parts as extension members.
type Problem struct {
	Type     string                 `json:"type"`  // urn:lifecircle:problem:CODE
	Title    string                 `json:"title"` // the same for every problem of the type
	TitleZh  string                 `json:"title_zh"`
	Status   int                    `json:"status"`
	Code     string                 `json:"code"`
	Detail   string                 `json:"detail,omitempty"` // what happened this time
	DetailZh string                 `json:"detail_zh,omitempty"`
	Hint     string                 `json:"hint,omitempty"` // what to do
	HintZh   string                 `json:"hint_zh,omitempty"`
	File     string                 `json:"file,omitempty"`
	Row      int                    `json:"row,omitempty"` // 1-based feature or row
	Field    string                 `json:"field,omitempty"`
	Report   *coverage.ImportReport `json:"report,omitempty"` // of a refused upload
}

// writeProblem answers with an error. What is our fault is logged, and told only as such.
func (s *server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status >= 500 && r.Context().Err() == context.Canceled {
		// Nobody listens any more, or the client closed its half of the line: that must not read as a 200.
		p = problemOf(&httpError{status: http.StatusBadRequest, text: coverage.Text{Zh: "请求中断", En: "the request was cut off"}})
	}
	if p.Status >= 500 {
		s.Logger.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", p.Status, "error", err)
	}
	h := w.Header()
	for _, name := range []string{"ETag", "Content-Length", "Content-Encoding", "Location"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	body, _ := marshal(p) // a struct of texts and numbers
	w.WriteHeader(p.Status)
	w.Write(body)
}

func problemOf(err error) Problem {
	var p Problem
	var report *refusal
	if errors.As(err, &report) {
		p.Report = report.report
	}
	var ours *httpError
	var domain *coverage.Error
	switch {
	case errors.As(err, &ours):
		p.Status, p.Code = ours.status, codeOfStatus(ours.status)
		p.Detail, p.DetailZh, p.Hint, p.HintZh = ours.text.En, ours.text.Zh, ours.hint.En, ours.hint.Zh
		p.Field = ours.field
	case errors.As(err, &domain) && domain.Code != coverage.Internal:
		p.Status, p.Code = statusOf(domain.Code), string(domain.Code)
		p.Detail, p.DetailZh, p.Hint, p.HintZh = domain.Text.En, domain.Text.Zh, domain.Hint.En, domain.Hint.Zh
		p.File, p.Row, p.Field = domain.File, domain.Row, domain.Field
	case errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Code = http.StatusServiceUnavailable, "timeout"
		p.Detail, p.DetailZh = "the answer took too long", "处理超时"
	default:
		p.Status, p.Code = http.StatusInternalServerError, string(coverage.Internal)
		p.Detail, p.DetailZh = "an error inside lifecircle; its log tells more", "程序内部错误，详见日志"
	}
	p.Type = "urn:lifecircle:problem:" + p.Code
	title := titleOf(p.Code, p.Status)
	p.Title, p.TitleZh = title.En, title.Zh
	return p
}

// statusOf maps a domain error to HTTP, in one place.
func statusOf(code coverage.Code) int {
	switch code {
	case coverage.Invalid:
		return http.StatusBadRequest
	case coverage.NotFound:
		return http.StatusNotFound
	case coverage.Conflict:
		return http.StatusConflict
	case coverage.Refused, coverage.Condition:
		return http.StatusUnprocessableEntity
	case coverage.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func codeOfStatus(status int) string {
	switch status {
	case http.StatusBadRequest:
		return string(coverage.Invalid)
	case http.StatusNotFound:
		return string(coverage.NotFound)
	case http.StatusInternalServerError:
		return string(coverage.Internal)
	}
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}

func titleOf(code string, status int) coverage.Text {
	switch code {
	case "invalid":
		return coverage.Text{Zh: "请求有误", En: "the request is wrong"}
	case "not_found":
		return coverage.Text{Zh: "未找到", En: "not found"}
	case "conflict":
		return coverage.Text{Zh: "已存在不同内容", En: "it exists with other content"}
	case "refused":
		return coverage.Text{Zh: "输入被拒绝，未写入任何内容", En: "the input is refused, nothing was written"}
	case "condition":
		return coverage.Text{Zh: "所设条件不成立", En: "a condition that was set does not hold"}
	case "unavailable", "timeout":
		return coverage.Text{Zh: "暂时不可用", En: "not available now"}
	case "internal":
		return coverage.Text{Zh: "内部错误", En: "internal error"}
	}
	switch status {
	case http.StatusForbidden:
		return coverage.Text{Zh: "不允许", En: "forbidden"}
	case http.StatusMethodNotAllowed:
		return coverage.Text{Zh: "不支持该方法", En: "method not allowed"}
	case http.StatusRequestEntityTooLarge:
		return coverage.Text{Zh: "内容过大", En: "the body is too large"}
	case http.StatusUnsupportedMediaType:
		return coverage.Text{Zh: "不支持的媒体类型", En: "media type not supported"}
	case http.StatusTooManyRequests:
		return coverage.Text{Zh: "请求过于频繁", En: "too many requests"}
	}
	return coverage.Text{En: http.StatusText(status), Zh: strconv.Itoa(status)}
}

func errNoSuchPage() error {
	return &httpError{
		status: http.StatusNotFound,
		text:   coverage.Text{Zh: "没有这个地址", En: "there is nothing at this address"},
		hint:   coverage.Text{Zh: "从 /projects 开始", En: "start at /projects"},
	}
}

// methodNotAllowed names the methods that the address has; OPTIONS is answered with them.
func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	path := chi.RouteContext(r.Context()).RoutePath
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if s.router.Match(chi.NewRouteContext(), method, path) {
			allowed = append(allowed, method)
			if method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
	}
	if len(allowed) == 0 {
		s.writeProblem(w, r, errNoSuchPage())
		return
	}
	w.Header().Set("Allow", strings.Join(append(allowed, http.MethodOptions), ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.writeProblem(w, r, &httpError{
		status: http.StatusMethodNotAllowed,
		text:   coverage.Text{Zh: "此地址不支持 " + r.Method, En: r.Method + " is not supported here"},
	})
}
