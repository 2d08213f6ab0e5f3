package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"apicenter/internal/emulator"
)

// ready is what others need to use this emulator.
type ready struct {
	Emulator string `json:"emulator"`
	emulator.Target
	IdentityEndpoint string `json:"identityEndpoint"`
	IdentityHeader   string `json:"identityHeader"`
}

func readyOf(base string, t emulator.Target) ready {
	return ready{Emulator: base, Target: t, IdentityEndpoint: base + "/msi/token", IdentityHeader: "azemu"}
}

// writeReady lets the file appear at once and whole, for others wait for it.
func writeReady(path string, r ready) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(b, '\n'))
}

// writeFile writes beside the path and then moves the file there.
func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if _, err := f.Write(b); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
