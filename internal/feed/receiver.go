package feed

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/outbound"
)

// unwanted is the code of a receiver's word that it wants no more.
const unwanted inventory.Code = "unwanted"

// refusal is an answer that is not 2xx.
type refusal struct {
	status int
	wait   time.Duration // for which the receiver asks to be left alone; 0: it does not say
}

func (r *refusal) Error() string {
	return fmt.Sprintf("the receiver answers %d, where 2xx is wanted", r.status)
}

// retryAfter is how long an answer asks to wait: a number of seconds, or a date.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// maxAnswer is how much of a receiver's answer is read.
const maxAnswer = 64 << 10

// receiver is who a webhook tells.
type receiver struct {
	client *http.Client
	hook   inventory.Webhook
	secret string
	origin string
	source string // path of the webhook
}

// agree asks the receiver whether it wants to be told, before it is told anything.
func (r receiver) agree(ctx context.Context) error {
	if r.hook.Handshake == inventory.HandshakeEventGrid {
		return r.agreeEventGrid(ctx)
	}
	_, header, err := r.send(ctx, http.MethodOptions, nil, http.Header{"Webhook-Request-Origin": {r.origin}})
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	if allowed := header.Get("Webhook-Allowed-Origin"); allowed != "*" && !strings.EqualFold(allowed, r.origin) {
		return fmt.Errorf("validation: the answer to OPTIONS does not allow this server: it wants the header WebHook-Allowed-Origin: %s, or *", r.origin)
	}
	return nil
}

// agreeEventGrid asks as Event Grid does: with a code that is to come back.
func (r receiver) agreeEventGrid(ctx context.Context) error {
	code := r.sign("validation", "", nil) // nobody else knows it, and it is the same each time
	body, err := json.Marshal([]any{map[string]any{
		"id": "validation", "topic": ARMID(service(r.source)), "subject": "", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
		"eventTime": time.Now().UTC(), "dataVersion": "1", "metadataVersion": "1", "data": map[string]string{"validationCode": code},
	}})
	if err != nil {
		return err
	}
	answer, _, err := r.send(ctx, http.MethodPost, body, http.Header{
		"Aeg-Event-Type": {"SubscriptionValidation"}, "Content-Type": {"application/json; charset=utf-8"},
	})
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	var said struct {
		ValidationResponse string `json:"validationResponse"`
	}
	if json.Unmarshal(answer, &said) != nil || said.ValidationResponse != code {
		return errors.New(`validation: the answer is not {"validationResponse": …} with the code of the event`)
	}
	return nil
}

// tell delivers a letter, signed after the Standard Webhooks.
func (r receiver) tell(ctx context.Context, l Letter) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	_, _, err = r.send(ctx, http.MethodPost, body, http.Header{
		"Content-Type": {"application/cloudevents+json; charset=utf-8"},
		"Webhook-Id":   {l.ID}, "Webhook-Timestamp": {at}, "Webhook-Signature": {"v1," + r.sign(l.ID, at, body)},
	})
	return err
}

// sign is the signature of a delivery, in base64.
func (r receiver) sign(id, at string, body []byte) string {
	_, secret, _ := strings.Cut(r.secret, "_")
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		key = []byte(r.secret)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// send asks the receiver, who must answer 2xx. What it says besides is told to
// nobody.
func (r receiver) send(ctx context.Context, method string, body []byte, header http.Header) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.hook.Address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, errors.New("the address cannot be parsed")
	}
	header.Set("User-Agent", "apicenter")
	req.Header = header
	answer, err := r.client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*outbound.Error](err); ok {
			return nil, nil, e
		}
		return nil, nil, errors.New("the receiver cannot be reached, or does not answer in time")
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch {
	case answer.StatusCode == http.StatusGone:
		return nil, nil, inventory.Errorf(unwanted, "", "the receiver answers 410 Gone: it wants no more")
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return nil, nil, &refusal{answer.StatusCode, retryAfter(answer.Header)}
	case err != nil:
		return nil, nil, errors.New("the receiver's answer breaks off")
	}
	return text, answer.Header, nil
}
