package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestLogIsDiscreetAboutErrors(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"text", "json"} {
		var b bytes.Buffer
		log, err := siteConfig{Log: form}.logger(terminal{err: &b}, slog.LevelInfo)
		if err != nil {
			t.Fatal(err)
		}
		log.Error("request failed", "error", fmt.Errorf("add a member: %w", &mysql.MySQLError{Number: 1062, Message: "Duplicate entry 'Kim Hale' for key 'members.x'"}))
		log.Warn("mail not sent", "error", "550 <kim@contoso.example>: no such user")
		log.Warn("mail not sent", "error", errors.New("550 kim@contoso.example: no such user"))
		for _, text := range []string{"kim", "Kim", "Hale"} {
			if strings.Contains(b.String(), text) {
				t.Errorf("the log holds %s:\n%s", text, b.String())
			}
		}
		for _, text := range []string{"add a member", "1062", "members.x", "no such user"} {
			if !strings.Contains(b.String(), text) {
				t.Errorf("the log lacks %s:\n%s", text, b.String())
			}
		}
	}
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	for level, lines := range map[string]int{"": 2, "debug": 4, "info": 3, "warn": 2, "error": 1} {
		var b bytes.Buffer
		log, err := siteConfig{LogLevel: level}.logger(terminal{err: &b}, slog.LevelWarn)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("1")
		log.Info("2")
		log.Warn("3")
		log.Error("4")
		if n := strings.Count(b.String(), "\n"); n != lines {
			t.Errorf("%q: %d lines", level, n)
		}
	}
}
