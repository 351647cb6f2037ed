// Package mandate is the domain: every write of the product, one file a capability.
//
// An operation takes a command, opens one transaction, and in it locks the tenants concerned, decides by what is true
// under that lock, writes the change, one audit event and the mails that it promises, and commits. Nothing leaves before
// that. A rule of the business that is broken is an *Error, or Errors for several; Forbidden and Unauthenticated say
// that the viewer may not ask at all. What the program cannot help is any other error.
package mandate
