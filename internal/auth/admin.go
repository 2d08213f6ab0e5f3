package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// AdminKeyFile is the name of the administrator's key in the data folder.
const AdminKeyFile = "admin.key"

// EnsureAdmin gives the administrator's token: that of DIR/admin.key, or a new
// one written there, readable by its owner only. Of several that start at once,
// all give the same. Whoever can read the file is the administrator.
func EnsureAdmin(dir string) (string, error) {
	path := filepath.Join(dir, AdminKeyFile)
	token, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	if err := createKey(dir, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("write the administrator's key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the administrator's key: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if !strings.HasPrefix(token, prefix) || len(token) < len(prefix)+32 {
		return "", fmt.Errorf("%s does not hold a key that begins with %q; delete it to have a new one made", path, prefix)
	}
	return token, nil
}

// createKey makes the file appear complete or not at all: a link to a finished
// file, which fails when another process was first.
func createKey(dir, path string) (err error) {
	f, err := os.CreateTemp(dir, AdminKeyFile+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(NewToken() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
