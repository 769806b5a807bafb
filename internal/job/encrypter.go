package job

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"sync"

	"cloudapi/ent"
	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
)

// keyName is the row of the key that servers share if none is configured.
const keyName = "jobs"

// Encrypter encrypts the secrets of jobs with AES-256-GCM, bound to the job's guid. If no key is configured, it creates one
// in the database. That protects logs and backups of single tables, but not against a reader of the whole database.
type Encrypter struct {
	Client *ent.Client
	// Key is the configured key, empty for none.
	Key secret.Text

	mu   sync.Mutex
	aead cipher.AEAD
	key  [sha256.Size]byte
}

// Prepare loads or creates the key, so that no transaction has to wait for it.
func (s *Encrypter) Prepare(ctx context.Context) error {
	_, err := s.cipher(ctx)
	return err
}

// Seal encrypts data for the job.
func (s *Encrypter) Seal(ctx context.Context, job, data []byte) ([]byte, error) {
	aead, err := s.cipher(ctx)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	return aead.Seal(nonce, nonce, data, job), nil
}

// Open decrypts the result of Seal for the same job.
func (s *Encrypter) Open(ctx context.Context, job, sealed []byte) ([]byte, error) {
	aead, err := s.cipher(ctx)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("what was sealed with the job is too short")
	}
	data, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], job)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the job was sealed with another key").Because(err)
	}
	return data, nil
}

// MAC returns a keyed hash of data. Each purpose has its own key.
func (s *Encrypter) MAC(ctx context.Context, purpose string, data []byte) ([]byte, error) {
	if _, err := s.cipher(ctx); err != nil {
		return nil, err
	}
	key, err := hkdf.Expand(sha256.New, s.key[:], purpose, sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write(data)
	return mac.Sum(nil), nil
}

func (s *Encrypter) cipher(ctx context.Context) (cipher.AEAD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aead != nil {
		return s.aead, nil
	}
	key := sha256.Sum256([]byte(s.Key.Reveal()))
	if s.Key.Reveal() == "" {
		shared, err := s.sharedKey(viewer.SystemContext(ent.NewTxContext(ctx, nil)))
		if err != nil {
			return nil, err
		}
		key = sha256.Sum256(shared)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	s.key = key
	s.aead, err = cipher.NewGCM(block)
	return s.aead, err
}

// sharedKey returns the key in the database; the first server creates it.
func (s *Encrypter) sharedKey(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, sha256.Size)
	_, _ = rand.Read(fresh)
	err := s.Client.ServerKey.Create().SetID(keyName).SetValue(fresh).
		OnConflictColumns("id").DoNothing().Exec(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	row, err := s.Client.ServerKey.Get(ctx, keyName)
	if err != nil {
		return nil, err
	}
	return row.Value, nil
}
