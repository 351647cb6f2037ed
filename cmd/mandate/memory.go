package main

import "os"

// Answers are much garbage and little that stays: what lives is a dozen megabytes, and collecting whenever as much again was
// made took a quarter of all processor time. ballast is memory that is never touched, and so never taken from the machine; the
// collector counts it as alive, and lets garbage grow by as much before it looks. Unlike a multiple of what lives, it does
// not grow with it.
var ballast []byte

const ballastSize = 32 << 20 // bytes

// holdBallast takes the ballast aboard, unless the operator set the collector by its own variables.
func holdBallast() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		ballast = make([]byte, ballastSize)
	}
}
