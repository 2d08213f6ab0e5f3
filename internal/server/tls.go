package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files of a certificate are looked at, at most.
const lookEvery = time.Second

// Certificate serves what two PEM files hold, the chain and its key, and what
// they hold after each change. While they do not fit together, the last good
// certificate stays.
func Certificate(certFile, keyFile string, log *slog.Logger) (*tls.Config, error) {
	f := &files{cert: certFile, key: keyFile, log: log}
	if err := f.load(f.stamps()); err != nil {
		return nil, err
	}
	return config(f.current), nil
}

// config is for HTTP/2 and HTTP/1.1 over TLS 1.2 or newer.
func config(certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate}
}

type files struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex // guards what follows
	looked time.Time
	seen   [2]stamp // of the files as they were tried last, good or not
	good   *tls.Certificate
}

// stamp tells one state of a file from the next.
type stamp struct {
	size     int64
	modified time.Time
}

func (f *files) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.looked) < lookEvery {
		return f.good, nil
	}
	f.looked = time.Now()
	if now := f.stamps(); now != f.seen {
		if err := f.load(now); err != nil {
			f.log.Error("the certificate's files have changed and cannot be used; the former one is served", "error", err)
		} else {
			f.log.Info("serving a new certificate", "file", f.cert)
		}
	}
	return f.good, nil
}

func (f *files) stamps() (out [2]stamp) {
	for i, name := range [...]string{f.cert, f.key} {
		if info, err := os.Stat(name); err == nil { // what is not there has no stamp, and does not load
			out[i] = stamp{info.Size(), info.ModTime()}
		}
	}
	return out
}

func (f *files) load(now [2]stamp) error {
	f.seen = now
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("read the certificate %s and its key %s: %w", f.cert, f.key, err)
	}
	f.good = &c
	return nil
}
