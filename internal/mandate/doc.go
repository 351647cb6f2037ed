// Package mandate is the domain: every write of the product, one file a capability.
//
// A partner invites a customer, or a customer a partner. The other side accepts, and a relationship connects the two:
// under a ceiling that the customer set, until either side ends it. The partner's administrators reach the customer
// through it; others of its people by an assignment. Everybody acts under their own name, and both sides can read who
// did what.
//
// An operation takes a command, opens one transaction, and in it locks the tenants concerned, decides by what is true
// under that lock, writes the change, one audit event and the mails that it promises, and commits. Nothing leaves before
// that. A rule of the business that is broken is an *Error, or Errors for several; ErrForbidden and ErrUnauthenticated
// say that the viewer may not ask at all. What the program cannot help is any other error.
//
// What always holds:
//
//   - A customer has one live relationship at most; a unique key in the database says so too.
//   - Consent takes PARTNERS MANAGE by a membership of one's own, in a session of one's own: inviting, accepting,
//     declining, widening, narrowing, suspending, ending and handing over for a tenant.
//   - Nobody gives what they do not hold, and nobody adds, assigns or raises themselves.
//   - A tenant that has had an administrator keeps an active one, until it is deleted.
//   - What a client sends again under a key of its own is not carried out again.
//   - What changes nothing is not written: the version stays, and there is no event.
//   - Whatever rests on a relationship ends with it, in the same transaction.
//   - What is past its end is over, whether that is recorded yet or not.
//   - What is out of the viewer's reach answers like what does not exist.
package mandate
