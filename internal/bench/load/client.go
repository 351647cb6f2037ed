package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Client is a connection to a server, kept for one operation after another. It writes requests itself and has no goroutines,
// for it shares the processors with what it measures. It is not safe for concurrent use.
type Client struct {
	conn    net.Conn
	in      *bufio.Reader
	host    string
	request []byte
	answer  bytes.Buffer
}

// answerLimit is how long an answer may take.
const answerLimit = 30 * time.Second

// Dial connects to a server. The caller closes the connection.
func Dial(ctx context.Context, address string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), host: address}, nil
}

// Close closes the connection.
func (c *Client) Close() { _ = c.conn.Close() }

// Ask posts an operation, and returns the body of the answer, which is good until the next call. token may be empty. Ask fails
// when the status is not 200, and when the body tells of errors.
func (c *Client) Ask(token string, body []byte) ([]byte, error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return nil, err
	}
	if err := c.post(token, body); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	c.answer.Reset()
	if _, err := c.answer.ReadFrom(response.Body); err != nil {
		return nil, err
	}
	answer := c.answer.Bytes()
	if response.StatusCode != http.StatusOK || faulty(answer) {
		return nil, fmt.Errorf("%s was answered with %s: %s", body, response.Status, answer)
	}
	return answer, nil
}

func (c *Client) post(token string, body []byte) error {
	r := append(c.request[:0], "POST /graphql HTTP/1.1\r\nHost: "...)
	r = append(r, c.host...)
	r = append(r, "\r\nContent-Type: application/json\r\nAccept: application/json\r\n"...)
	if token != "" {
		r = append(r, "Authorization: Bearer "...)
		r = append(r, token...)
		r = append(r, "\r\n"...)
	}
	r = append(r, "Content-Length: "...)
	r = strconv.AppendInt(r, int64(len(body)), 10)
	r = append(r, "\r\n\r\n"...)
	c.request = append(r, body...)
	_, err := c.conn.Write(c.request)
	return err
}

var (
	errorsKey     = []byte(`"errors":`)
	userErrorsKey = []byte(`"userErrors":`)
	none          = []byte(`[]`)
)

// faulty reports whether an answer has errors of either kind.
func faulty(answer []byte) bool {
	if bytes.Contains(answer, errorsKey) {
		return true
	}
	_, after, found := bytes.Cut(answer, userErrorsKey)
	return found && !bytes.HasPrefix(after, none)
}

// closeAll closes connections, those that are nil left out.
func closeAll(clients []*Client) {
	for _, c := range clients {
		if c != nil {
			c.Close()
		}
	}
}
