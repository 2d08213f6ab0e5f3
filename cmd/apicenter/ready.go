package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ready is what scripts learn from --ready-file: addresses, a token and the ids
// that exist. It holds a secret, so only its owner can read it.
type ready struct {
	Center         string `json:"center,omitempty"`
	Emulator       string `json:"emulator,omitempty"`
	Token          string `json:"token"` // bearer; good for both where both run
	ServiceID      string `json:"serviceId,omitempty"`
	APIMID         string `json:"apimId,omitempty"`
	LinkID         string `json:"linkId,omitempty"`
	SubscriptionID string `json:"subscriptionId,omitempty"`
	TenantID       string `json:"tenantId,omitempty"`
	CA             string `json:"ca,omitempty"`        // file with the authorities to trust, where both are self-signed
	Authority      string `json:"authority,omitempty"` // where tokens come from, in the form that az takes
}

// write lets the file appear whole or not at all.
func (r ready) write(path string) (err error) {
	if path == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("write the ready file: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the ready file: %w", err), os.Remove(f.Name()))
	}
	return nil
}
