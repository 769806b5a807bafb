package main

import (
	"crypto/tls"
	"errors"
	"log/slog"

	"cloudapi/internal/certificate"
)

// tlsFlags configure TLS.
type tlsFlags struct {
	TLSCert string `name:"tls-cert" help:"The PEM file with the TLS certificate and its chain. A renewed certificate is used without a restart."`
	TLSKey  string `name:"tls-key" help:"The PEM file with the key of the certificate."`
}

// config returns the TLS configuration, nil for plain HTTP.
func (f *tlsFlags) config(log *slog.Logger) (*tls.Config, error) {
	switch {
	case f.TLSCert == "" && f.TLSKey == "":
		return nil, nil
	case f.TLSCert == "":
		return nil, errors.New("--tls-key needs --tls-cert")
	case f.TLSKey == "":
		return nil, errors.New("--tls-cert needs --tls-key")
	}
	files, err := certificate.Open(f.TLSCert, f.TLSKey, log)
	if err != nil {
		return nil, err
	}
	return files.Config(), nil
}

func (f *tlsFlags) scheme() string {
	if f.TLSCert != "" {
		return "https"
	}
	return "http"
}
