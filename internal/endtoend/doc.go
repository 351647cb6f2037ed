// Package endtoend tests the program as people meet it: the real binary as a process of its own, on real databases, with
// a mail server, over HTTP and in a browser. It has nothing but tests.
package endtoend
