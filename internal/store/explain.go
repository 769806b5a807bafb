package store

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	lite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Explain returns for operators why the database cannot be used and what to do, "" if the fault's message is all there is.
func Explain(err error) string {
	text, _ := explain(err)
	return text
}

// Permanent reports whether an error is permanent: a wrong password, a database that does not exist, a file that cannot be
// opened.
func Permanent(err error) bool {
	_, permanent := explain(err)
	return permanent
}

func explain(err error) (text string, permanent bool) {
	if answer, ok := errors.AsType[*pq.Error](err); ok {
		return explainPostgres(answer)
	}
	if answer, ok := errors.AsType[*lite.Error](err); ok {
		return explainSQLite(answer.Code()), true
	}
	if errors.Is(err, pq.ErrSSLNotSupported) {
		return "The server does not use TLS, which is asked for unless the URL says otherwise: add ?sslmode=disable for a server on this machine, " +
			"?sslmode=prefer to use TLS where the server does, or set ssl = on in postgresql.conf.", true
	}
	if tlsError(err) {
		return "The certificate of the server cannot be verified: add ?sslrootcert=FILE with the authority that signed it, " +
			"or ?sslmode=require to use TLS without verification.", true
	}
	return explainNetwork(err), false
}

func explainPostgres(e *pq.Error) (text string, permanent bool) {
	switch e.Code {
	case pqerror.InvalidPassword:
		return "The server refuses the user or the password of the database URL.", true
	case pqerror.InvalidAuthorizationSpecification:
		return "The server does not accept this user from this machine: see pg_hba.conf.", true
	case pqerror.InvalidCatalogName:
		return "The server has no database of the name in the URL: create it (createdb), owned by the user of the URL.", true
	case pqerror.InsufficientPrivilege:
		return "The user of the database URL may not do that: it must own the database, or be allowed to create tables in it.", true
	case pqerror.TooManyConnections:
		return "The server has no connections left: raise max_connections there, or lower --max-conns here.", false
	case pqerror.CannotConnectNow:
		return "The server is starting or stopping.", false
	case pqerror.ReadOnlySQLTransaction:
		return "The server is a standby, or read-only.", false
	}
	return "", false
}

func explainSQLite(code int) string {
	switch code & 0xff {
	case lib.SQLITE_NOTADB:
		return "The file is not an SQLite database."
	case lib.SQLITE_CANTOPEN:
		return "The file cannot be opened: does its directory exist, and may this user write to it?"
	case lib.SQLITE_READONLY:
		return "This user may not write to the file or to its directory."
	case lib.SQLITE_CORRUPT:
		return "The file is damaged: restore a backup."
	case lib.SQLITE_FULL:
		return "The disk is full."
	}
	return ""
}

func tlsError(err error) bool {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	return authority || host || invalid || verification
}

func explainNetwork(err error) string {
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return "No host of the name " + e.Name + " is known."
	}
	e, ok := errors.AsType[*net.OpError](err)
	if !ok {
		return ""
	}
	where := ""
	if e.Addr != nil {
		where = " at " + e.Addr.String()
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "No server listens" + where + "."
	case errors.Is(err, syscall.ENOENT):
		return "There is no socket" + where + "."
	case errors.Is(err, os.ErrDeadlineExceeded), e.Timeout():
		return "Nothing answers" + where + "."
	}
	return ""
}

// Code returns the database's code of an error, "" for other errors. The database's message is only for the log.
func Code(err error) string {
	if answer, ok := errors.AsType[*pq.Error](err); ok {
		return "SQLSTATE " + string(answer.Code)
	}
	if answer, ok := errors.AsType[*lite.Error](err); ok {
		return "SQLite error " + strconv.Itoa(answer.Code())
	}
	return ""
}
