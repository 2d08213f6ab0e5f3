package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// connections is how many clients ask at once.
const connections = 8

// request is one prepared read: its bytes, and a fact that the body must show.
type request struct {
	raw   []byte
	check func(body []byte) error
}

// load is what a run of reads found.
type load struct {
	wall     time.Duration
	count    int
	p50, p99 time.Duration
}

// run sends the requests over and over for a while, each of the connections
// beginning at a place of its own. The first wrong answer ends it.
//
// It writes prepared bytes and parses no more than it must: on two cores, a
// full client would be measured along with the server.
func run(address string, requests []request, during time.Duration) (load, error) {
	var (
		wg      sync.WaitGroup
		times   [connections][]time.Duration
		errs    [connections]error
		started = time.Now()
	)
	for k := range connections {
		wg.Go(func() {
			times[k], errs[k] = ask(address, requests, k*len(requests)/connections, started.Add(during))
		})
	}
	wg.Wait()
	wall := time.Since(started)
	if err := errors.Join(errs[:]...); err != nil {
		return load{}, err
	}
	all := slices.Concat(times[:]...)
	slices.Sort(all)
	return load{wall, len(all), all[len(all)/2], all[len(all)*99/100]}, nil
}

func ask(address string, requests []request, at int, until time.Time) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(until.Add(10 * time.Second)); err != nil {
		return nil, err
	}
	var times []time.Duration
	for a := (answer{in: bufio.NewReaderSize(conn, 64<<10)}); ; at++ {
		before := time.Now()
		if before.After(until) && len(times) > 0 {
			return times, nil
		}
		r := requests[at%len(requests)]
		if _, err := conn.Write(r.raw); err != nil {
			return nil, err
		}
		if err := a.read(); err != nil {
			return nil, fmt.Errorf("%.120q: %w", r.raw, err)
		}
		times = append(times, time.Since(before))
		err := r.check(a.body)
		if a.status != 200 {
			err = errors.New("not a 200")
		}
		if err != nil {
			return nil, fmt.Errorf("%.120q: %w: %d %.300q", r.raw, err, a.status, a.body)
		}
	}
}

// answer reads HTTP/1.1 answers from a connection that is kept alive, into one buffer.
type answer struct {
	in     *bufio.Reader
	status int
	body   []byte
}

func (a *answer) read() error {
	line, err := a.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return fmt.Errorf("status line %q", line)
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return err
	}
	length, chunked := 0, false
	for {
		if line, err = a.in.ReadSlice('\n'); err != nil {
			return err
		}
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch {
		case len(name) == 0:
			return a.readBody(length, chunked)
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func (a *answer) readBody(length int, chunked bool) error {
	a.body = a.body[:0]
	if !chunked {
		return a.take(length)
	}
	for {
		line, err := a.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return err
		}
		if err := a.take(int(size)); err != nil {
			return err
		}
		if _, err := a.in.Discard(len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

// take appends the next n bytes to the body.
func (a *answer) take(n int) error {
	have := len(a.body)
	a.body = slices.Grow(a.body, n)[:have+n]
	_, err := io.ReadFull(a.in, a.body[have:])
	return err
}
