// Package oracle holds tests only: a second, slow and obvious reading of the rules of access, in plain Go maps, against which
// whole answers of the API are held, and the mails that follow them.
package oracle
