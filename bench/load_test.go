package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAnswerReadsBothFraming(t *testing.T) {
	a := answer{in: bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX: y\r\n\r\nhello" +
		"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
		"HTTP/1.1 204 No Content\r\n\r\n"))}
	for _, want := range []struct {
		status int
		body   string
	}{{200, "hello"}, {404, "abcde"}, {204, ""}} {
		if err := a.read(); err != nil {
			t.Fatal(err)
		}
		if a.status != want.status || string(a.body) != want.body {
			t.Errorf("got %d %q, want %d %q", a.status, a.body, want.status, want.body)
		}
	}
}

func TestLoadAsksOverAndOverAndChecks(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat(r.URL.Path, 5000)) // long enough to come in chunks
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	one := func(path string, check func([]byte) error) []request {
		return []request{{[]byte("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"), check}}
	}

	l, err := run(address, one("/a", func([]byte) error { return nil }), 50*time.Millisecond)
	if err != nil || l.count < connections || l.p99 < l.p50 || l.wall < 50*time.Millisecond {
		t.Errorf("got %+v, %v", l, err)
	}
	wrong := errors.New("wrong body")
	if _, err := run(address, one("/a", func([]byte) error { return wrong }), time.Second); !errors.Is(err, wrong) {
		t.Errorf("a wrong body: got error %v", err)
	}
}
