package mandate

import (
	"context"
	"fmt"
	"strconv"
	"unicode/utf8"

	"mandate/ent"
	"mandate/ent/member"
)

// mostHandle is how many characters a User ID has at most.
const mostHandle = 100

// freeHandle makes a User ID unique in a tenant by a number.
func (t *tx) freeHandle(ctx context.Context, tn *ent.Tenant, handle string) (string, error) {
	n, err := firstFree(func(n int) (bool, error) {
		taken, err := t.Member.Query().Where(member.TenantID(tn.ID), member.PresentHandle(SortName(numbered(handle, n)))).Exist(ctx)
		if err != nil {
			return false, fmt.Errorf("look for a User ID: %w", err)
		}
		return taken, nil
	})
	return numbered(handle, n), err
}

// numbered is the nth form of a User ID, cut where it would be too long.
func numbered(handle string, n int) string {
	if n < 2 {
		return handle
	}
	number := strconv.Itoa(n)
	for utf8.RuneCountInString(handle)+len(number) > mostHandle || utf8.RuneCountInString(SortName(handle))+len(number) > 2*mostHandle {
		_, size := utf8.DecodeLastRuneInString(handle)
		handle = handle[:len(handle)-size]
	}
	return handle + number
}

// firstFree finds a number from 1 on that is free, and the one before it taken, in few steps however many are taken.
func firstFree(taken func(int) (bool, error)) (int, error) {
	free := 1
	for {
		is, err := taken(free)
		if err != nil {
			return 0, err
		}
		if !is {
			break
		}
		free *= 2
	}
	for low := free / 2; free-low > 1; {
		middle := (low + free) / 2
		is, err := taken(middle)
		if err != nil {
			return 0, err
		}
		if is {
			low = middle
		} else {
			free = middle
		}
	}
	return free, nil
}
